//! Statements about sessions.

db::statements! {
    /// A session with its person in one read; the person's columns come first, in the order of `people::from_row`.
    pub FIND_SESSION = "SELECT p.id, p.username, p.email, p.email_verified, p.display_name, p.groups, p.profile, p.disabled, p.signed_out_at, p.version, \
        p.created_at, p.updated_at, s.id, s.auth_time, s.amr, s.created_at, s.last_seen_at, s.expires_at, s.hash \
        FROM session s JOIN person p ON p.realm = s.realm AND p.id = s.person WHERE s.realm = $1 AND s.hash = $2";
    /// A session by its id, for what refers to it by `sid`.
    pub FIND_SESSION_BY_ID = "SELECT p.id, p.username, p.email, p.email_verified, p.display_name, p.groups, p.profile, p.disabled, p.signed_out_at, p.version, \
        p.created_at, p.updated_at, s.id, s.auth_time, s.amr, s.created_at, s.last_seen_at, s.expires_at, s.hash \
        FROM session s JOIN person p ON p.realm = s.realm AND p.id = s.person WHERE s.realm = $1 AND s.id = $2";
    /// A person's sessions, newest first.
    pub LIST_SESSIONS = "SELECT id, person, auth_time, amr, created_at, last_seen_at, expires_at, hash \
        FROM session WHERE realm = $1 AND person = $2 ORDER BY created_at DESC, id DESC LIMIT $3";
    /// A new session.
    pub INSERT_SESSION = "INSERT INTO session (realm, hash, id, person, auth_time, amr, acr, created_at, last_seen_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)";
    /// A session was seen.
    pub TOUCH_SESSION = "UPDATE session SET last_seen_at = $3, expires_at = $4 WHERE realm = $1 AND id = $2 AND last_seen_at < $3";
    /// Ends a session.
    pub DELETE_SESSION = "DELETE FROM session WHERE realm = $1 AND id = $2";
    /// Takes a session's place: a sign-in by the same person goes on under the same id and another cookie.
    pub REPLACE_SESSION = "DELETE FROM session WHERE realm = $1 AND id = $2 AND hash = $3";
    /// Deletes sessions that have ended, at most so many.
    pub SWEEP_SESSIONS = "DELETE FROM session WHERE (realm, hash) IN (SELECT realm, hash FROM session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}
