//! Statements about people. The columns of [`FIND`], [`FIND_BY_KEY`], [`LIST`] and the session's join stand in the order that
//! `super::from_row` reads.

db::statements! {
    /// A person by id.
    pub FIND_PERSON = "SELECT id, username, email, email_verified, display_name, groups, profile, disabled, signed_out_at, version, created_at, updated_at \
        FROM person WHERE realm = $1 AND id = $2";
    /// A person by folded user name, with the password's hash.
    pub FIND_PERSON_BY_USERNAME = "SELECT id, username, email, email_verified, display_name, groups, profile, disabled, signed_out_at, version, created_at, updated_at, \
        password_hash FROM person WHERE realm = $1 AND username_key = $2";
    /// People with a proven e-mail address, two at most: one that several have names nobody.
    pub FIND_PEOPLE_BY_EMAIL = "SELECT id, username, email, email_verified, display_name, groups, profile, disabled, signed_out_at, version, created_at, updated_at \
        FROM person WHERE realm = $1 AND email_key = $2 AND email_verified = 1 LIMIT 2";
    /// People whose folded user name comes after one, in that order.
    pub LIST_PEOPLE = "SELECT id, username, email, email_verified, display_name, groups, profile, disabled, signed_out_at, version, created_at, updated_at, \
        username_key FROM person WHERE realm = $1 AND username_key > $2 ORDER BY username_key LIMIT $3";
    /// A new person.
    pub INSERT_PERSON = "INSERT INTO person (realm, id, username, username_key, email, email_key, email_verified, display_name, groups, profile, \
        password_hash, disabled, signed_out_at, version, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, 1, $12, $12)";
    /// A person's details, if nobody changed them since.
    pub UPDATE_PERSON = "UPDATE person SET username = $4, username_key = $5, email = $6, email_key = $7, email_verified = $8, display_name = $9, \
        groups = $10, profile = $11, updated_at = $12, version = version + 1 WHERE realm = $1 AND id = $2 AND version = $3";
    /// Whether a person has a password.
    pub HAS_PASSWORD = "SELECT CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END FROM person WHERE realm = $1 AND id = $2";
    /// A person's password.
    pub UPDATE_PASSWORD = "UPDATE person SET password_hash = $3, updated_at = $4, version = version + 1 WHERE realm = $1 AND id = $2";
    /// Forbids a person to sign in and ends their sessions.
    pub DISABLE_PERSON = "UPDATE person SET disabled = 1, signed_out_at = $3, updated_at = $3, version = version + 1 WHERE realm = $1 AND id = $2";
    /// Lets a person sign in again.
    pub ENABLE_PERSON = "UPDATE person SET disabled = 0, updated_at = $3, version = version + 1 WHERE realm = $1 AND id = $2";
    /// Ends whatever sessions a person has.
    pub SIGN_OUT_PERSON = "UPDATE person SET signed_out_at = $3, version = version + 1 WHERE realm = $1 AND id = $2";
    /// Holds the person still while a session begins, and takes over a new hash of the same password.
    pub SIGN_IN_PERSON = "UPDATE person SET password_hash = COALESCE($4, password_hash) WHERE realm = $1 AND id = $2 AND version = $3 AND disabled = 0";
    /// Deletes a person.
    pub DELETE_PERSON = "DELETE FROM person WHERE realm = $1 AND id = $2";
    /// Deletes the rows of all of a person's sessions.
    pub DELETE_SESSIONS_OF_PERSON = "DELETE FROM session WHERE realm = $1 AND person = $2";
}
