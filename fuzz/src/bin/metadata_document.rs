//! What clients, servers and APIs publish about themselves, and what a registration states.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::metadata::{ClientMetadata, ProtectedResourceMetadata, ServerMetadata};
use realm::Client;
use realm::resources::Catalogue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use server::{client_id_document, registration};

/// What is read and written is read again as the same.
fn stays<T: DeserializeOwned + Serialize>(text: &str) {
    if let Ok(read) = serde_json::from_str::<T>(text) {
        let written = serde_json::to_value(&read).expect("what is read can be written");
        let again: T = serde_json::from_value(written.clone()).expect("and read again");
        assert_eq!(serde_json::to_value(&again).unwrap(), written);
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    stays::<ClientMetadata>(text);
    stays::<ServerMetadata>(text);
    stays::<ProtectedResourceMetadata>(text);
    stays::<Client>(text);
    let _ = client_id_document::rules::freshness(Some(text), Some(text));
    if let Some(address) = client_id_document::rules::address(text, false) {
        assert_eq!(address.scheme(), "https");
    }
    let Ok(members) = jose::json_object(text) else {
        return;
    };
    let catalogue = Catalogue::default();
    if let Ok(client) = registration::rules::read(members.clone(), &catalogue, true) {
        let _ = registration::rules::echo(&client);
    }
    let id = members.get("client_id").and_then(|id| id.as_str());
    let id = id.unwrap_or("https://app.example/client").to_owned();
    let _ = client_id_document::rules::read(&id, members, &catalogue);
});
