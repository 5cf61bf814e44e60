//! Metadata policies of a federation: what two of them make of metadata together, each alone leaves as it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::federation::{Constraints, MetadataPolicy};
use serde_json::Value;

const TYPE: &str = "openid_relying_party";

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut lines = text.lines().map(serde_json::from_str::<Value>);
    let (Some(Ok(above)), Some(Ok(below)), Some(Ok(Value::Object(metadata)))) =
        (lines.next(), lines.next(), lines.next())
    else {
        return;
    };
    if let Ok(constraints) = Constraints::read(&metadata) {
        let _ = constraints.judge(&["https://a.example", text]);
    }
    let (Ok(above), Ok(below)) = (
        MetadataPolicy::read(&above, &["regexp"]),
        MetadataPolicy::read(&below, &[]),
    ) else {
        return;
    };
    let Ok(merged) = above.clone().merge(below.clone()) else {
        return;
    };
    if let Ok(after) = merged.apply(TYPE, metadata) {
        assert_eq!(above.apply(TYPE, after.clone()).as_ref(), Ok(&after));
        assert_eq!(below.apply(TYPE, after.clone()).as_ref(), Ok(&after));
    }
});
