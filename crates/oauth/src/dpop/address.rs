//! Comparing `htu` with the address of the request (RFC 9449 §4.3 item 9): by the normalisation of RFC 3986 §6.2.2 and §6.2.3, without query and
//! fragment. Strict where a URL parser for browsers is not: what is no URI of RFC 3986 equals nothing.

/// Longest address that is looked at, in bytes.
const MAX: usize = 8 * 1024;

/// The normal form of an http or https URI without query and fragment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address(String);

impl Address {
    /// The normal form of `uri`; `None` when it is not an absolute http or https URI of RFC 3986, names a user, or is longer than 8 KiB.
    pub fn parse(uri: &str) -> Option<Self> {
        if uri.len() > MAX || !uri.bytes().all(allowed) {
            return None;
        }
        let end = uri.find(['?', '#']).unwrap_or(uri.len());
        let (scheme, rest) = uri.get(..end)?.split_once("://")?;
        let (scheme, default) = match scheme.to_ascii_lowercase().as_str() {
            "https" => ("https", 443),
            "http" => ("http", 80),
            _ => return None,
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (host, port) = host_and_port(authority)?;
        let mut normal = format!("{scheme}://{}", host.to_ascii_lowercase());
        if let Some(port) = port.filter(|port| *port != default) {
            normal.push_str(&format!(":{port}"));
        }
        normal.push_str(&without_dots(&decoded(path)?));
        Some(Self(normal))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The characters of a URI (RFC 3986 §2).
fn allowed(byte: u8) -> bool {
    unreserved(byte) || b":/?#[]@!$&'()*+,;=%".contains(&byte)
}

fn unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// A host without user, and the port if one is named (an empty one is none, §3.2.3).
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address are inside of its brackets.
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (authority, ""),
    };
    let name = match host.strip_prefix('[') {
        Some(literal) => literal.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    if name.is_empty() || name.contains(['@', '[', ']', '%']) {
        return None;
    }
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let port = match port {
        "" => None,
        digits => Some(digits.parse().ok()?),
    };
    Some((host, port))
}

/// Percent-encoded octets: decoded when unreserved, else with capital digits (§6.2.2.1, §6.2.2.2).
fn decoded(path: &str) -> Option<String> {
    if !path.contains('%') {
        return Some(path.to_owned());
    }
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let digits = after.get(..2)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let octet = u8::from_str_radix(digits, 16).ok()?;
        if unreserved(octet) {
            out.push(char::from(octet));
        } else {
            out.push('%');
            out.push_str(&digits.to_ascii_uppercase());
        }
        rest = after.get(2..)?;
    }
    out.push_str(rest);
    Some(out)
}

/// The path without its dot-segments (§5.2.4); never empty (§6.2.3).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}
