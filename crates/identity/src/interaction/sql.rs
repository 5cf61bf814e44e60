//! Statements about interactions too large for a URL.

db::statements! {
    /// Stores one.
    pub INSERT_INTERACTION = "INSERT INTO interaction (realm, hash, document, expires_at) VALUES ($1, $2, $3, $4)";
    /// Reads one.
    pub FIND_INTERACTION = "SELECT document FROM interaction WHERE realm = $1 AND hash = $2";
    /// Deletes those that have expired, at most so many.
    pub SWEEP_INTERACTIONS = "DELETE FROM interaction WHERE (realm, hash) IN (SELECT realm, hash FROM interaction WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}
