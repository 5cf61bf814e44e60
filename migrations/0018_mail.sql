-- Whom clients ask. Whoever asks changes the person's row first and so holds it until the commit: requests that come at once are counted one after another.
CREATE TABLE asked_person (
  realm TEXT NOT NULL,
  person TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (realm, person)
);
CREATE INDEX asked_person_expires_at ON asked_person (expires_at);

-- How many letters went to a person because of one client, or because of all (an empty client), in the hour that ends at expires_at.
CREATE TABLE letter_count (
  realm TEXT NOT NULL,
  person TEXT NOT NULL,
  client TEXT NOT NULL,
  letters BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (realm, person, client)
);
CREATE INDEX letter_count_expires_at ON letter_count (expires_at);
