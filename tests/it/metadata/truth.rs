//! The metadata and what the server does agree, whatever is set: what is announced works, and what works is announced (RFC 8414 §2).

mod clients;
mod drawn;
mod requests;
mod values;

use jose::Algorithm;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use realm::{Admission, Profile, Settings};
use serde_json::json;

use crate::harness::World;
use crate::on_each_engine;

use drawn::{Drawn, jwks};

/// How many settings are tried on each engine, beside those that are chosen.
const DRAWS: usize = 3;

/// A profile, and each switch that the document shows: retired grants, signed requests, pushed requests, attested clients, open registration, names for strengths of
/// which one cannot be reached.
fn settings(
    profile: Profile,
    [retired, signed, pushed, attested, open, named]: [bool; 6],
) -> Settings {
    let mut settings = Settings {
        profile,
        allow_retired_grants: retired && profile.permits_retired_grants(),
        require_signed_request_object: signed,
        require_pushed_authorization_requests: pushed,
        ..Settings::default()
    };
    if attested {
        let keys = serde_json::from_value(jwks(&[Algorithm::Es384])).unwrap();
        settings.client_attestation_jwks = Some(keys);
    }
    if open {
        settings.registration.mode = Admission::Open;
    }
    if named {
        let names =
            json!([{"value": "low", "amr": ["pwd"]}, {"value": "high", "amr": ["pwd", "hwk"]}]);
        settings.acr = serde_json::from_value(names).unwrap();
    }
    settings
}

fn drawn() -> impl Strategy<Value = Settings> {
    let profile = prop::sample::select(Profile::ALL.to_vec());
    (profile, any::<[bool; 6]>()).prop_map(|(profile, switches)| settings(profile, switches))
}

on_each_engine! {
    /// For any settings: each grant, response type and mode, way to authenticate, algorithm, scope and way to deliver tokens.
    async fn the_metadata_and_what_the_server_does_agree_whatever_is_set(world: World) {
        let mut runner = TestRunner::deterministic();
        let plain = Profile::ALL.map(|profile| settings(profile, [false; 6]));
        let full = [Profile::OAuth21, Profile::OpenId].map(|profile| settings(profile, [true; 6]));
        let drawn = std::iter::repeat_with(|| drawn().new_tree(&mut runner).unwrap().current());
        for settings in plain.into_iter().chain(full).chain(drawn.take(DRAWS)) {
            let drawn = Drawn::new(&world, settings).await;
            requests::grants(&drawn).await;
            requests::responses(&drawn).await;
            clients::methods(&drawn).await;
            clients::algorithms(&drawn).await;
            requests::the_rest(&drawn).await;
            values::values(&drawn).await;
        }
    }
}
