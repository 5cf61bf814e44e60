db::statements! {
    /// How many changes there have been.
    pub(crate) LAST_CHANGE = "SELECT sequence FROM change_counter WHERE id = 1";
    /// When the latest change after this time was made, by the clock of whoever made it.
    pub(crate) LATEST_CHANGE = "SELECT at FROM change_log WHERE at > $1 ORDER BY at DESC LIMIT 1";
    /// The changes after one of them, in order.
    pub(crate) CHANGES_AFTER = "SELECT sequence, realm, kind, id, at FROM change_log WHERE sequence > $1 ORDER BY sequence LIMIT 500";
    /// Counts one more.
    pub(crate) COUNT_CHANGE = "UPDATE change_counter SET sequence = sequence + 1 WHERE id = 1";
    /// Writes it down under the number just counted.
    pub(crate) INSERT_CHANGE = "INSERT INTO change_log (sequence, realm, kind, id, at) SELECT sequence, $1, $2, $3, CAST($4 AS BIGINT) FROM change_counter WHERE id = 1";
    /// Forgets changes that every living node has heard of for an hour.
    pub(crate) SWEEP_CHANGES = "DELETE FROM change_log WHERE sequence IN (SELECT sequence FROM change_log WHERE at <= $1 - 3600 ORDER BY at LIMIT $2)";
}
