//! Assertions that were handed in as grants; the table is that of clients' assertions, whose sweep forgets them.

db::statements! {
    /// Takes note of an assertion, once: the second time is a replay.
    pub SPEND_GRANT = "INSERT INTO client_assertion (realm, hash, expires_at) VALUES ($1, $2, $3)";
}
