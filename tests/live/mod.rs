//! A grantor of its own process, a person and a client in it, and a session.

pub mod browser;
mod demo;
mod process;
mod session;

pub use demo::Demo;
pub use process::{Grantor, Storage, binary};
pub use session::{REDIRECT, SECRET, Session, VERIFIER, authorize_path, sign_in};
