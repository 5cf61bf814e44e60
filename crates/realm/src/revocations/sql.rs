db::statements! {
    /// Revokes, from the later moment when it had been revoked before.
    pub(crate) REVOKE = "INSERT INTO revocation (realm, id, revoked_at, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (realm, id) DO UPDATE SET revoked_at = excluded.revoked_at, expires_at = excluded.expires_at WHERE excluded.revoked_at > revocation.revoked_at";
    /// One revocation.
    pub(crate) FIND_REVOCATION = "SELECT revoked_at, expires_at FROM revocation WHERE realm = $1 AND id = $2";
    /// A page of those that have not expired.
    pub(crate) LIST_REVOCATIONS = "SELECT id, revoked_at, expires_at FROM revocation WHERE realm = $1 AND id > $2 AND expires_at > $3 ORDER BY id LIMIT $4";
    /// Deletes what no token can need any more.
    pub(crate) SWEEP_REVOCATIONS = "DELETE FROM revocation WHERE (realm, id) IN (SELECT realm, id FROM revocation WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}
