//! `grantor login`: signs a person in at an issuer, as a command-line application does (RFC 8252), or as a device without a browser does (RFC 8628).

use std::io::IsTerminal;

use clap::Args;
use grantor_client::{Client, Credentials, DeviceSignIn, Session};
use jose::Algorithm;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};

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
    /// Show a code to be typed in a browser on any other device (RFC 8628)
    #[arg(long)]
    device: bool,
    /// What signs the ID tokens of this client, as it is registered
    #[arg(long, value_name = "ALG", default_value = "RS256")]
    id_token_alg: Algorithm,
    /// Print the address instead of opening a browser
    #[arg(long)]
    no_browser: bool,
    /// Print the access token, and nothing else, to standard output. It is a secret
    #[arg(long)]
    print_token: bool,
}

impl Login {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let credentials = Credentials::public(self.client_id.clone());
        let client = Client::builder(self.issuer.clone(), credentials)
            .id_token_algorithm(self.id_token_alg)
            .discover()
            .await?;
        let session = if self.device {
            self.by_code(&client).await?
        } else {
            self.by_browser(&client).await?
        };
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

    async fn by_browser(&self, client: &Client) -> Result<Session, Failure> {
        let mut authorization = client.authorize().scope(&self.scope);
        if let Some(resource) = &self.resource {
            authorization = authorization.resource(resource);
        }
        let sign_in = authorization.on_loopback().await?;
        let opened = !self.no_browser && open::that_detached(sign_in.url()).is_ok();
        let verb = if opened { "Opened" } else { "Open" };
        output::note(&format!("{verb} {}\nand sign in there.", sign_in.url()));
        Ok(sign_in.finish().await?)
    }

    async fn by_code(&self, client: &Client) -> Result<Session, Failure> {
        let mut device = client.device().scope(&self.scope);
        if let Some(resource) = &self.resource {
            device = device.resource(resource);
        }
        let sign_in = device.start().await?;
        output::note(&instructions(&sign_in, std::io::stderr().is_terminal()));
        Ok(sign_in.finish().await?)
    }
}

/// What to do at the other device; with a QR code where somebody looks.
fn instructions(sign_in: &DeviceSignIn, terminal: bool) -> String {
    let (page, code) = (sign_in.verification_uri(), sign_in.user_code());
    let drawn = sign_in
        .verification_uri_complete()
        .filter(|_| terminal)
        .and_then(drawing);
    match drawn {
        Some(drawn) => format!(
            "Scan this, or open {page} on any device and type {code}\n\n{drawn}\nCheck that the page shows {code}."
        ),
        None => format!("Open {page} on any device and type {code}"),
    }
}

/// A QR code in black on white, whatever the terminal's colours are.
fn drawing(address: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(address, EcLevel::L).ok()?;
    let drawn = code.render::<Dense1x2>().quiet_zone(true).build();
    let lines = drawn
        .lines()
        .map(|line| format!("\x1b[30;107m{line}\x1b[0m\n"));
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    /// A square with its quiet zone, two rows of it in each line, that fits a narrow terminal.
    #[test]
    fn an_address_is_drawn_as_a_square_of_black_on_white() {
        let drawn = drawing("https://id.example.com/device?user_code=WDJB-MJHT").unwrap();
        let lines: Vec<&str> = drawn.lines().collect();
        let widths: Vec<usize> = lines
            .iter()
            .map(|line| {
                let line = line.strip_prefix("\x1b[30;107m").unwrap();
                line.strip_suffix("\x1b[0m").unwrap().chars().count()
            })
            .collect();
        assert!(
            widths
                .iter()
                .all(|width| *width == widths[0] && *width <= 60)
        );
        assert_eq!(widths[0].div_ceil(2), lines.len());
        assert!(lines[0].contains(' ') && !lines[0].contains('█'));
    }
}
