//! Mail to people: by SMTP, or as files in a directory while something is developed or tested. Whoever sends decides when to try again; a letter that is
//! sent twice has the same `Message-ID`, by which mailboxes tell a repetition. Knows nothing of what letters are about.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use mail::{Letter, MailOptions, Mailer};
//! let options = MailOptions {
//!     url: "smtp://id@mail.example:587".parse()?,
//!     from: "Example <no-reply@id.example>".to_owned(),
//!     password: Some("secret".into()),
//!     authorities: Vec::new(),
//! };
//! let mailer = Mailer::new(options)?;
//! let letter = Letter { id: "0199", at: 1_795_248_000, to: "alice@example.com", subject: "Hello", text: "Hello", html: "<p>Hello" };
//! mailer.send(&letter).await?;
//! # Ok(()) }
//! ```

mod address;
mod directory;
mod error;
mod letter;
mod options;
mod smtp;
#[cfg(feature = "testing")]
pub mod testing;

use std::fmt;
use std::sync::Arc;

use address::Sender;
use directory::Directory;
pub use error::Error;
pub use letter::Letter;
pub use options::{MailOptions, MailUrl};
use smtp::Smtp;

/// What sends letters: cheap to clone.
#[derive(Clone, Default)]
pub struct Mailer(Option<Arc<(Sender, Way)>>);

/// How letters go.
enum Way {
    Smtp(Smtp),
    Directory(Directory),
}

impl Mailer {
    /// One that sends nothing: nobody has said how.
    pub fn none() -> Self {
        Self(None)
    }

    /// One that sends like this; connects to nothing yet.
    ///
    /// # Errors
    /// [`Error::Options`] when it cannot work so, whatever the other side says.
    pub fn new(options: MailOptions) -> Result<Self, Error> {
        let sender = Sender::parse(&options.from)?;
        let way = match options.url {
            MailUrl::None => return Ok(Self::none()),
            MailUrl::Directory(path) => Way::Directory(Directory::new(path)?),
            MailUrl::Smtp(server) => Way::Smtp(Smtp::new(
                server,
                (options.password, &options.authorities),
                sender.domain(),
            )?),
        };
        Ok(Self(Some(Arc::new((sender, way)))))
    }

    /// Whether letters go anywhere.
    pub fn is_set_up(&self) -> bool {
        self.0.is_some()
    }

    /// Sends a letter: when this returns, the other side has taken it. At most 25 seconds.
    ///
    /// # Errors
    /// [`Error::is_final`] says whether it is worth trying again.
    pub async fn send(&self, letter: &Letter<'_>) -> Result<(), Error> {
        let Some((sender, way)) = self.0.as_deref() else {
            return Err(Error::NotSetUp);
        };
        let message = letter.message(sender)?;
        match way {
            Way::Smtp(smtp) => smtp.send(message).await,
            Way::Directory(directory) => directory.write(letter.id, &message.formatted()).await,
        }
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.0.as_deref() {
            None => "none",
            Some((_, Way::Smtp(_))) => "smtp",
            Some((_, Way::Directory(_))) => "directory",
        };
        write!(f, "Mailer({way})")
    }
}
