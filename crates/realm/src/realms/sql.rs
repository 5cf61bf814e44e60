db::statements! {
    /// One realm.
    pub(crate) FIND_REALM = "SELECT name, issuer, settings, sealed_root, version, created_at FROM realm WHERE name = $1";
    /// A page of realms in the order of their names.
    pub(crate) LIST_REALMS = "SELECT name, issuer, settings, sealed_root, version, created_at FROM realm WHERE name > $1 ORDER BY name LIMIT $2";
    /// A new realm.
    pub(crate) INSERT_REALM = "INSERT INTO realm (name, issuer, settings, sealed_root, version, created_at) VALUES ($1, $2, $3, $4, 1, $5)";
    /// Changes the settings of the realm that has been read with this version.
    pub(crate) UPDATE_SETTINGS = "UPDATE realm SET settings = $3, version = version + 1 WHERE name = $1 AND version = $2";
    /// Changes the issuer.
    pub(crate) UPDATE_ISSUER = "UPDATE realm SET issuer = $3, version = version + 1 WHERE name = $1 AND issuer = $2";
    /// Seals the root secret with another key.
    pub(crate) RESEAL = "UPDATE realm SET sealed_root = $3 WHERE name = $1 AND sealed_root = $2";
}
