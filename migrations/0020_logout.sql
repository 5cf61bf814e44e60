-- At which clients a session was used, of those that want to hear when it ends (OpenID Connect Back-Channel Logout, Front-Channel Logout). A row goes when it
-- becomes a notice in the outbox, or when the session could not go on any longer.
CREATE TABLE session_client (
  realm TEXT NOT NULL,
  -- what tokens carry as sid
  session TEXT NOT NULL,
  client TEXT NOT NULL,
  person TEXT NOT NULL,
  -- whether a browser that signs out opens a frame of it
  front BIGINT NOT NULL,
  -- when the session was first used there
  at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (realm, session, client)
);
CREATE INDEX session_client_person ON session_client (realm, person, at);
CREATE INDEX session_client_expires_at ON session_client (expires_at);
