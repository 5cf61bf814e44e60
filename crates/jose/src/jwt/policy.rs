//! What a token must be to be accepted.

use super::claims::{Audiences, Registered};
use crate::{Algorithm, Error};

/// What a caller accepts. Every field must be stated; there is no default.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// Who must have issued it (`iss`).
    pub issuer: Issuer<'a>,
    /// Whom it must be meant for (`aud`).
    pub audience: Audience<'a>,
    /// The algorithms that are acceptable; none other, whatever the keys could do.
    pub algorithms: &'a [Algorithm],
    /// What kind of token it must be (`typ`).
    pub typ: Type<'a>,
    /// How its times are judged (`exp`, `nbf`, `iat`).
    pub lifetime: Lifetime,
    /// The time, unix seconds.
    pub now: i64,
    /// How far clocks may differ, seconds; negative counts as 0.
    pub leeway: i64,
}

/// The expected `iss` (RFC 7519 §4.1.1), compared exactly.
#[derive(Clone, Copy, Debug)]
pub enum Issuer<'a> {
    /// This one; a token without `iss` is refused.
    Is(&'a str),
    /// Not looked at: for tokens whose key alone says who made them, as DPoP proofs.
    Unchecked,
}

/// The expected `aud` (RFC 7519 §4.1.3), compared exactly.
#[derive(Clone, Copy, Debug)]
pub enum Audience<'a> {
    /// `aud` is or contains this value.
    Includes(&'a str),
    /// `aud` is or contains one of these values.
    IncludesAny(&'a [&'a str]),
    /// Not looked at: for tokens that have no audience, as DPoP proofs.
    Unchecked,
}

/// The expected `typ` (RFC 8725 §3.11): case-insensitive, with or without `application/`.
#[derive(Clone, Copy, Debug)]
pub enum Type<'a> {
    /// This one, `at+jwt` for instance.
    Is(&'a str),
    /// One of these.
    OneOf(&'a [&'a str]),
    /// Absent or `JWT`: ID tokens and others from before explicit typing. Refuses explicitly typed tokens of other kinds.
    Plain,
    /// Not looked at: for kinds whose specification leaves `typ` open, when nothing else of the same issuer could be mistaken for them.
    Unchecked,
}

/// How `exp`, `nbf` and `iat` are judged. Whatever is chosen, `nbf` or `iat` in the future is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// `exp` is required and must lie in the future.
    Expires,
    /// `iat` is required and must not be older than this, in seconds; `exp` counts when present. For DPoP proofs.
    Fresh(i64),
    /// `exp` may be absent or past. For an `id_token_hint`, which says who signed in and grants nothing.
    Unlimited,
}

impl Policy<'_> {
    pub(super) fn check_header(
        &self,
        algorithm: Algorithm,
        typ: Option<&str>,
    ) -> Result<(), Error> {
        if !self.algorithms.contains(&algorithm) {
            return Err(Error::AlgorithmNotAllowed);
        }
        if self.typ.admits(typ) {
            Ok(())
        } else {
            Err(Error::WrongType)
        }
    }

    pub(super) fn check_claims(&self, claims: &Registered<'_>) -> Result<(), Error> {
        self.check_issuer(claims)?;
        self.check_audience(claims)?;
        self.check_times(claims)
    }

    fn check_issuer(&self, claims: &Registered<'_>) -> Result<(), Error> {
        match (self.issuer, &claims.issuer) {
            (Issuer::Unchecked, _) => Ok(()),
            (Issuer::Is(_), None) => Err(Error::MissingClaim("iss")),
            (Issuer::Is(expected), Some(found)) if expected == found => Ok(()),
            (Issuer::Is(_), Some(_)) => Err(Error::WrongIssuer),
        }
    }

    fn check_audience(&self, claims: &Registered<'_>) -> Result<(), Error> {
        let expected = match &self.audience {
            Audience::Unchecked => return Ok(()),
            Audience::Includes(one) => std::slice::from_ref(one),
            Audience::IncludesAny(several) => several,
        };
        let found = match &claims.audience {
            Audiences::None => return Err(Error::MissingClaim("aud")),
            Audiences::One(one) => std::slice::from_ref(one),
            Audiences::Many(several) => several,
        };
        if found.iter().any(|it| expected.contains(&&**it)) {
            Ok(())
        } else {
            Err(Error::WrongAudience)
        }
    }

    fn check_times(&self, claims: &Registered<'_>) -> Result<(), Error> {
        let leeway = self.leeway.max(0);
        let latest = self.now.saturating_add(leeway);
        let earliest = self.now.saturating_sub(leeway);
        match (self.lifetime, claims.expires) {
            (Lifetime::Expires, None) => return Err(Error::MissingClaim("exp")),
            (Lifetime::Expires | Lifetime::Fresh(_), Some(exp)) if exp <= earliest => {
                return Err(Error::Expired);
            }
            _ => {}
        }
        if let Lifetime::Fresh(age) = self.lifetime {
            let issued = claims.issued.ok_or(Error::MissingClaim("iat"))?;
            if issued < earliest.saturating_sub(age.max(0)) {
                return Err(Error::Expired);
            }
        }
        if claims.not_before.is_some_and(|nbf| nbf > latest)
            || claims.issued.is_some_and(|iat| iat > latest)
        {
            return Err(Error::NotYetValid);
        }
        Ok(())
    }
}

impl Type<'_> {
    fn admits(&self, typ: Option<&str>) -> bool {
        match self {
            Self::Unchecked => true,
            Self::Is(expected) => typ.is_some_and(|typ| same_type(typ, expected)),
            Self::OneOf(several) => {
                typ.is_some_and(|typ| several.iter().any(|it| same_type(typ, it)))
            }
            Self::Plain => typ.is_none_or(|typ| same_type(typ, "JWT")),
        }
    }
}

/// RFC 7515 §4.1.9: `application/` may be left out when no other `/` follows.
fn same_type(one: &str, other: &str) -> bool {
    fn short(typ: &str) -> &str {
        match typ.split_at_checked(12) {
            Some((prefix, rest))
                if prefix.eq_ignore_ascii_case("application/") && !rest.contains('/') =>
            {
                rest
            }
            _ => typ,
        }
    }
    short(one).eq_ignore_ascii_case(short(other))
}
