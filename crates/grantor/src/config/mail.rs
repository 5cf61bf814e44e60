//! The settings about mail to people.

use std::path::PathBuf;

use super::settings::Setting;
use super::{Config, Secret};

/// How letters go to people.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    /// Where letters go.
    pub url: ::mail::MailUrl,
    /// Whom they are from.
    pub from: Option<String>,
    /// The password of the mail server's user.
    pub password: Option<Secret>,
    /// The file that holds it.
    pub password_file: Option<PathBuf>,
    /// Certificate authorities (PEM) that are believed there beside the system's.
    pub authorities: Option<PathBuf>,
}

impl Mail {
    /// What does not go together: the setting, and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if self.url == ::mail::MailUrl::None {
            return Ok(());
        }
        if self.from.is_none() {
            return Err((
                "mail.from",
                "names no sender; mail.url needs one, such as `Example <no-reply@id.example>`",
            ));
        }
        match (
            self.url.wants_password(),
            &self.password,
            &self.password_file,
        ) {
            (true, None, None) => Err((
                "mail.password_file",
                "mail.url names a user, so there has to be a password (or GRANTOR_MAIL_PASSWORD)",
            )),
            (false, Some(_), _) | (false, _, Some(_)) => Err((
                "mail.url",
                "names no user for the password: `smtp://USER@HOST:587`",
            )),
            (_, Some(_), Some(_)) => Err((
                "mail.password_file",
                "and mail.password are both said: name one",
            )),
            _ => Ok(()),
        }
    }
}

impl Config {
    /// What sends letters.
    ///
    /// # Errors
    /// What cannot be used, naming the setting; never the password.
    pub(crate) fn mailer(&self) -> Result<::mail::Mailer, String> {
        let mail = &self.mail;
        let Some(from) = mail
            .from
            .clone()
            .filter(|_| mail.url != ::mail::MailUrl::None)
        else {
            return Ok(::mail::Mailer::none());
        };
        let read = |key: &str, path: &PathBuf| {
            std::fs::read_to_string(path)
                .map_err(|error| format!("{key}: {}: {error}", path.display()))
        };
        let password = match (&mail.password, &mail.password_file) {
            (Some(Secret(password)), _) => Some(password.as_str().into()),
            (None, Some(path)) => {
                let text = read("mail.password_file", path)?;
                let password = text.trim_end_matches(['\r', '\n']);
                if password.is_empty() {
                    return Err(format!("mail.password_file: {}: is empty", path.display()));
                }
                Some(password.into())
            }
            (None, None) => None,
        };
        let authorities = mail.authorities.as_ref();
        let authorities = authorities
            .map(|path| read("mail.authorities", path))
            .transpose()?;
        let options = ::mail::MailOptions {
            url: mail.url.clone(),
            from,
            password,
            authorities: authorities.into_iter().collect(),
        };
        ::mail::Mailer::new(options).map_err(|error| format!("mail: {error}"))
    }
}

/// Letters to people.
pub(super) static MAIL: &[Setting] = &[
    Setting {
        key: "mail.url",
        words: "Where letters to people go: `smtp://USER@HOST:587` (STARTTLS, without which nothing is said), `smtps://USER@HOST:465` (TLS from the first byte), \
                `directory:PATH` (files, to look at them), or `none`. The user may be left out; a server on the same machine that speaks no TLS is \
                `smtp://localhost:25?starttls=off`, without a user. Letters tell people that an application asks for their approval.",
        default: "none: no letters",
        apply: |c, v| {
            c.mail.url = v.text()?.parse()?;
            Ok(())
        },
    },
    Setting {
        key: "mail.from",
        words: "Whom they are from, such as `Example <no-reply@id.example>`.",
        default: "none; needed where letters go anywhere",
        apply: |c, v| {
            c.mail.from = Some(v.text()?.to_owned());
            Ok(())
        },
    },
    Setting {
        key: "mail.password",
        words: "The password of that user. Best given by the environment.",
        default: "read from `mail.password_file`",
        apply: |c, v| {
            c.mail.password = Some(Secret(v.text()?.to_owned()));
            Ok(())
        },
    },
    Setting {
        key: "mail.password_file",
        words: "The file that holds it.",
        default: "none",
        apply: |c, v| {
            c.mail.password_file = Some(PathBuf::from(v.text()?));
            Ok(())
        },
    },
    Setting {
        key: "mail.authorities",
        words: "Certificate authorities (PEM) that the mail server's certificate may come from, beside the system's.",
        default: "none",
        apply: |c, v| {
            c.mail.authorities = Some(PathBuf::from(v.text()?));
            Ok(())
        },
    },
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use super::*;

    fn config(text: &str) -> Result<Config, String> {
        let mut config = Config::default();
        super::super::file::apply(&mut config, "grantor.toml", text).map_err(|e| e.to_string())?;
        config.check().map_err(|e| e.to_string())?;
        Ok(config)
    }

    #[test]
    fn what_does_not_go_together_is_refused_by_name() {
        for (text, key) in [
            ("[mail]\nurl = \"smtp://mail.example\"", "mail.from"),
            (
                "[mail]\nurl = \"smtp://id@mail.example\"\nfrom = \"a@b.example\"",
                "mail.password_file",
            ),
            (
                "[mail]\nurl = \"smtp://mail.example\"\nfrom = \"a@b.example\"\npassword = \"hunter2\"",
                "mail.url",
            ),
            (
                "[mail]\nurl = \"smtp://id@mail.example\"\nfrom = \"a@b.example\"\npassword = \"hunter2\"\npassword_file = \"x\"",
                "mail.password_file",
            ),
            (
                "[mail]\nurl = \"smtp://id:hunter2@mail.example\"\nfrom = \"a@b.example\"",
                "grantor.toml:2: mail.url",
            ),
            (
                "[mail]\nurl = \"imap://mail.example\"",
                "grantor.toml:2: mail.url",
            ),
        ] {
            let error = config(text).unwrap_err();
            assert!(error.contains(key) && !error.contains("hunter2"), "{error}");
        }
        assert!(!config("").unwrap().mailer().unwrap().is_set_up());
    }

    #[test]
    fn a_password_comes_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let text = format!(
            "[mail]\nurl = \"smtp://id@mail.example\"\nfrom = \"Example <a@b.example>\"\npassword_file = \"{}\"",
            file.display()
        );
        let config = config(&text).unwrap();
        assert!(config.mailer().unwrap_err().contains("mail.password_file"));
        std::fs::write(&file, "\n").unwrap();
        assert!(config.mailer().unwrap_err().contains("is empty"));
        std::fs::write(&file, "hunter2\n").unwrap();
        assert!(config.mailer().unwrap().is_set_up());
    }
}
