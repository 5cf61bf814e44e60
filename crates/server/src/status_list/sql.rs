//! The rows of status lists and of what was issued.

db::statements! {
    /// The list in which places are given now: the oldest one that is open.
    pub OPEN_STATUS_LIST = "SELECT id, closes_at FROM status_list WHERE realm = $1 AND alg = $2 AND bits = $3 AND taken <= $4 AND closes_at > $5 ORDER BY id LIMIT 1";
    /// Which of these places are given.
    pub TAKEN_PLACES = "SELECT idx FROM credential_status WHERE realm = $1 AND list = $2 AND idx IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
        $17, $18)";
    /// A new list.
    pub INSERT_STATUS_LIST = "INSERT INTO status_list (realm, id, alg, bits, taken, closes_at, keep_until) VALUES ($1, $2, $3, $4, 0, $5, $5)";
    /// Counts places that are given, unless the list is full or closed by now, or the grant or the person was revoked since the access token was issued: the guard
    /// is one row.
    pub COUNT_PLACES = "UPDATE status_list SET taken = taken + $3, keep_until = CASE WHEN keep_until < $4 THEN $4 ELSE keep_until END
        WHERE realm = $1 AND id = $2 AND taken + $3 <= $5 AND closes_at > $6 AND NOT EXISTS (SELECT 1 FROM revocation WHERE revocation.realm = $1
        AND revocation.id IN ($7, $8) AND (revocation.id = $7 OR revocation.revoked_at >= $9))";
    /// Gives a place; one that another request was faster to give breaks the table's key.
    pub GIVE_PLACE = "INSERT INTO credential_status (realm, list, idx, status, credential, person, client, with_person, issued_at, expires_at, keep_until)
        VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10)";
    /// A list.
    pub FIND_STATUS_LIST = "SELECT alg, bits FROM status_list WHERE realm = $1 AND id = $2";
    /// What of a list is not valid.
    pub SAID_OF_LIST = "SELECT idx, status FROM credential_status WHERE realm = $1 AND list = $2 AND status <> 0";
    /// The names of all lists.
    pub LIST_STATUS_LISTS = "SELECT id FROM status_list WHERE realm = $1 ORDER BY id LIMIT $2";
    /// What was issued, by its place.
    pub FIND_ISSUED = "SELECT s.list, s.idx, s.status, s.credential, s.person, s.client, s.issued_at, s.expires_at, l.bits FROM credential_status s
        JOIN status_list l ON l.realm = s.realm AND l.id = s.list WHERE s.realm = $1 AND s.list = $2 AND s.idx = $3 AND s.expires_at > $4";
    /// What was issued and has not expired, after this place.
    pub LIST_ISSUED = "SELECT s.list, s.idx, s.status, s.credential, s.person, s.client, s.issued_at, s.expires_at, l.bits FROM credential_status s
        JOIN status_list l ON l.realm = s.realm AND l.id = s.list WHERE s.realm = $1 AND (s.list, s.idx) > ($2, $3) AND s.expires_at > $4
        ORDER BY s.list, s.idx LIMIT $5";
    /// The same of one person.
    pub LIST_ISSUED_TO = "SELECT s.list, s.idx, s.status, s.credential, s.person, s.client, s.issued_at, s.expires_at, l.bits FROM credential_status s
        JOIN status_list l ON l.realm = s.realm AND l.id = s.list WHERE s.realm = $1 AND s.person = $6 AND (s.list, s.idx) > ($2, $3) AND s.expires_at > $4
        ORDER BY s.list, s.idx LIMIT $5";
    /// Of one person, what ends with the account and has not ended.
    pub ENDS_WITH_PERSON = "SELECT s.list, s.idx, s.status, s.credential, s.person, s.client, s.issued_at, s.expires_at, l.bits FROM credential_status s
        JOIN status_list l ON l.realm = s.realm AND l.id = s.list WHERE s.realm = $1 AND s.person = $2 AND s.with_person = 1 AND s.status <> 1 AND s.expires_at > $3
        LIMIT $4";
    /// Says something else of what was issued, unless that was done since it was read: the guard is one row.
    pub SET_STATUS = "UPDATE credential_status SET status = $5 WHERE realm = $1 AND list = $2 AND idx = $3 AND status = $4";
    /// Deletes what has expired, once its place is not given again.
    pub SWEEP_ISSUED = "DELETE FROM credential_status WHERE (realm, list, idx) IN
        (SELECT realm, list, idx FROM credential_status WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2)";
    /// Deletes lists of which everything has expired.
    pub SWEEP_STATUS_LISTS = "DELETE FROM status_list WHERE (realm, id) IN
        (SELECT realm, id FROM status_list WHERE keep_until <= $1 ORDER BY keep_until LIMIT $2)";
}
