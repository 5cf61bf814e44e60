use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;
use url::Url;

/// How letters go.
#[derive(Clone, Debug)]
pub struct MailOptions {
    /// Where to.
    pub url: MailUrl,
    /// Whom they are from: `no-reply@id.example` or `Example <no-reply@id.example>`.
    pub from: String,
    /// The password, where the URL names a user.
    pub password: Option<SecretString>,
    /// Certificate authorities that are believed beside the system's, each text in PEM.
    pub authorities: Vec<String>,
}

/// Where letters go: `smtp://USER@HOST:587` (STARTTLS, always), `smtps://USER@HOST:465` (TLS from the first byte), `directory:PATH`, or `none`. Holds no password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum MailUrl {
    /// Nowhere.
    #[default]
    None,
    /// Files in this directory.
    Directory(PathBuf),
    /// A server.
    Smtp(Server),
}

/// An SMTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: Option<String>,
    pub(crate) tls: Tls,
}

/// How the connection is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// From the first byte (RFC 8314 §3.3).
    Wrapped,
    /// From STARTTLS on (RFC 3207), without which nothing is said.
    Upgraded,
    /// Not at all: `?starttls=off`.
    Off,
}

impl MailUrl {
    /// Whether the server wants a password.
    pub fn wants_password(&self) -> bool {
        matches!(self, Self::Smtp(server) if server.user.is_some())
    }
}

impl FromStr for MailUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::None);
        }
        if let Some(path) = text.strip_prefix("directory:") {
            return match path {
                "" => Err("names no directory".to_owned()),
                path => Ok(Self::Directory(path.into())),
            };
        }
        // What was written may hold a password: it is not repeated.
        let url = Url::parse(text).map_err(|_| EXAMPLES.to_owned())?;
        let (mut tls, port) = match url.scheme() {
            "smtp" => (Tls::Upgraded, 587),
            "smtps" => (Tls::Wrapped, 465),
            _ => return Err(EXAMPLES.to_owned()),
        };
        if url.password().is_some() {
            return Err(
                "must not hold the password: it belongs into `mail.password_file`".to_owned(),
            );
        }
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("must have neither path nor fragment".to_owned());
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| "names no host".to_owned())?.to_owned();
        let user = (!url.username().is_empty()).then(|| unescape(url.username()));
        match (url.query(), tls) {
            (None, _) => {}
            (Some("starttls=off"), Tls::Upgraded) if user.is_none() => tls = Tls::Off,
            (Some("starttls=off"), Tls::Upgraded) => {
                return Err(
                    "must not send a password without TLS: leave out `starttls=off`, or the user"
                        .to_owned(),
                );
            }
            (Some(_), _) => {
                return Err("knows nothing after `?` but, for smtp, `starttls=off`".to_owned());
            }
        }
        Ok(Self::Smtp(Server {
            host,
            port: url.port().unwrap_or(port),
            user,
            tls,
        }))
    }
}

const EXAMPLES: &str =
    "is neither `smtp://USER@HOST:587`, `smtps://USER@HOST`, `directory:PATH` nor `none`";

/// Undoes percent-encoding.
fn unescape(text: &str) -> String {
    let query = format!("u={}", text.replace('+', "%2B"));
    url::form_urlencoded::parse(query.as_bytes())
        .map(|(_, value)| value.into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn server(text: &str) -> Server {
        match text.parse().unwrap() {
            MailUrl::Smtp(server) => server,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_server_is_spoken_to_with_tls_unless_that_is_said_and_no_password_goes_there() {
        let plain = server("smtp://mail.example");
        assert_eq!(
            (plain.host.as_str(), plain.port, plain.user, plain.tls),
            ("mail.example", 587, None, Tls::Upgraded)
        );
        let wrapped = server("smtps://id%40id.example@mail.example");
        assert_eq!(
            (wrapped.port, wrapped.user.as_deref(), wrapped.tls),
            (465, Some("id@id.example"), Tls::Wrapped)
        );
        let written_out = server("smtp://id+x@id.example@mail.example:2525");
        assert_eq!(
            (written_out.port, written_out.user.as_deref()),
            (2525, Some("id+x@id.example"))
        );
        assert_eq!(server("smtp://localhost:1025?starttls=off").tls, Tls::Off);
        let refused = |text: &str| text.parse::<MailUrl>().unwrap_err();
        assert!(refused("smtp://id@mail.example?starttls=off").contains("password without TLS"));
        for text in [
            "smtps://mail.example?starttls=off",
            "smtp://mail.example?tls=none",
            "smtp://mail.example/x",
            "smtp://",
            "mail.example",
            "http://mail.example",
            "",
        ] {
            refused(text);
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        for text in [
            "smtp://id:hunter2@mail.example",
            "smtp://id:hunter2@mail example",
            "imap://id:hunter2@mail.example",
        ] {
            let error = text.parse::<MailUrl>().unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn letters_go_to_a_directory_or_nowhere() {
        assert_eq!(
            "directory:/tmp/mail".parse(),
            Ok(MailUrl::Directory("/tmp/mail".into()))
        );
        assert_eq!("none".parse(), Ok(MailUrl::None));
        assert!("directory:".parse::<MailUrl>().is_err());
    }
}
