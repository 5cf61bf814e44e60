//! `grantor login`: signs a person in at an issuer, as a command-line application does (RFC 8252).

use clap::Args;
use grantor_client::{Client, Credentials};

use crate::failure::Failure;
use crate::output;

#[derive(Args)]
pub(super) struct Login {
    /// The issuer
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    issuer: String,
    /// The client identifier of a public client with the redirect URI http://127.0.0.1/callback
    #[arg(long, value_name = "ID", default_value = "demo-cli")]
    client_id: String,
    /// The scopes to ask for, separated by spaces
    #[arg(long, default_value = "openid profile email")]
    scope: String,
    /// The API that the access token is for (RFC 8707)
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
    /// Print the address instead of opening a browser
    #[arg(long)]
    no_browser: bool,
    /// Print the access token, and nothing else, to standard output. It is a secret
    #[arg(long)]
    print_token: bool,
}

impl Login {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let client = Client::discover(self.issuer, Credentials::public(self.client_id)).await?;
        let mut authorization = client.authorize().scope(self.scope);
        if let Some(resource) = self.resource {
            authorization = authorization.resource(resource);
        }
        let sign_in = authorization.on_loopback().await?;
        let opened = !self.no_browser && open::that_detached(sign_in.url()).is_ok();
        let verb = if opened { "Opened" } else { "Open" };
        output::note(&format!("{verb} {}\nand sign in there.", sign_in.url()));
        let session = sign_in.finish().await?;
        if self.print_token {
            output::line(session.access_token().await?.as_str());
            return Ok(());
        }
        match session.claims() {
            Some(claims) => {
                output::line(&format!("Signed in as {}.", claims.sub));
                let userinfo = session.userinfo().await?;
                output::json(&serde_json::to_value(userinfo)?);
            }
            None => output::line("The application was authorized."),
        }
        Ok(())
    }
}
