//! Assertions that have been used.

db::statements! {
    /// Takes note of an assertion, once: the second time is a replay.
    pub SPEND_ASSERTION = "INSERT INTO client_assertion (realm, hash, expires_at) VALUES ($1, $2, $3)";
    /// Forgets assertions that have expired.
    pub SWEEP_ASSERTIONS = "DELETE FROM client_assertion WHERE (realm, hash) IN
        (SELECT realm, hash FROM client_assertion WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}
