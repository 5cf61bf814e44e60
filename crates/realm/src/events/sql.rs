db::statements! {
    /// Writes an event.
    pub(crate) INSERT_EVENT = "INSERT INTO event (realm, id, at, kind, actor, person, client, address, detail, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// Deletes events that were kept for their time.
    pub(crate) SWEEP_EVENTS = "DELETE FROM event WHERE (realm, id) IN (SELECT realm, id FROM event WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    /// A page of events, the newest first.
    pub(crate) LIST_EVENTS = "SELECT id, at, kind, actor, person, client, address, detail FROM event WHERE realm = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
}
