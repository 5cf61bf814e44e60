/// Why a letter was not sent. The text names neither people nor what was said to them, nor what the other side said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The options cannot be used.
    #[error("{0}")]
    Options(String),
    /// Nobody has said how letters go.
    #[error("mail is not set up")]
    NotSetUp,
    /// What shall be the recipient's address is none.
    #[error("the recipient's address is not one")]
    Address,
    /// The letter cannot be put into its form.
    #[error("the letter cannot be written")]
    Letter,
    /// The server could not be reached.
    #[error("no connection to the mail server")]
    Connect,
    /// The server's certificate is not believed, or there is no common way to speak TLS.
    #[error("the mail server's TLS cannot be believed")]
    Tls,
    /// The server did not answer in time.
    #[error("the mail server did not answer in time")]
    Timeout,
    /// The server refused with this status.
    #[error("the mail server answered {0}")]
    Refused(u16),
    /// The server's answer cannot be understood, or it offers no STARTTLS or no way to authenticate.
    #[error("the mail server does not offer what is needed (TLS, or a way to authenticate)")]
    Protocol,
    /// The file cannot be written.
    #[error("the letter's file cannot be written: {0}")]
    File(std::io::ErrorKind),
}

impl Error {
    /// Whether trying again is in vain: this letter, to this recipient, will never be taken. What an operator can mend (a password, a full disk) is not.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Address | Self::Letter => true,
            // RFC 5321 §4.2.2: the mailbox, or what is sent to it. 53x are about who sends.
            Self::Refused(status) => matches!(status, 550..=554 | 556),
            _ => false,
        }
    }
}
