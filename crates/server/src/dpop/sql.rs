//! The rows of used proofs.

db::statements! {
    /// Takes note of a proof, once: the second time is a replay.
    pub SPEND_PROOF = "INSERT INTO dpop_proof (realm, hash, expires_at) VALUES ($1, $2, $3)";
    /// Deletes proofs that are too old to be presented again.
    pub SWEEP_PROOFS = "DELETE FROM dpop_proof WHERE (realm, hash) IN
        (SELECT realm, hash FROM dpop_proof WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}
