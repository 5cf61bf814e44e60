//! A grantor of its own process, a person and a client in it, and a session.

pub mod browser;
mod process;
mod session;

pub use process::{Grantor, Storage};
pub use session::{REDIRECT, SECRET, Session, VERIFIER, authorize_path, sign_in};
