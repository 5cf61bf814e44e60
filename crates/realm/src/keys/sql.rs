db::statements! {
    /// The published keys of a realm.
    pub(crate) LIST_KEYS = "SELECT kid, algorithm, generation, public_jwk, sealed_key, created_at, active_at, expires_at, certificates FROM signing_key WHERE realm = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY algorithm, generation";
    /// Keeps the certificates of a key: the guard is one row.
    pub(crate) SET_CERTIFICATES = "UPDATE signing_key SET certificates = $3 WHERE realm = $1 AND kid = $2";
    /// A new key. Of two nodes that make the same generation one breaks the key of the table.
    pub(crate) INSERT_KEY = "INSERT INTO signing_key (realm, kid, algorithm, generation, public_jwk, sealed_key, created_at, active_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)";
    /// Settles when the keys before it expire.
    pub(crate) EXPIRE_PREDECESSORS = "UPDATE signing_key SET expires_at = $4 WHERE realm = $1 AND algorithm = $2 AND generation < $3 AND (expires_at IS NULL OR expires_at > $4)";
    /// The youngest generation of an algorithm, expired or not.
    pub(crate) YOUNGEST_KEY = "SELECT generation FROM signing_key WHERE realm = $1 AND algorithm = $2 ORDER BY generation DESC LIMIT 1";
    /// Keys that may need a successor by now.
    pub(crate) KEYS_TO_LOOK_AT = "SELECT realm, algorithm FROM signing_key WHERE look_at <= $1 ORDER BY look_at LIMIT $2";
    /// Puts off looking at keys, until somebody knows better.
    pub(crate) LOOK_LATER = "UPDATE signing_key SET look_at = $4 WHERE realm = $1 AND algorithm = $2 AND look_at <= $3";
    /// Settles when to look at the keys of an algorithm again: at the youngest then, at those before it never.
    pub(crate) LOOK_AGAIN = "UPDATE signing_key SET look_at = CASE WHEN generation < $3 THEN 9223372036854775807 ELSE CAST($4 AS BIGINT) END WHERE realm = $1 AND algorithm = $2 AND generation <= $3";
    /// Has a realm's keys looked at soon: its schedule changed.
    pub(crate) LOOK_SOON = "UPDATE signing_key SET look_at = 0 WHERE realm = $1 AND look_at < 9223372036854775807";
    /// Keys that are no longer published.
    pub(crate) EXPIRED_KEYS = "SELECT realm, kid, algorithm FROM signing_key WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2";
    /// Keeps the public half of a federation key that has expired.
    pub(crate) REMEMBER_EXPIRED = "INSERT INTO federation_key_history (realm, kid, public_jwk, created_at, expired_at, compromised) SELECT realm, kid, public_jwk, created_at, expires_at, 0 FROM signing_key WHERE realm = $1 AND kid = $2 AND expires_at <= $3 ON CONFLICT (realm, kid) DO NOTHING";
    /// The same of those that are void from this moment on.
    pub(crate) REMEMBER_COMPROMISED = "INSERT INTO federation_key_history (realm, kid, public_jwk, created_at, expired_at, compromised) SELECT realm, kid, public_jwk, created_at, expires_at, 1 FROM signing_key WHERE realm = $1 AND algorithm = $2 AND expires_at = $3 ON CONFLICT (realm, kid) DO NOTHING";
    /// Federation keys that count no more.
    pub(crate) LIST_HISTORY = "SELECT public_jwk, created_at, expired_at, compromised FROM federation_key_history WHERE realm = $1 ORDER BY expired_at DESC, kid LIMIT $2";
    /// Forgets one.
    pub(crate) DELETE_EXPIRED_KEY = "DELETE FROM signing_key WHERE realm = $1 AND kid = $2 AND expires_at <= $3";
}
