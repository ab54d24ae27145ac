//! No secret shows: not in `Debug`, `Display`, errors, documents, requests' paths or tracing.

use ticketing_core::request::{CreateTicket, GetTicket, ListTickets, ListUsers, RawMethod, RawRequest};
use ticketing_core::{TicketId, TicketingClient};

use crate::harness::{Connection, Harness, Misbehaviour};
use crate::probe;
use crate::reading::client;
use crate::record::Recording;
use crate::verdict::not_offered;

/// A good day, a bad day, every operation and other credentials, with everything they print written down.
pub async fn no_secret_shows_anywhere(h: &dyn Harness) {
    let secrets = h.secrets();
    if secrets.is_empty() {
        return not_offered("secrets");
    }
    let recording = Recording::start();
    let mut shown = String::new();
    let main = client(h);
    let mut clients = vec![main.clone()];
    for connection in Connection::ALL {
        match h.connect(*connection).await {
            Some(Ok(provider)) => clients.push(TicketingClient::new(provider)),
            Some(Err(error)) => shown += &format!("{error} {error:?}\n"),
            None => {}
        }
    }
    for client in &clients {
        shown += &format!("{client:?} {:?} {:?}\n", client.provider(), client.capabilities());
        shown += &script(client).await;
    }
    for misbehaviour in Misbehaviour::ALL {
        if !matches!(misbehaviour, Misbehaviour::HugeAnswers) && h.misbehave(*misbehaviour, None) {
            shown += &script(&main).await;
            h.behave();
        }
    }
    for operation in main.capabilities().operations {
        if let Err(error) = probe::call(&*main.provider(), operation, &TicketId::new("1")).await {
            shown += &format!("{error} {error:?}\n");
        }
    }
    for request in h.requests().unwrap_or_default() {
        shown += &format!("{} {} {}\n", request.host, request.path, request.query);
    }
    if let Some(setup) = h.setup() {
        shown += &format!("{:?} {:?}\n", setup.registration, setup.context);
        let mut wrong = setup.config.clone();
        if let Some(object) = wrong.as_object_mut() {
            object.insert("no_such_key".to_owned(), serde_json::Value::Null);
        }
        if let Err(error) = (setup.registration.build)(wrong, &setup.context) {
            shown += &format!("{error} {error:?}\n");
        }
    }
    let traced = recording.text();
    for (place, text) in [("what was printed", &shown), ("the tracing output", &traced)] {
        for secret in &secrets {
            if let Some(at) = text.find(secret.as_str()) {
                let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
                let before: Vec<char> = text[line..at].chars().collect();
                let before: String = before[before.len().saturating_sub(400)..].iter().collect();
                let after: String =
                    text[at + secret.len()..].lines().next().unwrap_or_default().chars().take(40).collect();
                let shown = format!("{before}‹SECRET›{after}");
                let shown = secrets.iter().fold(shown, |shown, secret| shown.replace(secret.as_str(), "‹SECRET›"));
                panic!("a secret shows in {place}: {shown}");
            }
        }
    }
}

/// A few calls, and all that they print.
async fn script(client: &TicketingClient) -> String {
    let mut shown = String::new();
    let mut note = |text: String| shown += &(text + "\n");
    match client.check().await {
        Ok(check) => note(format!("{check:?}")),
        Err(error) => note(format!("{error} {error:?} {:?}", std::error::Error::source(&error))),
    }
    match client.list_tickets(ListTickets::new().with_include_raw(true).with_page_size(2_u32)).await {
        Ok(page) => note(format!("{page:?} {:?}", page.next.as_ref().map(ToString::to_string))),
        Err(error) => note(format!("{error} {error:?} {:?}", std::error::Error::source(&error))),
    }
    match client.list_users(ListUsers::new().with_include_raw(true)).await {
        Ok(page) => note(format!("{page:?}")),
        Err(error) => note(format!("{error} {error:?} {:?}", std::error::Error::source(&error))),
    }
    match client.get_ticket(GetTicket::new("ffffffffffffffffffffffffffffffff")).await {
        Ok(ticket) => note(format!("{ticket:?}")),
        Err(error) => note(format!("{error} {error:?} {:?}", std::error::Error::source(&error))),
    }
    match client.create_ticket(CreateTicket::new("secret-keeping")).await {
        Ok(ticket) => note(format!("{ticket:?}")),
        Err(error) => note(format!("{error} {error:?} {:?}", std::error::Error::source(&error))),
    }
    match client.send_raw(RawRequest::new(RawMethod::Get, "/nowhere")).await {
        Ok(answer) => note(format!("{:?}", answer.headers)),
        Err(error) => note(format!("{error} {error:?} {:?}", std::error::Error::source(&error))),
    }
    shown
}

/// The recording itself works: what is traced would be seen.
pub async fn the_recording_sees_what_is_traced(_: &dyn Harness) {
    let recording = Recording::start();
    tracing::debug!(word = "canary", "singing");
    assert!(recording.text().contains("canary"), "the recording must see what is traced, or it proves nothing");
}
