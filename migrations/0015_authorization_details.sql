-- What clients ask for in particular (RFC 9396): JSON as text, null when they ask for nothing so.
ALTER TABLE authorization_code ADD COLUMN authorization_details TEXT;
ALTER TABLE refresh_family ADD COLUMN authorization_details TEXT;
ALTER TABLE device_code ADD COLUMN authorization_details TEXT;

-- Each type of a realm belongs to one resource: the key refuses a second owner, however two requests race.
CREATE TABLE resource_details_type (
  realm TEXT NOT NULL,
  name TEXT NOT NULL,
  resource TEXT NOT NULL,
  PRIMARY KEY (realm, name)
);
CREATE INDEX resource_details_type_resource ON resource_details_type (realm, resource);
