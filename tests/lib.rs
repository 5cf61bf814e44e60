//! Black-box tests of grantor. `it/` drives the router in process, over HTTP alone, on SQLite and on PostgreSQL; `browser/` drives a real
//! Chromium through `grantor demo`; `crash/` kills real processes under load. What the crash tests and the benchmark share is in [`live`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod live;
