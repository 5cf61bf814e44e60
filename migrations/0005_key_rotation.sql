-- Which keys are due is asked each minute: the answer must not cost more with every realm.

-- When to look whether the key needs a successor; 0: not known yet. A key that has one is not looked at again.
ALTER TABLE signing_key ADD COLUMN look_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX signing_key_look_at ON signing_key (look_at);
