//! Security headers.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, PRAGMA, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A page's Content-Security-Policy. The default allows our own stylesheet and images and forms to ourselves: no script, no frame, no
/// other host. Sources that are not well formed are left out.
#[derive(Clone, Debug, Default)]
pub struct Csp {
    /// Where forms may lead beside ourselves, redirects after the POST included (Chromium checks them too): origins, or `scheme:` for a
    /// private-use scheme.
    pub form_action: Vec<String>,
    /// Origins that the page may frame (front-channel logout).
    pub frame_src: Vec<String>,
    /// Whether scripts from our own host may run and call it. Inline ones never.
    pub scripts: bool,
    /// Whether the page cuts its ties with a window that opened it (`Cross-Origin-Opener-Policy: same-origin`). Not for sign-in and consent:
    /// applications run those in a popup and wait for it.
    pub isolate: bool,
}

impl Csp {
    /// A policy whose forms may also lead to `sources`.
    pub fn form_action<S: Into<String>>(sources: impl IntoIterator<Item = S>) -> Self {
        Self {
            form_action: sources.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// The same policy, with scripts from our own host.
    pub fn with_scripts(mut self) -> Self {
        self.scripts = true;
        self
    }

    /// The same policy, isolated from the window that opened the page.
    pub fn isolated(mut self) -> Self {
        self.isolate = true;
        self
    }

    /// The header's value.
    pub fn header(&self) -> HeaderValue {
        let mut text = String::from(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
        );
        push_sources(&mut text, &self.form_action);
        let mut frames = String::new();
        push_sources(&mut frames, &self.frame_src);
        if !frames.is_empty() {
            text.push_str("; frame-src");
            text.push_str(&frames);
        }
        if self.scripts {
            text.push_str("; script-src 'self'; connect-src 'self'");
        }
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
    }
}

fn push_sources(text: &mut String, sources: &[String]) {
    for source in sources.iter().filter(|source| is_source(source)) {
        text.push(' ');
        text.push_str(source);
    }
}

/// A scheme or host source without anything that could end the directive or widen it to everything.
fn is_source(source: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_graphic() && !b";,'\"*<>\\`".contains(&byte);
    !source.is_empty() && source.contains(':') && source.bytes().all(safe)
}

/// Never stored by a browser or a proxy (RFC 6749 §5.1, RFC 9111 §5.2.2.5).
pub fn no_store(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
}

/// What every response carries, unless its handler chose otherwise: no sniffing, no framing, no referrer to other hosts.
///
/// The referrer policy is `same-origin`, not `no-referrer`: under the latter browsers send `Origin: null` with our own forms, and the origin
/// check could not tell them from foreign ones where `Sec-Fetch-Site` is missing (plain http).
pub fn secure(headers: &mut HeaderMap) {
    set(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, REFERRER_POLICY, "same-origin");
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        set(
            headers,
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        );
        set(headers, X_FRAME_OPTIONS, "DENY");
    }
}

/// What every page carries: [`secure`], its policy, no storing, no powerful features.
pub fn page(headers: &mut HeaderMap, csp: &Csp) {
    headers.insert(CONTENT_SECURITY_POLICY, csp.header());
    set(headers, X_FRAME_OPTIONS, "DENY");
    set(
        headers,
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()",
    );
    set(
        headers,
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    if csp.isolate {
        set(
            headers,
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        );
    }
    no_store(headers);
    secure(headers);
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers
        .entry(name)
        .or_insert(HeaderValue::from_static(value));
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(csp: &Csp) -> String {
        csp.header().to_str().unwrap().to_owned()
    }

    #[test]
    fn the_default_policy_allows_no_script_and_no_frame() {
        let policy = text(&Csp::default());
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("script-src") && !policy.contains("frame-src"));
        assert!(policy.ends_with("form-action 'self'") && !policy.contains("unsafe"));
    }

    #[test]
    fn a_matched_redirect_is_named_as_form_action() {
        let csp = Csp::form_action(["https://app.example", "com.example.app:"]);
        assert!(text(&csp).ends_with("form-action 'self' https://app.example com.example.app:"));
    }

    #[test]
    fn a_source_that_would_end_the_directive_or_match_everything_is_left_out() {
        let csp = Csp::form_action([
            "https://a;script-src https://b",
            "*",
            "'unsafe-inline'",
            "https://*.example",
            "https://a\r\nx:y",
        ]);
        assert!(text(&csp).ends_with("form-action 'self'"));
    }
}
