db::statements! {
    /// A message, in the batch of what it tells of.
    pub(crate) ENQUEUE = "INSERT INTO outbox (realm, id, kind, payload, due_at, attempts, lease_owner, lease_until, created_at, receiver) VALUES ($1, $2, $3, $4, $5, 0, NULL, 0, $6, $7)";
    /// Messages of a kind that are due and that nobody holds, but for those of a realm and of receivers that are full.
    pub(crate) DUE_MESSAGES = "SELECT realm, id, receiver FROM outbox WHERE kind = $1 AND due_at <= $2 AND lease_until <= $2 AND realm <> $4
        AND realm || '/' || receiver NOT IN (
        $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35) ORDER BY due_at, id LIMIT $3";
    /// Takes the lease, unless another node has.
    pub(crate) TAKE_LEASE = "UPDATE outbox SET lease_owner = $3, lease_until = $4, attempts = attempts + 1 WHERE realm = $1 AND id = $2 AND lease_until <= $5 AND due_at <= $5 RETURNING kind, payload, attempts";
    /// Delivered, or given up.
    pub(crate) DELETE_MESSAGE = "DELETE FROM outbox WHERE realm = $1 AND id = $2 AND lease_owner = $3";
    /// Nobody is left whom it could concern.
    pub(crate) DISCARD_MESSAGE = "DELETE FROM outbox WHERE realm = $1 AND id = $2";
    /// Failed: to be tried again later.
    pub(crate) RETRY_MESSAGE = "UPDATE outbox SET due_at = $4, lease_owner = NULL, lease_until = 0 WHERE realm = $1 AND id = $2 AND lease_owner = $3";
}
