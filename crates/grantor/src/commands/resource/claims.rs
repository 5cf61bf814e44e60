//! Claims that scopes tell about people: options of `grantor resource create` and `update`.

use realm::Resource;
use realm::resources::{Place, ScopeClaim};

use super::super::given::pair;
use super::scope;
use crate::failure::Failure;

/// Writes what was said of claims, of where they are told and of which are elsewhere.
pub(super) fn apply(
    resource: &mut Resource,
    (claims, places, elsewhere): (&[String], &[String], &[String]),
) -> Result<(), Failure> {
    for given in claims {
        let (name, value) = pair("--claim", given)?;
        let (of, name) = name
            .split_once(':')
            .ok_or_else(|| format!("--claim: `{name}` is not SCOPE:NAME"))?;
        let all = &mut scope(resource, of)?.claims;
        match all.iter_mut().find(|claim| claim.name == name) {
            Some(claim) => value.clone_into(&mut claim.value),
            None => all.push(ScopeClaim {
                name: name.to_owned(),
                value: value.to_owned(),
                places: vec![Place::Userinfo],
                elsewhere: false,
            }),
        }
    }
    for given in places {
        let (name, places) = pair("--claim-in", given)?;
        let places: Vec<Place> = places
            .split(',')
            .map(|place| serde_json::from_value(place.into()))
            .collect::<Result<_, _>>()
            .map_err(|_| {
                format!("--claim-in: `{places}` is not made of id_token, userinfo and access_token")
            })?;
        claim(resource, "--claim-in", name)?.places = places;
    }
    for name in elsewhere {
        claim(resource, "--claim-elsewhere", name)?.elsewhere = true;
    }
    Ok(())
}

fn claim<'a>(
    resource: &'a mut Resource,
    option: &str,
    name: &str,
) -> Result<&'a mut ScopeClaim, Failure> {
    let mut all = resource
        .scopes
        .iter_mut()
        .flat_map(|scope| &mut scope.claims);
    all.find(|claim| claim.name == name).ok_or_else(|| {
        format!("{option}: no scope has the claim `{name}`: add --claim SCOPE:{name}=EXPRESSION")
            .into()
    })
}
