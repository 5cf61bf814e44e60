//! How long what was fetched may be taken as it is (RFC 9111 §4.2, §5.2.2).

/// Bounds in seconds: the least, the most, and what holds where nothing is said.
pub type Bounds = (i64, i64, i64);

/// How long it is fresh, in seconds: as its server says, within bounds.
pub fn within((least, most, usual): Bounds, cache_control: Option<&str>, age: Option<&str>) -> i64 {
    let mut said = None;
    for directive in cache_control.unwrap_or_default().split(',') {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return least,
            "max-age" => said = value.trim().trim_matches('"').parse::<i64>().ok().or(said),
            _ => {}
        }
    }
    let age = age.and_then(|age| age.trim().parse::<i64>().ok());
    said.map_or(usual, |seconds| {
        seconds.saturating_sub(age.unwrap_or(0)).clamp(least, most)
    })
}
