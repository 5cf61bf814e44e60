db::statements! {
    /// A new token.
    pub(crate) INSERT_INITIAL_TOKEN = "INSERT INTO initial_access_token (realm, id, hash, name, uses_left, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Whether a token can be used.
    pub(crate) FIND_INITIAL_TOKEN = "SELECT id FROM initial_access_token WHERE realm = $1 AND hash = $2 AND uses_left > 0 AND expires_at > $3";
    /// Takes one use of a token that has one left.
    pub(crate) SPEND_INITIAL_TOKEN = "UPDATE initial_access_token SET uses_left = uses_left - 1 WHERE realm = $1 AND hash = $2 AND uses_left > 0 AND expires_at > $3";
    /// A page of tokens in the order of their identifiers.
    pub(crate) LIST_INITIAL_TOKENS = "SELECT id, name, uses_left, expires_at, created_at FROM initial_access_token WHERE realm = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// Takes a token back.
    pub(crate) DELETE_INITIAL_TOKEN = "DELETE FROM initial_access_token WHERE realm = $1 AND id = $2";
    /// Deletes what has expired.
    pub(crate) SWEEP_INITIAL_TOKENS = "DELETE FROM initial_access_token WHERE (realm, id) IN (SELECT realm, id FROM initial_access_token WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}
