//! grantor, whole: the wiring of the crates into one router, the configuration, and the commands of the binary.

mod app;
pub mod commands;
pub mod config;
mod demo;
#[cfg(test)]
mod documentation;
mod failure;
mod output;
mod place;
mod running;

pub use app::{AppOptions, app};
