//! The scenarios of grantor and of the bare handlers.

use std::sync::Arc;

use grantor_tests::live::browser::encode;
use oauth::client_auth::basic;

use super::{Expected, Requests, SIGN, Scenario, Server, VERIFY, Work};
use crate::Failure;
use crate::bed::{Bed, SERVICE};
use crate::connection::{Connection, get, post};

/// The scenarios of grantor, as `--only` names them.
pub(crate) const NAMES: [&str; 8] = [
    "client credentials",
    "introspection",
    "userinfo",
    "jwks",
    "discovery",
    "code with a session",
    "refresh",
    "revocation",
];

const GRANT: &str = "grant_type=client_credentials&scope=bench.read";
/// How many tokens userinfo is asked with.
const USERINFO_TOKENS: usize = 200;

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
        "introspection" => (introspection(bed).await?, Some(VERIFY), &[1000]),
        "userinfo" => (userinfo(bed).await?, Some(VERIFY), &[]),
        "jwks" => (document("/jwks", b"\"keys\""), None, &[]),
        "discovery" => {
            let path = "/.well-known/openid-configuration";
            (document(path, b"\"token_endpoint\""), None, &[])
        }
        "code with a session" => (Work::Code(bed.session()), Some(SIGN), &[300, 1000]),
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
            "introspection" => scenario.work = introspection(bed).await?,
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

/// Tokens of all clients, introspected by the API they are for.
async fn introspection(bed: &Bed) -> Result<Work, Failure> {
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
        requests.push(post(&host, "/introspect", &authorization, &form));
    }
    Ok(Work::Send(Requests::new(requests), Expected::Active))
}

async fn userinfo(bed: &Bed) -> Result<Work, Failure> {
    let session = bed.session();
    let mut connection = Connection::open(bed.grantor().address).await?;
    let mut requests = Vec::new();
    for _ in 0..USERINFO_TOKENS {
        let token = session.flow(&mut connection).await?.access;
        let authorization = format!("Bearer {token}");
        let head = [("authorization", authorization.as_str())];
        requests.push(get(&bed.host(), "/userinfo", &head));
    }
    Ok(Work::Send(Requests::new(requests), Expected::Member("sub")))
}
