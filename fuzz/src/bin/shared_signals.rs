//! What receivers of security events send: subjects, streams, polls, and their answers to pushes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth::security_event::SubjectId;
use oauth::shared_signals::{PollRequest, StatusRequest, StreamRequest};
use server::shared_signals::rules;

fuzz_target!(|data: &[u8]| {
    let _ = rules::heard(400, data);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(members) = jose::json_object(text) else {
        return;
    };
    if let Ok(request) = StreamRequest::read(&members) {
        let delivered = rules::delivered(request.events_requested.as_deref());
        assert!(delivered.len() <= rules::SUPPORTED.len());
    }
    let _ = StatusRequest::read(&members);
    if let Ok(poll) = PollRequest::read(&members) {
        assert!(poll.ack.len() <= 1000 && poll.set_errs.len() <= 1000);
    }
    if let Ok(subject) = SubjectId::read(&serde_json::Value::Object(members)) {
        assert_eq!(SubjectId::read(&subject.to_value()), Ok(subject.clone()));
        assert!(subject.covers(&subject) && !subject.key().is_empty());
    }
});
