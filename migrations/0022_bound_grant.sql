-- By what the access tokens of a grant are bound, 'key' (RFC 9449) or 'certificate' (RFC 8705), and from which refresh token on, if not the first: 'key 7'.
-- Null while they are not. Once set it stays, and no refresh gives a token that is less.
ALTER TABLE refresh_family ADD COLUMN bound TEXT;
