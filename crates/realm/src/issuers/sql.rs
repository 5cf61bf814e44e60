db::statements! {
    /// One trusted issuer.
    pub(crate) FIND_ISSUER = "SELECT id, document, version, created_at, updated_at FROM trusted_issuer WHERE realm = $1 AND id = $2";
    /// All trusted issuers of a realm.
    pub(crate) LIST_ISSUERS = "SELECT id, document, version, created_at, updated_at FROM trusted_issuer WHERE realm = $1 ORDER BY id";
    /// A new one.
    pub(crate) INSERT_ISSUER = "INSERT INTO trusted_issuer (realm, id, document, version, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $4)";
    /// Changes the one that has been read with this version.
    pub(crate) UPDATE_ISSUER = "UPDATE trusted_issuer SET document = $4, version = version + 1, updated_at = $5 WHERE realm = $1 AND id = $2 AND version = $3";
    /// Trusts it no longer.
    pub(crate) DELETE_ISSUER = "DELETE FROM trusted_issuer WHERE realm = $1 AND id = $2";
}
