//! The rows of messages about credentials.

db::statements! {
    /// Remembers what a wallet said of a credential; nothing when it said so before: the guard is one row.
    pub HEAR_NOTIFICATION = "INSERT INTO credential_notification (realm, id, event, keep_until) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    /// Deletes what nobody can say again.
    pub SWEEP_NOTIFICATIONS = "DELETE FROM credential_notification WHERE (realm, id, event) IN
        (SELECT realm, id, event FROM credential_notification WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2)";
}
