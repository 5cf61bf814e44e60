-- Streams of security events to other systems (OpenID Shared Signals Framework 1.0).
CREATE TABLE signal_stream (
  realm TEXT NOT NULL,
  id TEXT NOT NULL,
  -- the receiver
  client TEXT NOT NULL,
  -- 0, 1, …: so that a client has only so many
  slot BIGINT NOT NULL,
  -- enabled, paused, disabled
  status TEXT NOT NULL,
  reason TEXT,
  description TEXT,
  -- the types that were asked for, as JSON; null when it was not said
  events TEXT,
  -- urn:ietf:rfc:8935 (push), urn:ietf:rfc:8936 (poll)
  method TEXT NOT NULL,
  endpoint_url TEXT,
  -- sealed: what the receiver wants to be shown at each push
  authorization_header TEXT,
  created_at BIGINT NOT NULL,
  -- when its verification was asked for last; 0: never
  verified_at BIGINT NOT NULL,
  -- when the next push is due; 0: nothing is to be pushed
  push_at BIGINT NOT NULL,
  -- since when pushes fail, 0: they do not, and how often they did
  failing_since BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (realm, id),
  UNIQUE (realm, client, slot)
);

-- Whom a receiver added to a stream, or removed from it.
CREATE TABLE signal_subject (
  realm TEXT NOT NULL,
  stream TEXT NOT NULL,
  -- a MAC of the subject
  hash TEXT NOT NULL,
  -- a MAC of its user, or of what it names instead
  user_hash TEXT NOT NULL,
  -- the subject (RFC 9493)
  document TEXT NOT NULL,
  wanted BIGINT NOT NULL,
  PRIMARY KEY (realm, stream, hash)
);
CREATE INDEX signal_subject_user ON signal_subject (realm, stream, user_hash);

-- Events that a receiver does not have yet.
CREATE TABLE signal (
  realm TEXT NOT NULL,
  stream TEXT NOT NULL,
  jti TEXT NOT NULL,
  -- whether it is about the stream itself, and goes out also while the stream is paused
  control BIGINT NOT NULL,
  -- sub_id, txn and events of the token
  claims TEXT NOT NULL,
  at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (realm, stream, jti)
);
CREATE INDEX signal_at ON signal (realm, stream, at, jti);
CREATE INDEX signal_expires_at ON signal (expires_at);
