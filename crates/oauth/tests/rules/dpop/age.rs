//! RFC 9449 §4.3 items 10 and 12, §8, §11.1.

use oauth::dpop::{FUTURE, Full, HORIZON, Nonces, PAST, Proof, Refused, SLOT, Seen, make};
use proptest::prelude::*;

use super::{NOW, URL, judge, key};

fn proof(nonce: Option<&str>, iat: i64) -> Proof {
    let text = make(&key(), ("POST", URL), None, nonce, ("1", iat)).unwrap();
    judge(&text, None).unwrap()
}

fn nonces() -> Nonces {
    Nonces::new(&[1; 32])
}

#[test]
fn without_a_nonce_its_own_time_counts() {
    for (iat, fresh) in [
        (NOW, Ok(NOW + PAST + 1)),
        (NOW - PAST, Ok(NOW + 1)),
        (NOW - PAST - 1, Err(Refused::Time)),
        (NOW + FUTURE, Ok(NOW + FUTURE + PAST + 1)),
        (NOW + FUTURE + 1, Err(Refused::Time)),
        (i64::MAX, Err(Refused::Time)),
        (i64::MIN, Err(Refused::Time)),
    ] {
        let proof = proof(None, iat);
        assert_eq!(proof.fresh(Some(&nonces()), false, NOW), fresh, "{iat}");
        assert_eq!(
            proof.fresh(Some(&nonces()), true, NOW),
            Err(Refused::NonceMissing)
        );
    }
}

#[test]
fn a_nonce_vouches_for_a_proof_whose_clock_is_wrong() {
    let nonce = nonces().current(NOW);
    for iat in [NOW, NOW - 86_400, NOW + 86_400] {
        let proof = proof(Some(&nonce), iat);
        for demanded in [false, true] {
            assert!(proof.fresh(Some(&nonces()), demanded, NOW).is_ok());
            let late = NOW + 2 * SLOT;
            let refused = proof.fresh(Some(&nonces()), demanded, late);
            assert_eq!(refused, Err(Refused::Nonce));
        }
    }
    let elsewhere = proof(Some("from another server"), NOW);
    assert_eq!(
        elsewhere.fresh(Some(&nonces()), false, NOW),
        Err(Refused::Nonce)
    );
    assert!(elsewhere.fresh(None, false, NOW).is_ok());
    assert_eq!(
        proof(Some(&nonce), 0).fresh(None, false, NOW),
        Err(Refused::Clock)
    );
}

#[test]
fn a_nonce_of_another_key_is_none() {
    let other = Nonces::new(&[2; 32]);
    assert_eq!(nonces().accepted_until(&other.current(NOW), NOW), None);
    let own = nonces().current(NOW);
    for altered in ["", &own[1..], &own.to_lowercase(), &format!("{own}A")] {
        assert_eq!(nonces().accepted_until(altered, NOW), None, "{altered}");
    }
}

proptest! {
    /// A nonce is good for one slot at least and two at most, and until just when it says.
    #[test]
    fn a_nonce_lives_for_a_while(made in 0i64..4_000_000_000, later in 0i64..3 * SLOT) {
        let nonce = nonces().current(made);
        let until = nonces().accepted_until(&nonce, made).unwrap();
        prop_assert!((made + SLOT..=made + 2 * SLOT).contains(&until));
        prop_assert_eq!(nonces().accepted_until(&nonce, made + later).is_some(), made + later < until);
        // At a node whose clock is a little behind.
        prop_assert!(nonces().accepted_until(&nonce, made - 10).is_some());
    }

    /// As long as a proof would be fresh, it is remembered, whatever else comes.
    #[test]
    fn a_proof_passes_once(start in 0i64..4_000_000_000, waits in proptest::collection::vec(0i64..200, 1..40)) {
        let seen = Seen::new(1_000_000);
        let mut now = start;
        let mut first: std::collections::HashMap<u8, i64> = std::collections::HashMap::new();
        for (number, wait) in waits.into_iter().enumerate() {
            now += wait;
            let name = (number % 5) as u8;
            let mut id = [name; 32];
            id[16] = 0;
            let new = seen.remember(&id, now).unwrap();
            match first.get(&name) {
                Some(at) if now - at < HORIZON => prop_assert!(!new),
                None => prop_assert!(new),
                Some(_) => {}
            }
            if new {
                first.insert(name, now);
            }
        }
    }
}

#[test]
fn a_full_memory_lets_nothing_more_in_until_time_passes() {
    let seen = Seen::new(32);
    let id = |number: u32| {
        let mut id = [0; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        id
    };
    assert_eq!(seen.remember(&id(0), NOW), Ok(true));
    assert_eq!(seen.remember(&id(1), NOW), Ok(true));
    assert_eq!(seen.remember(&id(2), NOW), Err(Full));
    assert_eq!(seen.remember(&id(0), NOW), Ok(false));
    assert_eq!(seen.remember(&id(2), NOW + HORIZON), Ok(true));
    assert_eq!(seen.remember(&id(0), NOW + HORIZON), Ok(false));
    assert_eq!(seen.remember(&id(0), NOW + 4 * HORIZON), Ok(true));
}
