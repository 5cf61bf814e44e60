//! The rows of streams, of whom they are about, and of events that were not received yet.

db::statements! {
    /// A stream.
    pub FIND_STREAM = "SELECT id, client, slot, status, reason, description, events, method, endpoint_url, authorization_header, created_at, verified_at,
        push_at, failing_since, failures, version, active_at FROM signal_stream WHERE realm = $1 AND id = $2";
    /// The streams of a receiver.
    pub STREAMS_OF_CLIENT = "SELECT id, client, slot, status, reason, description, events, method, endpoint_url, authorization_header, created_at, verified_at,
        push_at, failing_since, failures, version, active_at FROM signal_stream WHERE realm = $1 AND client = $2 ORDER BY slot";
    /// Streams by their identifiers, after this one, so many at most.
    pub LIST_STREAMS = "SELECT id, client, slot, status, reason, description, events, method, endpoint_url, authorization_header, created_at, verified_at,
        push_at, failing_since, failures, version, active_at FROM signal_stream WHERE realm = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// A new stream; a slot that is taken is a broken constraint.
    pub INSERT_STREAM = "INSERT INTO signal_stream (realm, id, client, slot, status, reason, description, events, method, endpoint_url, authorization_header,
        created_at, verified_at, push_at, failing_since, failures, version, active_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, 0, 0, 1, $12)";
    /// Writes a stream as it was changed, unless it was changed since it was read: the guard is one row.
    pub SAVE_STREAM = "UPDATE signal_stream SET status = $4, reason = $5, description = $6, events = $7, method = $8, endpoint_url = $9,
        authorization_header = $10, verified_at = $11, push_at = $12, failing_since = $13, failures = $14, version = version + 1
        WHERE realm = $1 AND id = $2 AND version = $3";
    /// The receiver of a stream was heard of.
    pub TOUCH_STREAM = "UPDATE signal_stream SET active_at = $3 WHERE realm = $1 AND id = $2 AND active_at < $3";
    /// Says that there is more to be pushed, and when, unless that was said otherwise since the stream was read: the guard is one row.
    pub QUEUE_PUSH = "UPDATE signal_stream SET push_at = $4, version = version + 1 WHERE realm = $1 AND id = $2 AND push_at = $3 AND status <> 'disabled'";
    /// Deletes a stream: the guard is one row.
    pub DELETE_STREAM = "DELETE FROM signal_stream WHERE realm = $1 AND id = $2";
    /// Deletes the streams of a client that was there until then.
    pub STREAMS_OF_DELETED_CLIENT = "SELECT id FROM signal_stream WHERE realm = $1 AND client = $2 AND created_at <= $3";
    /// Adds a subject to a stream, or removes it.
    pub SET_SUBJECT = "INSERT INTO signal_subject (realm, stream, hash, user_hash, document, wanted) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (realm, stream, hash) DO UPDATE SET wanted = excluded.wanted";
    /// Forgets a subject.
    pub FORGET_SUBJECT = "DELETE FROM signal_subject WHERE realm = $1 AND stream = $2 AND hash = $3";
    /// How many subjects a stream has.
    pub COUNT_SUBJECTS = "SELECT COUNT(*) FROM signal_subject WHERE realm = $1 AND stream = $2";
    /// What was said of subjects with one of these users, so many at most.
    pub SUBJECTS_OF_USER = "SELECT document, wanted FROM signal_subject WHERE realm = $1 AND stream = $2 AND user_hash IN ($3, $4, $5, $6) LIMIT $7";
    /// Forgets the subjects of a stream.
    pub FORGET_SUBJECTS = "DELETE FROM signal_subject WHERE realm = $1 AND stream = $2";
    /// An event for a stream, once.
    pub INSERT_SIGNAL = "INSERT INTO signal (realm, stream, jti, control, claims, at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (realm, stream, jti) DO NOTHING";
    /// The oldest events of a stream, so many at most; while it is paused (`$3` is 1) those about the stream itself.
    pub OLDEST_SIGNALS = "SELECT jti, claims, at FROM signal WHERE realm = $1 AND stream = $2 AND control >= $3 AND expires_at > $4 ORDER BY at, jti LIMIT $5";
    /// How many events wait.
    pub COUNT_SIGNALS = "SELECT COUNT(*) FROM signal WHERE realm = $1 AND stream = $2";
    /// An event was received, or will never be.
    pub DELETE_SIGNAL = "DELETE FROM signal WHERE realm = $1 AND stream = $2 AND jti = $3";
    /// Deletes the events of a stream; those about the stream itself stay (`$3` is 0) or go, too (1).
    pub DELETE_SIGNALS = "DELETE FROM signal WHERE realm = $1 AND stream = $2 AND control <= $3";
    /// Deletes the oldest events of a stream beyond so many.
    pub TRIM_SIGNALS = "DELETE FROM signal WHERE (realm, stream, jti) IN
        (SELECT realm, stream, jti FROM signal WHERE realm = $1 AND stream = $2 ORDER BY at DESC, jti DESC LIMIT 100 OFFSET $3)";
    /// Deletes events that nobody fetched.
    pub SWEEP_SIGNALS = "DELETE FROM signal WHERE (realm, stream, jti) IN
        (SELECT realm, stream, jti FROM signal WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
}
