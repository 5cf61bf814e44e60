//! Which identifiers are addresses of documents, what such a document must say, and how long it is believed (draft-ietf-oauth-client-id-metadata-document).

use oauth::client_auth::Method;
use oauth::{Error as Wire, ErrorCode};
use realm::clients::Origin;
use realm::{Catalogue, Client};
use serde_json::Value;
use url::{Host, Url};

use crate::freshness;
use crate::registration::rules::{self as registration, Given, Members};

/// The longest identifier, in bytes.
const LONGEST: usize = 255;
/// How long a document is believed at least and at most, whatever its server says, and when it says nothing; in seconds.
const FRESH: (i64, i64, i64) = (60, 24 * 3600, 600);
/// How much longer a document is believed while its server cannot be reached, in seconds.
pub const STALE: i64 = 3600;

/// The address that a client identifier is, if it is one: https in its normal form (so without dot segments, capitals or the port 443), with a path, without
/// fragment or user name (§3). With `loopback`, also http to this machine, for development.
pub fn address(id: &str, loopback: bool) -> Option<Url> {
    let secure = id.starts_with("https://");
    if !(secure || (loopback && id.starts_with("http://"))) || id.len() > LONGEST {
        return None;
    }
    let odd = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'#' | b'\\');
    if id.bytes().any(odd) {
        return None;
    }
    // What two parsers could read in two ways is no name of anybody.
    let url = Url::parse(id).ok().filter(|url| url.as_str() == id)?;
    let plain = url.username().is_empty() && url.password().is_none() && !id.contains('@');
    let named = match url.host()? {
        Host::Domain("localhost") => loopback,
        Host::Domain(name) => secure && !name.ends_with('.') && name.contains('.'),
        Host::Ipv4(address) => loopback && address.is_loopback(),
        Host::Ipv6(address) => loopback && address.is_loopback(),
    };
    (plain && named && url.path().len() > 1).then_some(url)
}

/// How long a document is fresh, in seconds: as its server says (RFC 9111 §5.2.2), within bounds.
pub fn freshness(cache_control: Option<&str>, age: Option<&str>) -> i64 {
    freshness::within(FRESH, cache_control, age)
}

/// What a document says: the client, once for each way in which it may authenticate; the one that it prefers comes first.
pub type Described = Vec<Client>;

fn refused(reason: impl Into<String>) -> Wire {
    Wire::new(ErrorCode::InvalidClient, reason.into())
}

/// Reads the document at an address. Members that are not known are passed over; a list of methods (OpenID Connect RP Metadata Choices) counts beside the one
/// method, and any of them that has no shared secret will do.
///
/// # Errors
/// What is wrong, for the client's developer.
pub fn read(id: &str, document: Members, catalogue: &Catalogue) -> Result<Described, Wire> {
    if document.get("client_id").and_then(Value::as_str) != Some(id) {
        return Err(refused("client_id of the document is not its own address"));
    }
    if let Some(secret) = ["client_secret", "client_secret_expires_at"]
        .iter()
        .find(|name| document.contains_key(**name))
    {
        return Err(refused(format!(
            "{secret} cannot stand in a public document"
        )));
    }
    methods(&document)?
        .into_iter()
        .map(|method| {
            let mut stated = document.clone();
            let name = method.as_str().into();
            stated.insert("token_endpoint_auth_method".to_owned(), name);
            let mut client = registration::read(stated, catalogue, Given::default())
                .map_err(|error| refused(error.description.as_str()))?;
            client.id = id.to_owned();
            client.origin = Origin::Document;
            // Nobody has looked at what it can do.
            client.require_pkce = Some(true);
            only_at_home(id, &mut client);
            Ok(client)
        })
        .collect()
}

/// Leaves out where the client would be told of a logout, unless that is on the very site that vouches for it: nobody has agreed to be called because somebody
/// else's document says so.
fn only_at_home(id: &str, client: &mut Client) {
    let origin = |text: &str| Url::parse(text).ok().map(|url| url.origin());
    let home = origin(id);
    let at_home = |uri: &String| origin(uri) == home;
    let logout = &mut client.logout;
    logout.backchannel_uri = logout.backchannel_uri.take().filter(at_home);
    logout.frontchannel_uri = logout.frontchannel_uri.take().filter(at_home);
    logout.backchannel_session_required &= logout.backchannel_uri.is_some();
    logout.frontchannel_session_required &= logout.frontchannel_uri.is_some();
}

/// Methods that no shared secret is needed for.
fn is_possible(method: Method) -> bool {
    matches!(
        method,
        Method::None
            | Method::PrivateKeyJwt
            | Method::TlsClientAuth
            | Method::SelfSignedTlsClientAuth
    )
}

fn methods(document: &Members) -> Result<Vec<Method>, Wire> {
    let parse = |value: &Value| serde_json::from_value::<Method>(value.clone()).ok();
    let mut methods = Vec::new();
    match document.get("token_endpoint_auth_method") {
        None | Some(Value::Null) => {}
        Some(value) => match parse(value).filter(|method| is_possible(*method)) {
            Some(method) => methods.push(method),
            None => {
                return Err(refused(
                    "token_endpoint_auth_method must be none, private_key_jwt, tls_client_auth or self_signed_tls_client_auth: nobody shares a secret with \
                     this client",
                ));
            }
        },
    }
    let choices = document.get("token_endpoint_auth_methods_supported");
    let choices = choices.and_then(Value::as_array).into_iter().flatten();
    for method in choices.filter_map(parse).filter(|one| is_possible(*one)) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    if methods.is_empty() {
        methods.push(Method::None);
    }
    Ok(methods)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_identifier_is_an_address_in_one_spelling_only() {
        for right in [
            "https://app.example/client.json",
            "https://app.example:8443/a/b?c=d",
            "https://xn--bcher-kva.example/c",
            "https://app.example/a%20b",
        ] {
            assert!(address(right, false).is_some(), "{right}");
        }
        for wrong in [
            "app",
            "https://app.example",
            "https://app.example/",
            "http://app.example/c",
            "HTTPS://app.example/c",
            "https://App.example/c",
            "https://app.example:443/c",
            "https://app.example./c",
            "https://app.example/c#f",
            "https://app.example/c#",
            "https://u@app.example/c",
            "https://u:p@app.example/c",
            "https://@app.example/c",
            "https://app.example/@c",
            "https://app.example/a/../c",
            "https://app.example/./c",
            "https://app.example/a/%2e%2e/c",
            "https://app.example/a/..",
            "https://app.example\\c",
            "https:/app.example/c",
            "https:app.example/c",
            "https:///app.example/c",
            "https://app.example/c d",
            "https://app.example/c\n",
            "https://bücher.example/c",
            "https://app%2eexample/c",
            "https://127.0.0.1/c",
            "https://2130706433/c",
            "https://0x7f000001/c",
            "https://[::1]/c",
            "https://10.0.0.1/c",
            "https://8.8.8.8/c",
            "https://localhost/c",
            "https://intranet/c",
            "ftp://app.example/c",
            "javascript://app.example/c",
        ] {
            assert!(address(wrong, false).is_none(), "{wrong}");
        }
        assert!(address(&format!("https://app.example/{}", "x".repeat(255)), false).is_none());
        for (local, allowed) in [
            ("http://127.0.0.1:8123/c", true),
            ("http://localhost:8123/c", true),
            ("http://app.example/c", false),
            ("http://10.0.0.1/c", false),
        ] {
            assert_eq!(address(local, true).is_some(), allowed, "{local}");
        }
    }

    #[test]
    fn a_document_is_fresh_as_its_server_says_within_bounds() {
        for (control, age, seconds) in [
            (None, None, 600),
            (Some("max-age=120"), None, 120),
            (Some("public, Max-Age=\"300\""), Some("100"), 200),
            (Some("max-age=1"), None, 60),
            (Some("max-age=99999999"), None, 86_400),
            (Some("max-age=99999999999999999999"), None, 600),
            (Some("max-age=-5"), None, 60),
            (Some("no-store"), None, 60),
            (Some("max-age=900, no-cache"), None, 60),
            (Some("max-age=300"), Some("nonsense"), 300),
            (Some("private"), None, 600),
        ] {
            assert_eq!(freshness(control, age), seconds, "{control:?} {age:?}");
        }
    }

    const ID: &str = "https://app.example/client.json";

    fn read_with(change: Value) -> Result<Described, Wire> {
        let mut document = json!({"client_id": ID, "redirect_uris": ["https://app.example/cb"]});
        for (name, value) in change.as_object().unwrap() {
            document[name] = value.clone();
        }
        let Value::Object(members) = document else {
            panic!()
        };
        read(ID, members, &Catalogue::default())
    }

    #[test]
    fn a_client_may_name_several_methods_but_no_shared_secret() {
        let of = |change: Value| {
            let described = read_with(change)?;
            let method = |client: &Client| client.token_endpoint_auth_method.unwrap();
            Ok::<_, Wire>(described.iter().map(method).collect::<Vec<_>>())
        };
        let (none, signs) = (Method::None, Method::PrivateKeyJwt);
        assert_eq!(of(json!({})).unwrap(), [none]);
        let one = json!({"token_endpoint_auth_method": "private_key_jwt"});
        assert_eq!(of(one).unwrap(), [signs]);
        let choices = json!({"token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt", "magic", "none", 7]});
        assert_eq!(of(choices).unwrap(), [signs, none]);
        let both = json!({"token_endpoint_auth_method": "none", "token_endpoint_auth_methods_supported": ["private_key_jwt"]});
        assert_eq!(of(both).unwrap(), [none, signs]);
        for wrong in [
            json!({"token_endpoint_auth_method": "client_secret_basic"}),
            json!({"token_endpoint_auth_method": "client_secret_jwt"}),
            json!({"token_endpoint_auth_method": "magic"}),
            json!({"client_secret": "x"}),
            json!({"client_secret_expires_at": 0}),
            json!({"client_id": "https://app.example/client.json/"}),
            json!({"client_id": "https://app.example/Client.json"}),
            json!({"client_id": 7}),
        ] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_as_it_stands(id in "https?://[a-z0-9.:@%/#?\\\\\\[\\]_-]{1,40}") {
            if let Some(url) = address(&id, false) {
                prop_assert_eq!(url.as_str(), id.as_str());
                prop_assert!(url.fragment().is_none() && url.username().is_empty() && url.scheme() == "https");
            }
        }
    }
}
