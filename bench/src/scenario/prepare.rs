//! The scenarios of grantor and of the bare handlers.

use std::sync::Arc;

use grantor_tests::live::browser::encode;
use oauth::client_auth::basic;

use super::proof::{Kind, Prover};
use super::{Expected, Requests, SIGN, Scenario, Server, VERIFY, Work};
use crate::Failure;
use crate::bed::{Bed, SERVICE};
use crate::connection::{Connection, get, post, post_with};
use crate::seed::DEVICE;

/// The scenarios of grantor, as `--only` names them.
pub(crate) const NAMES: [&str; 14] = [
    "client credentials",
    "private_key_jwt",
    "DPoP",
    "token exchange",
    "introspection",
    "signed introspection",
    "userinfo",
    "jwks",
    "discovery",
    "code with a session",
    "code by PAR",
    "refresh",
    "device",
    "revocation",
];

/// The form of client credentials.
pub(super) const GRANT: &str = "grant_type=client_credentials&scope=bench.read";
/// How many tokens userinfo is asked with, or are exchanged.
const TOKENS: usize = 200;
/// The media type of RFC 9701 §5.
const SIGNED: &str = "application/token-introspection+jwt";

/// The chosen scenarios, each after its yardstick.
pub(crate) async fn prepare(bed: &Bed, chosen: &[String]) -> Result<Vec<Scenario>, Failure> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    for name in NAMES {
        if !chosen.iter().any(|chosen| chosen == name) {
            continue;
        }
        let scenario = grantor(bed, name).await?;
        if let Some(yardstick) = scenario.yardstick
            && !scenarios.iter().any(|known| known.name == yardstick)
        {
            scenarios.push(bare(bed, yardstick));
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

fn bare(bed: &Bed, name: &'static str) -> Scenario {
    let host = bed.bare().address.to_string();
    let (path, expected) = match name {
        SIGN => ("/sign", Expected::Member("access_token")),
        _ => ("/verify", Expected::Active),
    };
    let request = post(
        &host,
        path,
        &basic("service-00000", "secret-of-00000"),
        GRANT,
    );
    Scenario {
        name: name.to_owned(),
        server: Server::Bare,
        yardstick: None,
        paces: &[1000],
        work: Work::Send(Requests::new(vec![request]), expected),
    }
}

async fn grantor(bed: &Bed, name: &'static str) -> Result<Scenario, Failure> {
    let host = bed.host();
    let document = |path: &str, text| {
        let requests = Requests::new(vec![get(&host, path, &[])]);
        Work::Send(requests, Expected::Text(text))
    };
    let (work, yardstick, paces): (Work, Option<&'static str>, &'static [u32]) = match name {
        "client credentials" => {
            let work = Work::Send(credentials(bed), Expected::Token);
            (work, Some(SIGN), &[1000])
        }
        "private_key_jwt" => (Work::Prove(prover(bed, Kind::Assertion)), Some(SIGN), &[]),
        "DPoP" => (Work::Prove(prover(bed, Kind::Dpop)), Some(SIGN), &[]),
        "token exchange" => (exchange(bed).await?, Some(SIGN), &[]),
        "introspection" => (introspection(bed, None).await?, Some(VERIFY), &[1000]),
        "signed introspection" => (introspection(bed, Some(SIGNED)).await?, Some(VERIFY), &[]),
        "userinfo" => (userinfo(bed).await?, Some(VERIFY), &[]),
        "jwks" => (document("/jwks", b"\"keys\""), None, &[]),
        "discovery" => {
            let path = "/.well-known/openid-configuration";
            (document(path, b"\"token_endpoint\""), None, &[])
        }
        "code with a session" => (Work::Code(bed.session()), Some(SIGN), &[300, 1000]),
        "code by PAR" => (Work::Pushed(bed.session()), Some(SIGN), &[]),
        "device" => {
            let form = encode(&[("client_id", DEVICE), ("scope", "bench.read")]);
            let request = post_with(&host, "/device_authorization", &[], &form);
            (Work::Device(Requests::new(vec![request]), host), None, &[])
        }
        "refresh" => (Work::Refresh(bed.session()), Some(SIGN), &[]),
        _ => {
            let authorizations = Arc::new(bed.authorizations().to_vec());
            let work = Work::Revoke(credentials(bed), authorizations);
            (work, Some(SIGN), &[])
        }
    };
    Ok(Scenario {
        name: name.to_owned(),
        server: Server::Grantor,
        yardstick,
        paces,
        work,
    })
}

/// Makes anew what expires: to be called before each measurement.
pub(crate) async fn renew(bed: &Bed, scenario: &mut Scenario) -> Result<(), Failure> {
    if scenario.server == Server::Grantor {
        match scenario.name.as_str() {
            "introspection" => scenario.work = introspection(bed, None).await?,
            "signed introspection" => scenario.work = introspection(bed, Some(SIGNED)).await?,
            "token exchange" => scenario.work = exchange(bed).await?,
            "userinfo" => scenario.work = userinfo(bed).await?,
            _ => {}
        }
    }
    Ok(())
}

fn credentials(bed: &Bed) -> Arc<Requests> {
    let host = bed.host();
    let requests = bed.authorizations().iter();
    Requests::new(
        requests
            .map(|authorization| post(&host, "/token", authorization, GRANT))
            .collect(),
    )
}

/// A request for a token by the first client.
pub(crate) fn credentials_request(bed: &Bed) -> Vec<u8> {
    let authorization = bed.authorizations().first().map_or("", String::as_str);
    post(&bed.host(), "/token", authorization, GRANT)
}

fn prover(bed: &Bed, kind: Kind) -> Prover {
    Prover::new(bed.host(), bed.keyed(), kind)
}

/// Tokens that a client has made narrower; to be no narrower than they are costs the same.
async fn exchange(bed: &Bed) -> Result<Work, Failure> {
    let host = bed.host();
    let keyed = bed.keyed();
    let own = basic(&keyed.secret.0, &keyed.secret.1);
    let mut connection = Connection::open(bed.grantor().address).await?;
    let mut requests = Vec::new();
    for _ in 0..TOKENS {
        let answer = connection
            .exchange(&post(&host, "/token", &own, GRANT))
            .await?;
        let token = answer.member("access_token").ok_or_else(|| answer.text())?;
        let form = encode(&[
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange",
            ),
            ("subject_token", token),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("scope", "bench.read"),
        ]);
        requests.push(post(&host, "/token", &own, &form));
    }
    Ok(Work::Send(Requests::new(requests), Expected::Token))
}

/// Tokens of all clients, introspected by the API they are for, as JSON or as `accept` says.
async fn introspection(bed: &Bed, accept: Option<&str>) -> Result<Work, Failure> {
    let host = bed.host();
    let authorization = basic(SERVICE, grantor_tests::live::SECRET);
    let mut connection = Connection::open(bed.grantor().address).await?;
    let mut requests = Vec::new();
    for own in bed.authorizations() {
        let answer = connection
            .exchange(&post(&host, "/token", own, GRANT))
            .await?;
        let token = answer.member("access_token").ok_or("no access token")?;
        let form = encode(&[("token", token)]);
        let head = [
            ("authorization", authorization.as_str()),
            ("accept", accept.unwrap_or("application/json")),
        ];
        requests.push(post_with(&host, "/introspect", &head, &form));
    }
    let expected = match accept {
        None => Expected::Active,
        Some(_) => Expected::Text(b"eyJ"),
    };
    Ok(Work::Send(Requests::new(requests), expected))
}

async fn userinfo(bed: &Bed) -> Result<Work, Failure> {
    let session = bed.session();
    let mut connection = Connection::open(bed.grantor().address).await?;
    let mut requests = Vec::new();
    for _ in 0..TOKENS {
        let token = session.flow(&mut connection).await?.access;
        let authorization = format!("Bearer {token}");
        let head = [("authorization", authorization.as_str())];
        requests.push(get(&bed.host(), "/userinfo", &head));
    }
    Ok(Work::Send(Requests::new(requests), Expected::Member("sub")))
}
