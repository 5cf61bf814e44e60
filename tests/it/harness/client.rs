//! Applications: how a test makes one, and what one does at the endpoints.

use serde_json::{Value, json};

use super::{Answer, CALLBACK, Tokens, World};

/// A client that is being described.
#[must_use]
pub struct NewClient {
    world: World,
    document: Value,
    secret: Option<String>,
}

impl NewClient {
    /// A confidential client with a secret, a redirect URI, the grants for code and refresh tokens, and the scopes of OpenID Connect.
    pub fn new(world: World, id: &str) -> Self {
        let document = json!({
            "client_id": id,
            "client_name": format!("The app {id}"),
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            // Making an RSA key takes longer than any test; those about RS256 ask for it.
            "id_token_signed_response_alg": "ES256",
            "scope": "openid profile email address phone offline_access",
        });
        let secret = Some(format!("secret-of-{id}-0123456789"));
        Self {
            world,
            document,
            secret,
        }
    }

    /// Without a secret.
    pub fn public(mut self) -> Self {
        self.secret = None;
        self.set("token_endpoint_auth_method", json!("none"))
    }

    /// Sets a member of its document.
    pub fn set(mut self, name: &str, value: Value) -> Self {
        self.document[name] = value;
        self
    }

    /// The grants that it may use.
    pub fn grants(self, grants: &[&str]) -> Self {
        let code = grants.contains(&"authorization_code");
        let types = if code { vec!["code"] } else { Vec::new() };
        self.set("grant_types", json!(grants))
            .set("response_types", json!(types))
    }

    /// The scopes that it may ask for.
    pub fn scope(self, scope: &str) -> Self {
        self.set("scope", json!(scope))
    }

    /// The scopes that it gets when it asks for none.
    pub fn default_scope(self, scope: &str) -> Self {
        self.set("default_scope", json!(scope))
    }

    /// Its redirect URIs.
    pub fn redirects(self, uris: &[&str]) -> Self {
        self.set("redirect_uris", json!(uris))
    }

    /// Without a consent page.
    pub fn trusted(self) -> Self {
        self.set("skip_consent", json!(true))
    }

    /// With this secret.
    pub fn secret(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    /// Makes it.
    pub async fn create(self) -> Client {
        match self.attempt().await {
            Ok(client) => client,
            Err(problem) => panic!("the client is refused: {problem}"),
        }
    }

    /// Makes it, or nothing when the registration is refused.
    pub async fn try_create(self) -> Option<Client> {
        self.attempt().await.ok()
    }

    /// Whether it could be registered; nothing is written.
    pub async fn could_be(self) -> bool {
        super::provision::accepts(&self.world, self.document).await
    }

    /// What is wrong with it: its registration is refused.
    pub async fn refusal(self) -> String {
        match self.attempt().await {
            Ok(client) => panic!("the client {} is registered", client.id),
            Err(problem) => problem,
        }
    }

    async fn attempt(self) -> Result<Client, String> {
        if let Some(secret) = &self.secret {
            self.world.remember(secret);
        }
        let client = Client {
            world: self.world.clone(),
            id: self.document["client_id"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            secret: self.secret.clone(),
            redirect_uri: self.document["redirect_uris"][0]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        };
        super::provision::client(&self.world, self.document, self.secret).await?;
        Ok(client)
    }
}

/// A client that exists.
#[derive(Clone)]
pub struct Client {
    world: World,
    /// Its `client_id`.
    pub id: String,
    /// Its secret, unless it is public.
    pub secret: Option<String>,
    /// Its first redirect URI.
    pub redirect_uri: String,
}

impl Client {
    /// One that came to be in another way than by the commands.
    pub fn existing(world: &World, id: &str, secret: Option<&str>, redirect_uri: &str) -> Self {
        Self {
            world: world.clone(),
            id: id.to_owned(),
            secret: secret.map(str::to_owned),
            redirect_uri: redirect_uri.to_owned(),
        }
    }

    /// The same client with another secret.
    pub fn with_secret(&self, secret: &str) -> Self {
        let secret = Some(secret.to_owned());
        Self {
            secret,
            ..self.clone()
        }
    }

    /// The same client at another node.
    pub fn at(&self, world: &World) -> Self {
        let world = world.clone();
        Self {
            world,
            ..self.clone()
        }
    }

    /// A POST to an endpoint, authenticated with the secret, or as a public client by `client_id`.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let call = self.world.post(path);
        match &self.secret {
            Some(secret) => call.form(form).basic(&self.id, secret).send().await,
            None => {
                let mut form = form.to_vec();
                form.push(("client_id", &self.id));
                call.form(&form).send().await
            }
        }
    }

    /// A token request.
    pub async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.post("/token", form).await
    }

    /// A refresh that is expected to work.
    pub async fn refreshed(&self, token: &str) -> Tokens {
        let answer = self.refresh(token).await;
        answer.status(200);
        Tokens(answer.json())
    }

    /// A refresh.
    pub async fn refresh(&self, token: &str) -> Answer {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    /// A token for the client itself.
    pub async fn client_credentials(&self, scope: &str) -> Answer {
        let mut form = vec![("grant_type", "client_credentials")];
        if !scope.is_empty() {
            form.push(("scope", scope));
        }
        self.token(&form).await
    }

    /// An introspection.
    pub async fn introspect(&self, token: &str) -> Value {
        let answer = self.post("/introspect", &[("token", token)]).await;
        answer.status(200).not_stored();
        answer.json()
    }

    /// Whether introspection calls the token active.
    pub async fn sees_active(&self, token: &str) -> bool {
        let answer = self.introspect(token).await;
        answer["active"]
            .as_bool()
            .unwrap_or_else(|| panic!("no `active`: {answer}"))
    }

    /// A revocation.
    pub async fn revoke(&self, token: &str) -> Answer {
        self.post("/revoke", &[("token", token)]).await
    }
}
