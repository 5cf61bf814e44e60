//! grantor, whole: the wiring of the crates into one router, the configuration, and the commands of the binary.

mod app;
mod certificate;
pub mod commands;
pub mod config;
mod demo;
mod doctor;
#[cfg(test)]
mod documentation;
mod failure;
mod host;
mod output;
mod place;
mod running;

pub use app::{AppOptions, app};
