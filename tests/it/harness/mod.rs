//! What the tests stand on: a `World` (one grantor on a fresh database, with a clock that the test moves), a `Browser` with a cookie jar,
//! and clients. Everything goes through HTTP; only clients, APIs and people are made through the crates, as the commands make them.

mod answer;
pub mod authority;
mod browser;
pub mod call;
mod client;
mod engine;
mod federation;
mod flow;
pub mod foreign;
mod html;
pub mod listening;
mod logs;
pub mod provision;
mod receiver;
mod world;

pub use answer::{Answer, altered, fragment_of, query_of};
pub use browser::{Browser, Page};
pub use call::{Call, base64};
pub use client::{Client, NewClient};
pub use engine::{Engine, run};
pub use federation::{Federation, RP_CALLBACK, changed, outcome};
pub use flow::{ALICE, CALLBACK, Flow, Tokens};
pub use receiver::{HANGS, Heard, Receiver};
pub use world::{START, World, WorldOptions, set};

/// Writes each test twice, on SQLite and on PostgreSQL: `async fn a_code_is_redeemed_once(world: World) { … }`.
#[macro_export]
macro_rules! on_each_engine {
    ($($(#[$meta:meta])* async fn $name:ident($world:ident: $kind:ty) $body:block)+) => {
        $(
            $(#[$meta])*
            mod $name {
                #[allow(unused_imports)]
                use super::*;

                async fn test($world: $kind) $body

                #[test]
                fn on_sqlite() {
                    $crate::harness::run($crate::harness::Engine::Sqlite, test);
                }

                #[test]
                fn on_postgresql() {
                    $crate::harness::run($crate::harness::Engine::Postgres, test);
                }
            }
        )+
    };
}
