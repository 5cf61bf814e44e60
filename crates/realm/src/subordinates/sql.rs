db::statements! {
    /// One subordinate.
    pub(crate) FIND_SUBORDINATE = "SELECT id, standing, statement, version, created_at, updated_at FROM subordinate WHERE realm = $1 AND id = $2";
    /// All of a realm, as they are looked for.
    pub(crate) LIST_STANDINGS = "SELECT id, standing FROM subordinate WHERE realm = $1 ORDER BY id";
    /// Which one there is.
    pub(crate) SUBORDINATE_VERSION = "SELECT version FROM subordinate WHERE realm = $1 AND id = $2";
    /// How many there are.
    pub(crate) COUNT_SUBORDINATES = "SELECT COUNT(*) FROM subordinate WHERE realm = $1";
    /// A new one.
    pub(crate) INSERT_SUBORDINATE = "INSERT INTO subordinate (realm, id, standing, statement, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)";
    /// Changes the one that has been read with this version.
    pub(crate) UPDATE_SUBORDINATE = "UPDATE subordinate SET standing = $4, statement = $5, version = version + 1, updated_at = $6 WHERE realm = $1 AND id = $2 AND version = $3";
    /// Vouches for it no longer.
    pub(crate) DELETE_SUBORDINATE = "DELETE FROM subordinate WHERE realm = $1 AND id = $2";
}
