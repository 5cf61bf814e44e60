//! The rows of which clients a session was used at.

db::statements! {
    /// Remembers that a session was used at a client, until the session cannot go on any longer. A row that is there is left alone, unless the session began anew or
    /// the client is another one by now (`$8` is when it was made).
    pub REMEMBER_CLIENT = "INSERT INTO session_client (realm, session, client, person, front, at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (realm, session, client) DO UPDATE SET front = excluded.front, at = excluded.at, expires_at = excluded.expires_at
        WHERE session_client.expires_at < excluded.expires_at OR session_client.front <> excluded.front OR session_client.at < $8";
    /// Remembers all clients of a session for longer.
    pub KEEP_CLIENTS = "UPDATE session_client SET expires_at = $3 WHERE realm = $1 AND session = $2 AND expires_at < $3";
    /// Whether anything is left of a session: a client to be told, or a grant that ends with it.
    pub LEFT_OF_SESSION = "SELECT client FROM session_client WHERE realm = $1 AND session = $2
        UNION ALL SELECT client FROM refresh_family WHERE realm = $1 AND session = $2 AND offline = 0 AND revoked_at IS NULL LIMIT 1";
    /// The clients of a session, so many at most.
    pub CLIENTS_OF_SESSION = "SELECT session, client, person, at FROM session_client WHERE realm = $1 AND session = $2 ORDER BY client LIMIT $3";
    /// The clients of a person's sessions until then, so many at most.
    pub CLIENTS_OF_PERSON = "SELECT session, client, person, at FROM session_client WHERE realm = $1 AND person = $2 AND at <= $3 ORDER BY at LIMIT $4";
    /// The clients of a session that are told in a frame of the browser, so many at most.
    pub FRAMES_OF_SESSION = "SELECT client, at FROM session_client WHERE realm = $1 AND session = $2 AND front = 1 ORDER BY at DESC, client LIMIT $3";
    /// Takes a row, once: the guard is one row.
    pub FORGET_CLIENT = "DELETE FROM session_client WHERE realm = $1 AND session = $2 AND client = $3";
    /// Deletes what is remembered of sessions that cannot go on any longer.
    pub SWEEP_CLIENTS = "DELETE FROM session_client WHERE (realm, session, client) IN
        (SELECT realm, session, client FROM session_client WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}
