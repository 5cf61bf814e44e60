//! Reading what another version of this program may have written, so that nodes of two versions run side by side.

use serde::Deserialize;
use serde_json::Value;

use super::document::{Grantable, Resource};

/// Reads a stored document. A scope or a type of details whose rule this version does not know is granted to nobody.
pub(super) fn read(text: &str) -> Result<Resource, serde_json::Error> {
    let refusal = match serde_json::from_str(text) {
        Ok(resource) => return Ok(resource),
        Err(refusal) => refusal,
    };
    let Ok(mut document) = serde_json::from_str::<Value>(text) else {
        return Err(refusal);
    };
    for list in ["scopes", "authorization_details_types", "credentials"] {
        let items = document.get_mut(list).and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            if let Some(rule) = item.get_mut("grantable")
                && Grantable::deserialize(&*rule).is_err()
            {
                *rule = serde_json::json!({ "expression": "false" });
            }
        }
    }
    serde_json::from_value(document).map_err(|_| refusal)
}
