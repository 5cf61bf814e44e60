use super::{Carrier, ResponseMode};
use crate::redirect_uri::ReturnTo;

/// Where to send the browser with these parameters: the redirect URI with the pairs added to whatever query it has, or in its fragment; for a form the
/// redirect URI itself, which is the form's `action`.
pub fn response_url(to: &ReturnTo, mode: ResponseMode, pairs: &[(&str, &str)]) -> String {
    match mode.carrier() {
        Carrier::Query => with_query(to.as_str(), pairs),
        // It has no fragment of its own: such a one is never matched.
        Carrier::Fragment => format!("{}#{}", to.as_str(), encoded(pairs)),
        Carrier::FormPost => to.as_str().to_owned(),
    }
}

/// Adds pairs to the query of a URI that has no fragment; what stands there already stays as it is (RFC 6749 §3.1.2).
pub fn with_query(uri: &str, pairs: &[(&str, &str)]) -> String {
    let mut url = uri.to_owned();
    if pairs.is_empty() {
        return url;
    }
    match url.split_once('?') {
        None => url.push('?'),
        Some((_, query)) if query.is_empty() || query.ends_with('&') => {}
        Some(_) => url.push('&'),
    }
    url + &encoded(pairs)
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
