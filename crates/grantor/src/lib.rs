//! grantor, whole: the wiring of the crates into one router, the configuration, and the commands of the binary.

mod app;
pub mod commands;
pub mod config;
mod output;
mod place;

pub use app::{AppOptions, app};
