-- Single claims that a client asked for (OpenID Connect Core §5.5): JSON as text, null when it asked for none.
ALTER TABLE authorization_code ADD COLUMN claims TEXT;
ALTER TABLE refresh_family ADD COLUMN claims TEXT;
