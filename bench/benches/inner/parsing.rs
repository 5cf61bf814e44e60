//! Reading what clients send.

use divan::Bencher;
use oauth::Scope;
use oauth::pkce::{Challenge, Verifier};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const FORM: &str = "grant_type=authorization_code&code=gcode_dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\
    &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

#[divan::bench]
fn check_a_code_verifier(bencher: Bencher) {
    let verifier: Verifier = VERIFIER.parse().unwrap();
    let challenge = Challenge::of(&verifier);
    bencher.bench(|| challenge.matches(&verifier));
}

#[divan::bench]
fn parse_a_form(bencher: Bencher) {
    bencher.bench(|| web::form::parse(divan::black_box(FORM), &["resource"]).unwrap());
}

#[divan::bench]
fn parse_a_scope(bencher: Bencher) {
    let text = "openid profile email offline_access notes.read notes.write";
    bencher.bench(|| divan::black_box(text).parse::<Scope>().unwrap());
}
