//! Reading what another version of this program may have written, so that nodes of two versions run side by side.

use jose::Algorithm;
use jose::jwe::{ContentEncryption, KeyManagement};
use oauth::authorization::ResponseType;
use oauth::client_auth::Method;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{ApplicationType, Client, GrantType, SubjectType};
use crate::settings::{LifetimeOverrides, Profile};

/// Reads a stored document. Grant types, response types and lifetimes that this version does not know are passed over: nobody can use them here. A
/// client whose authentication, signing algorithm or profile it does not know is read as disabled, because less than that would not do.
pub(super) fn read(text: &str) -> Result<Client, serde_json::Error> {
    let refusal = match serde_json::from_str(text) {
        Ok(client) => return Ok(client),
        Err(refusal) => refusal,
    };
    let Ok(Value::Object(mut members)) = serde_json::from_str(text) else {
        return Err(refusal);
    };
    keep_known::<GrantType>(&mut members, "grant_types");
    keep_known::<ResponseType>(&mut members, "response_types");
    if let Some(Value::Object(lifetimes)) = members.get_mut("lifetimes") {
        lifetimes.retain(|name, value| {
            let alone = Map::from_iter([(name.clone(), value.clone())]);
            is::<LifetimeOverrides>(&Value::Object(alone))
        });
    }
    if let Ok(client) = serde_json::from_value(Value::Object(members.clone())) {
        return Ok(client);
    }
    disable_unless::<Method>(&mut members, "token_endpoint_auth_method");
    disable_unless::<Algorithm>(&mut members, "token_endpoint_auth_signing_alg");
    disable_unless::<Algorithm>(&mut members, "id_token_signed_response_alg");
    disable_unless::<Algorithm>(&mut members, "authorization_signed_response_alg");
    disable_unless::<KeyManagement>(&mut members, "authorization_encrypted_response_alg");
    disable_unless::<ContentEncryption>(&mut members, "authorization_encrypted_response_enc");
    disable_unless::<Algorithm>(&mut members, "introspection_signed_response_alg");
    disable_unless::<KeyManagement>(&mut members, "introspection_encrypted_response_alg");
    disable_unless::<ContentEncryption>(&mut members, "introspection_encrypted_response_enc");
    disable_unless::<KeyManagement>(&mut members, "id_token_encrypted_response_alg");
    disable_unless::<ContentEncryption>(&mut members, "id_token_encrypted_response_enc");
    disable_unless::<Algorithm>(&mut members, "userinfo_signed_response_alg");
    disable_unless::<KeyManagement>(&mut members, "userinfo_encrypted_response_alg");
    disable_unless::<ContentEncryption>(&mut members, "userinfo_encrypted_response_enc");
    disable_unless::<SubjectType>(&mut members, "subject_type");
    disable_unless::<Algorithm>(&mut members, "request_object_signing_alg");
    disable_unless::<Profile>(&mut members, "profile");
    disable_unless::<ApplicationType>(&mut members, "application_type");
    serde_json::from_value(Value::Object(members)).map_err(|_| refusal)
}

fn keep_known<T: DeserializeOwned>(members: &mut Map<String, Value>, name: &str) {
    if let Some(Value::Array(values)) = members.get_mut(name) {
        values.retain(|value| !value.is_string() || is::<T>(value));
    }
}

fn disable_unless<T: DeserializeOwned>(members: &mut Map<String, Value>, name: &str) {
    let value = members.get(name);
    if value.is_some_and(|value| value.is_string() && !is::<T>(value)) {
        members.remove(name);
        members.insert("disabled".to_owned(), true.into());
    }
}

fn is<T: DeserializeOwned>(value: &Value) -> bool {
    T::deserialize(value).is_ok()
}
