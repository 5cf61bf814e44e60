//! The commands, run as a person runs them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub
)]

mod client;
mod configuration;
mod credential;
mod details;
mod doctor;
mod federation;
mod here;
mod key;
mod logout;
mod openid;
mod realm;
mod registration;
mod resource;
mod trust;
mod user;
