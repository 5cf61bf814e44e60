//! The inner pieces of the hot paths: `cargo bench -p grantor-bench --bench inner`. Storage has a benchmark of its own, `--bench storage`.
#![allow(clippy::unwrap_used, missing_docs)]

mod dpop;
mod jwt;
mod parsing;
mod realm;

fn main() {
    divan::main();
}
