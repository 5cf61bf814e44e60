//! The client against a server in the same process that can be made to misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod approval;
mod device;
mod discovery;
mod dpop;
mod encrypted;
mod id_token;
mod kept;
mod logout;
mod loopback;
mod notification;
mod provider;
mod renewal;
mod requests;
mod sign_in;
