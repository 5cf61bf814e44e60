//! Grant types as people name them.

use realm::GrantType;

/// The grant type of that name. People may leave out what comes before the last colon.
pub(super) fn named(text: &str) -> Result<GrantType, String> {
    let is_named = |name: &str| name == text || name.rsplit(':').next() == Some(text);
    GrantType::ALL
        .into_iter()
        .find(|grant| is_named(grant.as_str()))
        .ok_or_else(|| {
            let known = GrantType::ALL.map(GrantType::as_str).join(", ");
            format!("`{text}` is not a grant type; there are {known}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_type_may_be_named_by_its_last_segment() {
        for grant in GrantType::ALL {
            assert_eq!(named(grant.as_str()), Ok(grant));
            let last = grant.as_str().rsplit(':').next().unwrap();
            assert_eq!(named(last), Ok(grant));
        }
        for text in ["", "code", "grant-type:device_code", "urn", "device_code "] {
            assert!(named(text).is_err(), "{text}");
        }
    }
}
