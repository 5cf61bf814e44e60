-- Whom a message is for, so that one receiver that hangs keeps no other one waiting; empty: nobody in particular.
ALTER TABLE outbox ADD COLUMN receiver TEXT NOT NULL DEFAULT '';
-- Whom the realm let register when such a client came: 'open', 'token' or 'statement'; null where nobody wrote it down, which vouches for nothing.
ALTER TABLE client ADD COLUMN registration_admission TEXT;
