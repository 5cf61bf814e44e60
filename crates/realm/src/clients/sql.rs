db::statements! {
    /// One client.
    pub(crate) FIND_CLIENT = "SELECT id, document, secret_hash, version, created_at, updated_at, sealed_secret FROM client WHERE realm = $1 AND id = $2";
    /// A page of clients in the order of their identifiers.
    pub(crate) LIST_CLIENTS = "SELECT id, document, secret_hash, version, created_at, updated_at, sealed_secret FROM client WHERE realm = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// A new client.
    pub(crate) INSERT_CLIENT = "INSERT INTO client (realm, id, document, secret_hash, version, created_at, updated_at, sealed_secret) VALUES ($1, $2, $3, $4, 1, $5, $5, $6)";
    /// Changes the client that has been read with this version.
    pub(crate) UPDATE_CLIENT = "UPDATE client SET document = $4, secret_hash = $5, version = version + 1, updated_at = $6, sealed_secret = $7 WHERE realm = $1 AND id = $2 AND version = $3";
    /// Removes a client.
    pub(crate) DELETE_CLIENT = "DELETE FROM client WHERE realm = $1 AND id = $2";
}
