//! Keys that an authority certified: `x5c` (RFC 7515 §4.1.6), as HAIP has it.

use jose::jws;
use jose::sd_jwt::split;
use realm::keys::certificates::{certify, request};
use realm::keys::{self, Rotation};
use realm::{CredentialConfiguration, Revocable};
use serde_json::Value;

use super::{ACTOR, by_scope, credentials, employee, fetch, fresh, issue, key, wallet};
use crate::harness::authority::Authority;
use crate::harness::{Tokens, World};
use crate::on_each_engine;

/// The headers of a credential, and of its status list.
async fn headers(world: &World, tokens: &Tokens) -> [Option<Value>; 2] {
    let body = super::request(&[&fresh(world, &key()).await]);
    let [credential] = credentials(&fetch(world, tokens.access(), &body).await)
        .try_into()
        .unwrap();
    let (jwt, ..) = split(&credential).unwrap();
    let peeked = jws::peek(jwt).unwrap();
    let payload: Value = serde_json::from_slice(&peeked.payload().unwrap()).unwrap();
    let uri = payload["status"]["status_list"]["uri"].as_str().unwrap();
    let list = world
        .get(uri.strip_prefix(world.issuer()).unwrap())
        .send()
        .await;
    let list = jws::peek(&list.status(200).body).unwrap().header;
    [peeked.header, list].map(|header| header.extra.get("x5c").cloned())
}

async fn es256(world: &World) -> String {
    let all = keys::list(world.realm()).await.unwrap();
    let mut all = all
        .into_iter()
        .filter(|key| key.algorithm == "ES256" && key.purpose == keys::Purpose::Tokens);
    all.next_back().unwrap().kid
}

on_each_engine! {
    /// From the request, which the key signed, to the certificates in each credential and list: without the authority that verifiers trust, in time, and of this key.
    async fn a_certified_key_says_so_in_each_credential(world: World) {
        issue(&world, CredentialConfiguration { status: Some(Revocable::default()), ..employee(&world) }).await;
        let app = world.app_with(wallet).await;
        let tokens = by_scope(&world, &app).await;
        assert_eq!(headers(&world, &tokens).await, [None, None]);
        let kid = es256(&world).await;
        let asked = request(world.realm(), &kid).await.unwrap();
        let root = Authority::new("Root");
        let between = root.vouched("Between");
        let (year, chain) = ((2020, 2040), |der: &[&[u8]]| der.iter().map(|one| one.to_vec()).collect::<Vec<_>>());
        let own = between.answer(&asked, year);
        let (middle, top) = (between.der(), root.der());
        for (case, wrong) in [
            ("of another key", chain(&[&between.certify(|_| {}), &middle])),
            ("in another order", chain(&[&middle, &own])),
            ("with a gap", chain(&[&own, &top])),
            ("past", chain(&[&between.answer(&asked, (2020, 2021)), &middle])),
            ("not yet", chain(&[&between.answer(&asked, (2039, 2040)), &middle])),
            ("no certificate", chain(&[&own, b"x"])),
            ("too long", chain(&[&own, &middle, &middle, &middle, &middle, &middle])),
        ] {
            assert!(certify(world.realm(), &kid, &wrong, ACTOR).await.is_err(), "{case}");
        }
        assert!(certify(world.realm(), "x", &chain(&[&own, &middle]), ACTOR).await.is_err());
        assert_eq!(headers(&world, &tokens).await, [None, None]);
        certify(world.realm(), &kid, &chain(&[&own, &middle, &top]), ACTOR).await.unwrap();
        world.sync().await;
        world.advance(60);
        let [credential, list] = headers(&world, &tokens).await;
        let decoded = |text: &Value| jose::base64url::decode(text.as_str().unwrap().trim_end_matches('=').replace('+', "-").replace('/', "_")).unwrap();
        let sent: Vec<Vec<u8>> = credential.as_ref().unwrap().as_array().unwrap().iter().map(decoded).collect();
        assert_eq!((sent, &list), (vec![own.clone(), middle.clone()], &credential));
        let listed = keys::list(world.realm()).await.unwrap();
        let until = listed.iter().find(|key| key.kid == kid).unwrap().certified_until;
        assert_eq!(until, Some(2_208_988_800));
        // Neither of a key that nobody certified, nor once it is taken away.
        keys::rotate(world.realm(), jose::Algorithm::Es256, Rotation::Now, ACTOR).await.unwrap();
        world.sync().await;
        world.advance(60);
        assert_eq!(headers(&world, &tokens).await, [None, None]);
        let next = es256(&world).await;
        assert!(certify(world.realm(), &next, &chain(&[&own, &middle]), ACTOR).await.is_err());
        let asked = request(world.realm(), &next).await.unwrap();
        certify(world.realm(), &next, &chain(&[&root.answer(&asked, year)]), ACTOR).await.unwrap();
        assert!(headers(&world, &tokens).await[0].is_some());
        certify(world.realm(), &next, &[], ACTOR).await.unwrap();
        assert!(headers(&world, &tokens).await[0].is_none());
    }
}
