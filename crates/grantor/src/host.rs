//! Which host a request is for. Two answers to that would be one too many: what contradicts itself is refused.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use axum::extract::Request;
use http::header::HOST;
use http::{HeaderName, HeaderValue, Version};

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The request names no host, several, or something that is none (RFC 9112 §3.2, RFC 9113 §8.3.1): answer 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unclear;

/// Where a proxy that is trusted to do so names the host, puts that into `Host`.
pub(crate) fn take_forwarded(request: &mut Request) -> Result<(), Unclear> {
    let Some(named) = single(request, &FORWARDED_HOST)? else {
        return Ok(());
    };
    let named = named.clone();
    // Several hops: nobody says which of them wrote what.
    if named.as_bytes().contains(&b',') {
        return Err(Unclear);
    }
    if request.uri().authority().is_some() {
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.ok_or(Unclear)?.into();
    }
    request.headers_mut().insert(HOST, named);
    Ok(())
}

/// The authority that the request is for, in small letters and without a port that is the scheme's own. `None` when an old client names none.
pub(crate) fn asked(request: &Request) -> Result<Option<Cow<'_, str>>, Unclear> {
    let host = single(request, &HOST)?;
    let host = host
        .map(|host| host.to_str().map_err(|_| Unclear))
        .transpose()?;
    match (host, request.uri().authority()) {
        (None, None) if request.version() == Version::HTTP_11 => Err(Unclear),
        (None, None) => Ok(None),
        (Some(host), None) => normal(host).map(Some),
        (None, Some(authority)) => normal(authority.as_str()).map(Some),
        (Some(host), Some(authority)) => {
            let (host, authority) = (normal(host)?, normal(authority.as_str())?);
            if host == authority {
                Ok(Some(host))
            } else {
                Err(Unclear)
            }
        }
    }
}

fn single<'a>(request: &'a Request, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Unclear> {
    let mut values = request.headers().get_all(name).iter();
    let first = values.next();
    match values.next() {
        None => Ok(first),
        Some(_) => Err(Unclear),
    }
}

fn normal(text: &str) -> Result<Cow<'_, str>, Unclear> {
    // Nearly always a name and perhaps a port, for which nothing needs to be taken apart.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (text, ""),
    };
    if !port.is_empty()
        && (!port.bytes().all(|b| b.is_ascii_digit()) || port.parse::<u16>().is_err())
    {
        return Err(Unclear);
    }
    if host.is_empty() {
        return Err(Unclear);
    }
    if !host.bytes().all(plain) && !is_bracketed(host) {
        return Err(Unclear);
    }
    let end = match port {
        "" | "80" | "443" => host.len(),
        _ => text.len(),
    };
    let kept = &text[..end];
    Ok(if kept.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(kept.to_ascii_lowercase())
    } else {
        Cow::Borrowed(kept)
    })
}

fn is_bracketed(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(uri: &str, hosts: &[&str]) -> Request {
        let mut request = Request::builder().uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(Body::empty()).unwrap()
    }

    fn seen(uri: &str, hosts: &[&str]) -> Result<Option<String>, Unclear> {
        let request = request(uri, hosts);
        asked(&request).map(|host| host.map(Cow::into_owned))
    }

    #[test]
    fn a_host_is_compared_without_case_and_without_the_port_of_its_scheme() {
        for (written, meant) in [
            ("login.acme.example", "login.acme.example"),
            ("Login.ACME.example:443", "login.acme.example"),
            ("login.acme.example:80", "login.acme.example"),
            ("login.acme.example:", "login.acme.example"),
            ("login.acme.example:8443", "login.acme.example:8443"),
            ("login.acme.example.", "login.acme.example."),
            ("[::1]", "[::1]"),
            ("[::1]:8080", "[::1]:8080"),
            ("[2001:DB8::1]:443", "[2001:db8::1]"),
        ] {
            assert_eq!(seen("/", &[written]), Ok(Some(meant.to_owned())));
        }
    }

    /// RFC 9112 §3.2 and §3.2.2, RFC 9113 §8.3.1.
    #[test]
    fn a_request_that_contradicts_itself_is_refused() {
        for hosts in [
            &["a", "a"][..],
            &["a", "b"],
            &["a@b"],
            &["a:b"],
            &["a:99999"],
            &["a:+1"],
            &["a/b"],
            &["a b"],
            &["a,b"],
            &[":80"],
            &[""],
            &["[::1"],
            &[],
        ] {
            assert_eq!(seen("/", hosts), Err(Unclear), "{hosts:?}");
        }
        assert_eq!(seen("https://a/", &["b"]), Err(Unclear));
        assert_eq!(seen("https://u@a/", &[]), Err(Unclear));
        assert_eq!(seen("https://a:443/", &["A"]), Ok(Some("a".into())));
        assert_eq!(seen("https://a/", &[]), Ok(Some("a".into())));
        let mut old = request("/", &[]);
        *old.version_mut() = Version::HTTP_10;
        assert_eq!(asked(&old), Ok(None));
    }

    #[test]
    fn a_proxys_word_takes_the_place_of_the_host() {
        let named = |names: &[&'static str]| {
            let mut request = request("https://inner/x", &["inner"]);
            for name in names {
                let value = HeaderValue::from_static(name);
                request.headers_mut().append(FORWARDED_HOST, value);
            }
            take_forwarded(&mut request)?;
            asked(&request).map(|host| host.map(Cow::into_owned))
        };
        assert_eq!(named(&["outer"]), Ok(Some("outer".into())));
        assert_eq!(named(&[]), Ok(Some("inner".into())));
        assert_eq!(named(&["outer, other"]), Err(Unclear));
        assert_eq!(named(&["outer", "other"]), Err(Unclear));
    }
}
