db::statements! {
    /// One resource.
    pub(crate) FIND_RESOURCE = "SELECT id, document, version, created_at, updated_at FROM resource WHERE realm = $1 AND id = $2";
    /// All resources of a realm.
    pub(crate) LIST_RESOURCES = "SELECT id, document, version, created_at, updated_at FROM resource WHERE realm = $1 ORDER BY id";
    /// A new resource.
    pub(crate) INSERT_RESOURCE = "INSERT INTO resource (realm, id, document, version, created_at, updated_at) VALUES ($1, $2, $3, 1, $4, $4)";
    /// Changes the resource that has been read with this version.
    pub(crate) UPDATE_RESOURCE = "UPDATE resource SET document = $4, version = version + 1, updated_at = $5 WHERE realm = $1 AND id = $2 AND version = $3";
    /// Removes a resource.
    pub(crate) DELETE_RESOURCE = "DELETE FROM resource WHERE realm = $1 AND id = $2";
    /// Makes the resource the owner of a scope; another owner breaks the key.
    pub(crate) INSERT_RESOURCE_SCOPE = "INSERT INTO resource_scope (realm, name, resource) VALUES ($1, $2, $3)";
    /// Gives up the scopes of a resource.
    pub(crate) DELETE_RESOURCE_SCOPES = "DELETE FROM resource_scope WHERE realm = $1 AND resource = $2";
    /// Makes the resource the owner of a type of `authorization_details`; another owner breaks the key.
    pub(crate) INSERT_RESOURCE_DETAILS = "INSERT INTO resource_details_type (realm, name, resource) VALUES ($1, $2, $3)";
    /// Gives up the types of a resource.
    pub(crate) DELETE_RESOURCE_DETAILS = "DELETE FROM resource_details_type WHERE realm = $1 AND resource = $2";
}
