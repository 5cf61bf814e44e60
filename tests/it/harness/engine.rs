//! Running one test on one engine.

use std::future::Future;

pub use db::Engine;

use super::World;

/// Makes a world on that engine, runs the test in it, and fails if what was logged meanwhile holds one of the world's secrets.
pub fn run<T, F>(engine: Engine, test: T)
where
    T: FnOnce(World) -> F,
    F: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let name = format!("{engine} {}", std::any::type_name::<T>());
        let world = World::new(engine, seed(&name)).await;
        test(world.clone()).await;
        let leaks = world.leaks();
        assert!(
            leaks.is_empty(),
            "secrets in the log:\n{}",
            leaks.join("\n")
        );
    });
    runtime.shutdown_background();
}

/// Another randomness for each test, the same in each run (FNV-1a).
fn seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
