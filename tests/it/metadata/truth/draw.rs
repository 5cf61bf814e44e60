//! What is drawn: everything that an operator can set and that a document shows, and what the realm offers.

use jose::Algorithm;
use oauth::shared_signals::DefaultSubjects;
use proptest::prelude::*;
use realm::settings::Federation as Entity;
use realm::{Admission, Profile, Settings};
use serde_json::{Value, json};

use super::drawn::jwks;
use super::stage::Stage;

/// The names for strengths of a sign-in that a realm may have: none, one that can be reached, one that cannot besides, and none that can.
const STRENGTHS: [&[(&str, &[&str])]; 4] = [
    &[],
    &[("low", &["pwd"])],
    &[("low", &["pwd"]), ("high", &["pwd", "hwk"])],
    &[("high", &["hwk"])],
];
/// What the realm signs with where nobody said what they can verify.
const SIGNS: [Algorithm; 4] = [
    Algorithm::Es256,
    Algorithm::EdDsa,
    Algorithm::MlDsa44,
    Algorithm::Es384,
];
/// Whose software statements are believed.
pub const STATES: &str = "https://states.example";

/// How certificates of clients reach the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificates {
    /// They do not.
    Nowhere,
    /// Where browsers go too, and nobody's authority counts.
    SelfSigned,
    /// At an address of their own.
    Apart,
}

impl Certificates {
    pub const ALL: [Self; 3] = [Self::Nowhere, Self::SelfSigned, Self::Apart];
}

/// What the realm offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// An API with scopes, one of which has claims of the operator's own.
    pub api: bool,
    /// One of those claims is to be had elsewhere.
    pub elsewhere: bool,
    /// The API has a type of authorization_details.
    pub details: bool,
    /// The API says more about itself.
    pub described: bool,
    /// Streams of security events.
    pub signals: bool,
    /// A credential, and whether it is for whoever holds it.
    pub credential: Option<bool>,
    /// It can be taken back.
    pub status: bool,
}

#[derive(Clone, Debug)]
pub struct Draw {
    pub profile: Profile,
    /// Retired grants, signed requests, pushed requests, attested clients, documents of clients at some hosts alone.
    pub switches: [bool; 5],
    pub documents: bool,
    pub admission: Admission,
    pub strengths: usize,
    pub signs: usize,
    pub everybody: bool,
    /// On, automatic registration, explicit registration, words about who runs it.
    pub federation: [bool; 4],
    /// Whether it vouches for others.
    pub superior: bool,
    pub offers: Offers,
    pub certificates: Certificates,
    /// From which the rest follows.
    pub seed: u64,
}

impl Draw {
    /// Nothing is switched on.
    pub fn plain(profile: Profile) -> Self {
        Self {
            profile,
            switches: [false; 5],
            documents: false,
            admission: Admission::Off,
            strengths: 0,
            signs: 0,
            everybody: false,
            federation: [false; 4],
            superior: false,
            offers: Offers::default(),
            certificates: Certificates::Nowhere,
            seed: 1,
        }
    }

    /// Everything is.
    pub fn full(profile: Profile) -> Self {
        Self {
            profile,
            switches: [true, true, true, true, false],
            documents: true,
            admission: Admission::Open,
            strengths: 2,
            signs: 1,
            everybody: true,
            federation: [true; 4],
            superior: true,
            offers: Offers {
                api: true,
                elsewhere: true,
                details: true,
                described: true,
                signals: true,
                credential: Some(false),
                status: true,
            },
            certificates: Certificates::Apart,
            seed: 2,
        }
    }

    pub fn any() -> impl Strategy<Value = Self> {
        let admissions = [
            Admission::Off,
            Admission::Token,
            Admission::Statement,
            Admission::Open,
        ];
        let offers = (any::<[bool; 6]>(), prop::option::of(any::<bool>()));
        let offers = offers.prop_map(|(all, credential)| {
            let [api, elsewhere, details, described, signals, status] = all;
            Offers {
                api,
                elsewhere: api && elsewhere,
                details: api && details,
                described: api && described,
                signals,
                credential,
                status: status && credential.is_some(),
            }
        });
        (
            prop::sample::select(Profile::ALL.to_vec()),
            any::<[bool; 5]>(),
            any::<(bool, bool, bool)>(),
            prop::sample::select(admissions.to_vec()),
            (0..STRENGTHS.len(), 0..SIGNS.len()),
            any::<[bool; 4]>(),
            offers,
            (
                prop::sample::select(Certificates::ALL.to_vec()),
                any::<u64>(),
            ),
        )
            .prop_map(
                |(
                    profile,
                    switches,
                    both,
                    admission,
                    few,
                    federation,
                    offers,
                    (certificates, seed),
                )| Self {
                    profile,
                    switches,
                    documents: both.0,
                    admission,
                    strengths: few.0,
                    signs: few.1,
                    everybody: both.1,
                    superior: both.2,
                    federation,
                    offers,
                    certificates,
                    seed,
                },
            )
    }

    /// The settings that say so, of a realm on that stage.
    pub fn settings(&self, stage: &Stage) -> Settings {
        let [retired, signed, pushed, attested, hosts] = self.switches;
        let mut settings = Settings {
            display_name: format!("The realm of {}", self.profile),
            profile: self.profile,
            allow_retired_grants: retired && self.profile.permits_retired_grants(),
            require_signed_request_object: signed,
            require_pushed_authorization_requests: pushed,
            ..Settings::default()
        };
        if attested {
            let every: Vec<Algorithm> = Algorithm::ALL
                .into_iter()
                .filter(|it| !it.is_symmetric())
                .collect();
            settings.client_attestation_jwks = Some(serde_json::from_value(jwks(&every)).unwrap());
        }
        settings.client_id_documents.allowed = self.documents;
        if hosts {
            settings.client_id_documents.hosts = vec!["127.0.0.1".to_owned()];
        }
        settings.registration.mode = self.admission;
        let states = json!([{"issuer": STATES, "jwks": jwks(&[Algorithm::Es384])}]);
        settings.registration.statement_issuers = serde_json::from_value(states).unwrap();
        settings.acr = serde_json::from_value(self.strengths()).unwrap();
        if !settings.acr.0.is_empty() {
            settings.claims_locales = vec!["de".to_owned(), "ja-Kana".to_owned()];
        }
        let signs = SIGNS[self.signs];
        if self.profile.permits_algorithm(signs) {
            settings.signing_alg = signs;
        }
        settings.signals_default_subjects = match self.everybody {
            true => DefaultSubjects::All,
            false => DefaultSubjects::None,
        };
        if self.federation[3] {
            for (page, kind) in [
                (&mut settings.service_documentation, "docs"),
                (&mut settings.op_policy_uri, "policy"),
                (&mut settings.op_tos_uri, "terms"),
            ] {
                *page = format!("https://example.com/{kind}");
            }
        }
        settings.federation = self.entity(stage);
        settings.check().unwrap();
        settings
    }

    fn strengths(&self) -> Value {
        let all = STRENGTHS[self.strengths].iter();
        all.map(|(value, amr)| json!({"value": value, "amr": amr}))
            .collect()
    }

    fn entity(&self, stage: &Stage) -> Entity {
        let [on, automatic, explicit, words] = self.federation;
        if !on {
            return Entity::default();
        }
        let mut entity = Entity {
            automatic_registration: automatic,
            explicit_registration: explicit,
            ..stage.entity.clone()
        };
        if words {
            entity.organization_name = "The organization".to_owned();
            entity.contacts = vec!["ops@example.com".to_owned()];
            entity.logo_uri = "https://example.com/logo.png".to_owned();
            entity.policy_uri = "https://example.com/policy".to_owned();
            entity.organization_uri = "https://example.com/".to_owned();
        }
        entity
    }
}
