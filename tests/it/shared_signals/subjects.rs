//! Whom a stream is about (§8.1.3).

use oauth::shared_signals::DefaultSubjects;

use super::*;

async fn set(listener: &Listener, stream: &str, what: &str, subject: &Value) -> Answer {
    let body = json!({"stream_id": stream, "subject": subject, "verified": true});
    listener.post(&format!("/ssf/subjects/{what}"), body).await
}

fn user(world: &World, sub: &str) -> Value {
    json!({"format": "iss_sub", "iss": world.issuer(), "sub": sub})
}

/// The types that come when a person is signed out.
async fn told(world: &World, listener: &Listener, stream: &str, person: &str) -> usize {
    sign_out_everywhere(world, person).await;
    settle(world).await;
    listener.poll(stream).await.len()
}

on_each_engine! {
    /// Where nobody is meant by default, a receiver hears of whom it adds until it removes them.
    async fn a_receiver_hears_of_whom_it_adds(world: World) {
        let listener = begin(&world).await;
        world.settings(|settings| settings.signals_default_subjects = DefaultSubjects::None).await;
        let (person, bob) = (alice(&world).await, world.person("bob", "bobs-long-password").await);
        let id = listener.polled().await;
        assert_eq!(told(&world, &listener, &id, &person).await, 0);
        set(&listener, &id, "add", &user(&world, &person)).await.status(200);
        set(&listener, &id, "add", &user(&world, &person)).await.status(200);
        assert_eq!(told(&world, &listener, &id, &person).await, 1);
        assert_eq!(told(&world, &listener, &id, &bob).await, 0);
        set(&listener, &id, "remove", &user(&world, &person)).await.status(204);
        assert_eq!(told(&world, &listener, &id, &person).await, 0);
    }

    /// Where everybody is meant, it hears of all but whom it removed.
    async fn a_receiver_hears_of_all_but_whom_it_removed(world: World) {
        let listener = begin(&world).await;
        let (person, bob) = (alice(&world).await, world.person("bob", "bobs-long-password").await);
        let id = listener.polled().await;
        set(&listener, &id, "remove", &user(&world, &person)).await.status(204);
        assert_eq!(told(&world, &listener, &id, &person).await, 0);
        assert_eq!(told(&world, &listener, &id, &bob).await, 1);
        set(&listener, &id, "add", &user(&world, &person)).await.status(200);
        assert_eq!(told(&world, &listener, &id, &person).await, 1);
    }

    /// A person who was added by an address is told by that address; only those may that have the scope for it.
    async fn a_person_is_named_as_the_receiver_added_them(world: World) {
        let listener = begin(&world).await;
        let email = json!({"format": "email", "email": "Alice@example.com"});
        let id = listener.polled().await;
        set(&listener, &id, "add", &email).await.status(403);
        set(&listener, &id, "remove", &email).await.status(403);
        let knows = self::listener(&world, "mailer", "ssf.manage email").await;
        let id = knows.polled().await;
        let person = alice(&world).await;
        set(&knows, &id, "add", &email).await.status(200);
        sign_out_everywhere(&world, &person).await;
        settle(&world).await;
        let events = knows.poll(&id).await;
        assert_eq!(events[0]["sub_id"], json!({"format": "email", "email": "alice@example.com"}));
    }

    /// A complex subject means what all of its parts mean.
    async fn a_session_can_be_added_alone(world: World) {
        let listener = begin(&world).await;
        world.settings(|settings| settings.signals_default_subjects = DefaultSubjects::None).await;
        let (person, id) = (alice(&world).await, listener.polled().await);
        let mut sessions = Vec::new();
        for _ in 0..2 {
            world.sign_in(&mut world.browser()).await;
        }
        for session in identity::session::of_person(world.realm(), &person).await.unwrap() {
            sessions.push(session.id);
        }
        let session = json!({"format": "opaque", "id": sessions[0]});
        set(&listener, &id, "add", &json!({"format": "complex", "session": session})).await.status(200);
        for session in &sessions {
            identity::session::terminate(world.realm(), session, None).await.unwrap();
        }
        settle(&world).await;
        let events = listener.poll(&id).await;
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["sub_id"]["session"]["id"], json!(sessions[0]));
    }

    /// §8.1.3: nothing tells whether there is such a person, and what is no subject is refused.
    async fn nothing_tells_who_exists(world: World) {
        let listener = begin(&world).await;
        let id = listener.polled().await;
        let (person, nobody) = (user(&world, &alice(&world).await), user(&world, "nobody"));
        let answers = [set(&listener, &id, "add", &person).await, set(&listener, &id, "add", &nobody).await];
        assert_eq!((answers[0].status, &answers[0].body), (answers[1].status, &answers[1].body));
        for wrong in [
            json!("alice"), json!({}), json!({"format": "strange", "x": "y"}), json!({"format": "iss_sub", "iss": "x"}),
            json!({"format": "opaque", "id": "x".repeat(3000)}), json!({"format": "opaque", "id": "a\u{0}b"}),
        ] {
            set(&listener, &id, "add", &wrong).await.status(400);
            set(&listener, &id, "remove", &wrong).await.status(400);
        }
        set(&listener, "nothing", "add", &person).await.status(404);
        listener.post("/ssf/subjects/add", json!({"stream_id": id, "subject": person, "verified": 1})).await.status(400);
    }
}

on_each_engine! {
    /// RFC 9493 §3.2.8: several names of one subject; each is added and removed, and an address among them needs its scope.
    async fn a_person_is_added_by_any_of_several_names(world: World) {
        let listener = begin(&world).await;
        world.settings(|settings| settings.signals_default_subjects = DefaultSubjects::None).await;
        let (person, id) = (alice(&world).await, listener.polled().await);
        let nobody = json!({"format": "opaque", "id": "nobody"});
        let aliases = |all: Value| json!({"format": "aliases", "identifiers": all});
        let both = aliases(json!([nobody, user(&world, &person)]));
        set(&listener, &id, "add", &both).await.status(200);
        assert_eq!(told(&world, &listener, &id, &person).await, 1);
        set(&listener, &id, "remove", &both).await.status(204);
        assert_eq!(told(&world, &listener, &id, &person).await, 0);
        let email = json!({"format": "email", "email": "alice@example.com"});
        set(&listener, &id, "add", &aliases(json!([nobody, email]))).await.status(403);
        for wrong in [json!([]), json!([both]), json!(null)] {
            set(&listener, &id, "add", &aliases(wrong)).await.status(400);
        }
    }
}
