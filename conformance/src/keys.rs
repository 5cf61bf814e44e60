//! Keys for clients: an RSA key for PS256 as a public and a private JWK (RFC 7517, RFC 7518 §6.3). With RSA, since some modules ask what happens when such
//! a key signs with an algorithm that FAPI does not allow.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use serde_json::{Value, json};

use crate::Failure;
use crate::authority::Authority;

/// The keys of a plan, by their names.
pub(crate) struct Keys(BTreeMap<String, Pair>);

impl Keys {
    /// New ones of these names.
    pub(crate) fn generate(names: &[String]) -> Result<Self, Failure> {
        let made = |name: &String| Ok((name.clone(), generate(name)?));
        let pairs = names.iter().map(made).collect::<Result<_, Failure>>()?;
        Ok(Self(pairs))
    }

    /// The private half of one.
    pub(crate) fn private(&self, name: &str) -> Option<&Value> {
        self.0.get(name).map(|pair| &pair.private)
    }

    /// A text with the public halves in their places, each as a JWK set.
    pub(crate) fn written(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, pair)| {
            let set = json!({"keys": [pair.public]});
            text.replace(&format!("{{{name}}}"), &set.to_string())
        })
    }

    /// JSON with the halves in the places of the texts that name them, each as a JWK set.
    pub(crate) fn placed(&self, value: Value) -> Value {
        match value {
            Value::String(text) => {
                let named = |(name, pair): (&String, &Pair)| {
                    if text == format!("{{{name}}}") {
                        return Some(json!({"keys": [pair.public]}));
                    }
                    (text == format!("{{private {name}}}")).then(|| json!({"keys": [pair.private]}))
                };
                let key = self.0.iter().find_map(named);
                key.unwrap_or(Value::String(text))
            }
            Value::Array(items) => items.into_iter().map(|item| self.placed(item)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, member)| (name, self.placed(member)))
                .collect(),
            other => other,
        }
    }
}

/// Both halves of a key, each as a JWK.
pub(crate) struct Pair {
    /// For grantor.
    pub(crate) public: Value,
    /// For the suite, which signs with it.
    pub(crate) private: Value,
}

/// The numbers of an `RSAPrivateKey` after its version (RFC 8017 §A.1.2), by their names in a JWK.
const NUMBERS: [&str; 8] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;

/// A new key of that name.
pub(crate) fn generate(kid: &str) -> Result<Pair, Failure> {
    let pair = KeyPair::generate(KeySize::Rsa2048)?;
    let der: Pkcs8V1Der<'_> = pair.as_der()?;
    let numbers = numbers(der.as_ref()).ok_or("the new key cannot be read")?;
    let mut public = json!({"kty": "RSA", "kid": kid, "alg": "PS256", "use": "sig"});
    let mut private = public.clone();
    for (name, number) in NUMBERS.into_iter().zip(numbers) {
        let text: Value = Base64UrlUnpadded::encode_string(&number).into();
        if matches!(name, "n" | "e") {
            public[name] = text.clone();
        }
        private[name] = text;
    }
    Ok(Pair { public, private })
}

/// A new key of an attester for ES256, with a certificate of this authority in its private half, since the suite puts that into what it signs.
pub(crate) fn attester(authority: &Authority) -> Result<Pair, Failure> {
    let key = rcgen::KeyPair::generate()?;
    let certificate = authority.sign("attester", &key)?;
    let mut pair = of_curve(&key, "attester")?;
    pair.private["x5c"] = json!([Base64::encode_string(&certificate)]);
    Ok(pair)
}

/// A new key for ES256 of that name: the only one that the suite's wallets take.
pub(crate) fn curve(kid: &str) -> Result<Pair, Failure> {
    of_curve(&rcgen::KeyPair::generate()?, kid)
}

fn of_curve(key: &rcgen::KeyPair, kid: &str) -> Result<Pair, Failure> {
    let point = key.public_key_raw();
    let (x, y) = point
        .strip_prefix(&[4])
        .and_then(|numbers| numbers.split_at_checked(32))
        .ok_or("the new key is not a point")?;
    let scalar = scalar(&key.serialize_der()).ok_or("the new key cannot be read")?;
    let encode = Base64UrlUnpadded::encode_string;
    let public = json!({
        "kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "use": "sig", "x": encode(x), "y": encode(y),
    });
    let mut private = public.clone();
    private["d"] = encode(&scalar).into();
    Ok(Pair { public, private })
}

/// The number in the `PrivateKeyInfo` of an elliptic curve key (RFC 5915 §3).
fn scalar(der: &[u8]) -> Option<Vec<u8>> {
    let (info, _) = element(der, SEQUENCE)?;
    let (_, rest) = element(info, INTEGER)?;
    let (_, rest) = element(rest, SEQUENCE)?;
    let (key, _) = element(rest, OCTETS)?;
    let (key, _) = element(key, SEQUENCE)?;
    let (_, rest) = element(key, INTEGER)?;
    let (number, _) = element(rest, OCTETS)?;
    Some(number.to_vec())
}

/// The numbers in the `PrivateKeyInfo` (RFC 5208 §5) of an RSA key, without leading zeros.
fn numbers(der: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (info, _) = element(der, SEQUENCE)?;
    let (_, rest) = element(info, INTEGER)?;
    let (_, rest) = element(rest, SEQUENCE)?;
    let (key, _) = element(rest, OCTETS)?;
    let (key, _) = element(key, SEQUENCE)?;
    let (_, mut rest) = element(key, INTEGER)?;
    let mut found = Vec::new();
    for _ in NUMBERS {
        let (number, after) = element(rest, INTEGER)?;
        let start = number.iter().position(|byte| *byte != 0)?;
        found.push(number[start..].to_vec());
        rest = after;
    }
    Some(found)
}

/// The first element, which must have this tag: its content, and what follows.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let length = digits
            .iter()
            .fold(0, |sum, digit| (sum << 8) | usize::from(*digit));
        (length, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_an_attester_has_a_certificate() {
        let pair = attester(&Authority::new().unwrap()).unwrap();
        for name in ["x", "y", "d"] {
            assert_eq!(pair.private[name].as_str().unwrap().len(), 43, "{name}");
        }
        assert!(pair.private["x5c"][0].is_string() && pair.public.get("d").is_none());
    }

    #[test]
    fn only_the_private_half_holds_the_secrets() {
        let pair = generate("one").unwrap();
        for name in &NUMBERS[2..] {
            assert!(pair.public.get(name).is_none(), "{name}");
            // 1024 bits, but for the private exponent.
            let length = pair.private[name].as_str().unwrap().len();
            assert!(
                if *name == "d" {
                    length > 330
                } else {
                    length > 160
                },
                "{name} {length}"
            );
        }
        assert_eq!(pair.public["n"].as_str().unwrap().len(), 342);
        assert_eq!(pair.public["e"], "AQAB");
        assert_eq!(pair.private["n"], pair.public["n"]);
    }
}
