//! Making, reading and changing streams (§8.1.1, §8.1.2).

use super::*;

on_each_engine! {
    /// §8.1.1.1, §8.1.1.2, §8.1.1.5: what a receiver makes it reads, alone and among all, until it deletes it.
    async fn a_stream_is_made_read_and_deleted(world: World) {
        let listener = begin(&world).await;
        assert_eq!(listener.ask("GET", "/ssf/streams", Value::Null).await.json(), json!([]));
        let made = listener.post("/ssf/streams", json!({
            "events_requested": [SESSION_REVOKED, "urn:unknown"], "description": "for the wiki",
            "delivery": {"method": PUSH, "endpoint_url": "https://wiki.example/events", "authorization_header": "Bearer hidden-from-all"},
        })).await;
        made.status(201);
        let id = made.text("stream_id");
        assert_eq!(made.json(), json!({
            "stream_id": id, "iss": world.issuer(), "aud": "receiver", "description": "for the wiki",
            "events_supported": [
                SESSION_REVOKED, changes::TOKEN_CLAIMS_CHANGE, CREDENTIAL_CHANGE, ACCOUNT_DISABLED, ACCOUNT_ENABLED, ACCOUNT_PURGED,
                changes::CREDENTIAL_COMPROMISE, changes::RECOVERY_INFORMATION_CHANGED,
            ],
            "events_requested": [SESSION_REVOKED, "urn:unknown"], "events_delivered": [SESSION_REVOKED],
            "delivery": {"method": PUSH, "endpoint_url": "https://wiki.example/events"},
            "min_verification_interval": 30,
        }));
        let one = format!("/ssf/streams?stream_id={id}");
        assert_eq!(listener.ask("GET", &one, Value::Null).await.json(), made.json());
        assert_eq!(listener.ask("GET", "/ssf/streams", Value::Null).await.json(), json!([made.json()]));
        listener.ask("DELETE", &one, Value::Null).await.status(204);
        for method in ["GET", "DELETE"] {
            listener.ask(method, &one, Value::Null).await.status(404);
        }
        listener.ask("DELETE", "/ssf/streams", Value::Null).await.status(400);
        assert_eq!(listener.ask("GET", "/ssf/streams", Value::Null).await.json(), json!([]));
        world.remember("hidden-from-all");
        assert_eq!(world.leaks(), Vec::<String>::new());
    }

    /// §8.1.1.3, §8.1.1.4: PATCH changes what is said, PUT forgets what is not; what the transmitter says stays.
    async fn a_stream_is_changed_and_replaced(world: World) {
        let listener = begin(&world).await;
        let id = listener.stream(json!({"description": "one", "events_requested": [SESSION_REVOKED]})).await;
        let change = async |method: &str, mut body: Value| {
            body["stream_id"] = json!(id);
            listener.ask(method, "/ssf/streams", body).await
        };
        let patched = change("PATCH", json!({"events_requested": [ACCOUNT_PURGED]})).await;
        patched.status(200);
        assert_eq!(patched.json()["events_delivered"], json!([ACCOUNT_PURGED]));
        assert_eq!(patched.json()["description"], "one");
        let same = change("PUT", patched.json()).await;
        same.status(200);
        assert_eq!(same.json(), patched.json(), "what was read can be written");
        let put = change("PUT", json!({})).await;
        put.status(200);
        assert_eq!((put.json().get("description"), put.json().get("events_requested")), (None, None));
        assert_eq!(put.json()["delivery"]["method"], "urn:ietf:rfc:8936");
        for wrong in [
            json!({"iss": "https://other.example"}), json!({"aud": "other"}), json!({"events_delivered": []}),
            json!({"events_supported": [SESSION_REVOKED]}), json!({"min_verification_interval": 1}),
        ] {
            change("PATCH", wrong.clone()).await.status(400);
            change("PUT", wrong).await.status(400);
        }
        for method in ["PATCH", "PUT"] {
            listener.ask(method, "/ssf/streams", json!({"description": "x"})).await.status(400);
            listener.ask(method, "/ssf/streams", json!({"stream_id": "nothing"})).await.status(404);
        }
    }

    /// §8.1.1: what cannot be read, or is out of bounds, is 400 and changes nothing.
    async fn a_request_that_cannot_be_is_refused(world: World) {
        let listener = begin(&world).await;
        let call = || world.post("/ssf/streams").bearer(&listener.token);
        call().body("application/json", b";{ broken").send().await.status(400);
        call().body("application/json", b"[]").send().await.status(400);
        call().body("application/json", br#"{"description":"a","description":"b"}"#).send().await.status(400);
        call().body("text/plain", b"{}").send().await.status(400);
        let large = json!({"description": "x".repeat(70_000)}).to_string();
        call().body("application/json", large.as_bytes()).send().await.status(400);
        for wrong in [
            json!({"delivery": {"method": "urn:other"}}),
            json!({"delivery": {"method": PUSH}}),
            json!({"delivery": {"method": "urn:ietf:rfc:8936", "endpoint_url": "https://elsewhere.example"}}),
            json!({"delivery": {"method": "urn:ietf:rfc:8936", "authorization_header": "x"}}),
            json!({"events_requested": "all"}),
            json!({"description": 1}),
        ] {
            let answer = listener.post("/ssf/streams", wrong).await;
            answer.status(400);
            assert_eq!(answer.json()["err"], "invalid_request");
        }
        assert_eq!(listener.ask("GET", "/ssf/streams", Value::Null).await.json(), json!([]));
    }

    /// §8.1.2: a receiver reads and sets the state of its stream.
    async fn the_state_of_a_stream_is_read_and_set(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let at = format!("/ssf/status?stream_id={id}");
        assert_eq!(listener.ask("GET", &at, Value::Null).await.json(), json!({"stream_id": id, "status": "enabled"}));
        for status in ["paused", "disabled", "enabled"] {
            let said = json!({"stream_id": id, "status": status, "reason": "because"});
            let set = listener.post("/ssf/status", said.clone()).await;
            set.status(200);
            assert_eq!(set.json(), said);
            assert_eq!(listener.ask("GET", &at, Value::Null).await.json(), said);
        }
        listener.status(&id, "off").await.status(400);
        listener.status("nothing", "paused").await.status(404);
        listener.ask("GET", "/ssf/status", Value::Null).await.status(400);
        listener.ask("GET", "/ssf/status?stream_id=nothing", Value::Null).await.status(404);
    }

    /// Its client is deleted: its streams go with it, and a new client of the same name finds none.
    async fn streams_go_with_their_receiver(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        world.advance(5);
        realm::clients::delete(world.realm(), "receiver", "test").await.unwrap();
        world.advance(1);
        let again = self::listener(&world, "receiver", "ssf.manage").await;
        assert_eq!(again.ask("GET", "/ssf/streams", Value::Null).await.json(), json!([]));
        again.status(&id, "paused").await.status(404);
        settle(&world).await;
        assert!(server::shared_signals::find(world.realm(), &id).await.unwrap().is_none());
    }
}
