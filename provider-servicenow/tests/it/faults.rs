//! What the instance does on a bad day: answers that are none, credentials that lapse, and addresses that lead elsewhere.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use provider_servicenow::ServiceNow;
use serde_json::json;
use ticketing_core::request::{
    ByteStream, CreateTicket, DeleteTicket, DownloadAttachment, GetTicket, ListAttachments, ListTickets, RawMethod,
    RawRequest, UpdateTicket,
};
use ticketing_core::{ErrorKind, TicketingClient};
use ticketing_http::{Body, Transport, TransportError, http};
use vendor_sandbox::Fault;
use vendor_sandbox::servicenow::Sandbox;

use crate::bed::{Bed, INSTANCE, all, config, get, keys, try_all};

/// Faults of a read that pass.
const PASSING: &[&str] = &[
    "error_with_200",
    "partial_result_with_error",
    "broken_last_row",
    "hibernating_200",
    "login_page_200",
    "accepted_202",
    "reset_before_answer",
    "reset_mid_body",
    "truncated_json",
    "status_500",
    "status_502",
    "status_503",
    "too_many_requests",
    "too_many_requests_bare",
];

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_for_a_while_brings_everything_in_the_end() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(60));
    let client = bed.client();
    let request = ListTickets::new().with_page_size(10);
    let right = all(&client, request.clone()).await;
    assert_eq!(right.len(), 72);
    for name in PASSING {
        bed.control.set_faults([Fault::new(*name).rate(0.3).seed(3).path("/api/now/table/incident")]).unwrap();
        let read = try_all(&client, request.clone()).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(keys(&read), keys(&right), "{name}");
        assert!(bed.control.faults()[0].applied > 0, "{name} did not strike");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_keeps_failing_is_an_error_and_never_fewer_rows() {
    let bed = Bed::of(Sandbox::builder().seed(7).tickets(60));
    let client = bed.client();
    get(&client, &bed.incident("VPN drops every")).await;
    for name in PASSING {
        // What was read may be half of it; the second page fails for good.
        bed.control.set_faults([Fault::new(*name).path("/table/incident*sysparm_offset=9")]).unwrap();
        let error = try_all(&client, ListTickets::new().with_page_size(10)).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::RateLimited | ErrorKind::Decode),
            "{name}: {error:?}"
        );
        assert_eq!(error.provider(), Some("servicenow"), "{name}");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("admin:admin") && !told.contains("YWRtaW46YWRtaW4"), "{name}: {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_insert_happens_once_whatever_happens_to_its_answer() {
    for (name, made) in [
        ("reset_before_answer", 1),
        ("reset_after_write", 1),
        ("forbidden_after_insert", 1),
        ("status_503", 1),
        ("hibernating_200", 1),
        ("accepted_202", 1),
        ("truncated_json", 1),
        ("too_many_requests", 1),
    ] {
        let bed = Bed::new();
        let client = bed.client();
        all(&client, ListTickets::new()).await;
        let count = |title: &str| bed.control.find("incident", &format!("short_description={title}")).unwrap().len();
        let strike = || Fault::new(name).count(1).method("POST").path("/table/incident");
        bed.control.set_faults([strike()]).unwrap();
        let keyed = || CreateTicket::new("keyed").with_idempotency_key(Some("order-1".to_owned()));
        let ticket = match client.create_ticket(keyed()).await {
            Ok(ticket) => ticket,
            // Nobody read the request, which the error says; so asking again is safe.
            Err(error) => {
                assert!(error.is_retryable() && !error.maybe_applied(), "{name}: {error:?}");
                assert_eq!(count("keyed"), 0, "{name}");
                client.create_ticket(keyed()).await.unwrap()
            }
        };
        assert_eq!((ticket.title.as_str(), ticket.external_id.as_deref()), ("keyed", None), "{name}");
        assert_eq!(count("keyed"), made, "{name}");
        // The same key later, from another process, is the same ticket.
        let other = bed.client_of(config("admin", &["incident"]));
        assert_eq!(other.create_ticket(keyed()).await.unwrap().id, ticket.id, "{name}");
        assert_eq!(count("keyed"), made, "{name}");
        // Without a key, what may have happened is told, and nothing is repeated.
        bed.control.set_faults([strike()]).unwrap();
        match client.create_ticket(CreateTicket::new("bare")).await {
            Ok(_) => assert_eq!(count("bare"), 1, "{name}"),
            Err(error) => {
                assert!(count("bare") <= 1, "{name}");
                assert!(count("bare") == 0 || error.maybe_applied(), "{name}: {error:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_patch_of_fields_is_repeated_and_a_deletion_is_over_when_it_is_gone() {
    for name in ["reset_before_answer", "reset_after_write", "status_503", "truncated_json"] {
        let bed = Bed::new();
        let client = bed.client();
        let vpn = bed.incident("VPN drops every");
        get(&client, &vpn).await;
        bed.control.set_faults([Fault::new(name).count(1).method("PATCH")]).unwrap();
        let ticket = client.update_ticket(UpdateTicket::new(vpn.as_str()).with_title("New")).await;
        assert_eq!(ticket.unwrap_or_else(|error| panic!("{name}: {error:?}")).title, "New");
        bed.control.set_faults([Fault::new(name).count(1).method("DELETE")]).unwrap();
        client.delete_ticket(DeleteTicket::new(vpn.as_str())).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let error = client.delete_ticket(DeleteTicket::new(vpn.as_str())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}: it was there for the first call alone");
    }
}

fn oauth(secret: &str, refresh: &str) -> serde_json::Value {
    json!({
        "instance": INSTANCE,
        "auth": {"type": "oauth", "client_id": "sandbox-client", "client_secret": secret, "refresh_token": refresh},
    })
}

/// A refresh token, as a customer's consent would have given it.
async fn refresh_token(bed: &Bed) -> String {
    use ticketing_http::http::{Request, header};
    use tower::ServiceExt as _;

    let form =
        "grant_type=password&client_id=sandbox-client&client_secret=sandbox-secret&username=admin&password=admin";
    let request = Request::post("/oauth_token.do")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(form))
        .unwrap();
    let response = bed.sandbox.router().oneshot(request).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    body["refresh_token"].as_str().unwrap().to_owned()
}

fn tokens(bed: &Bed) -> usize {
    bed.control.requests().iter().filter(|request| request.path == "/oauth_token.do").count()
}

#[tokio::test(start_paused = true)]
async fn every_way_of_logging_in_works_and_a_refused_one_says_so() {
    let bed = Bed::new();
    let refresh = refresh_token(&bed).await;
    for auth in [
        json!({"type": "basic", "username": "admin", "password": "admin"}),
        json!({"type": "api_key", "key": "sandbox-api-key"}),
        oauth("sandbox-secret", &refresh)["auth"].clone(),
    ] {
        let client = bed.client_of(json!({"instance": INSTANCE, "auth": auth}));
        let check = client.check().await.unwrap();
        assert_eq!(check.user.unwrap().name.as_deref(), Some("Integration Service"));
    }
    for (auth, secret) in [
        (json!({"type": "basic", "username": "admin", "password": "hunter2-basic"}), "hunter2-basic"),
        (json!({"type": "api_key", "key": "hunter2-key"}), "hunter2-key"),
        (json!({"type": "bearer", "token": "hunter2-token"}), "hunter2-token"),
        (oauth("hunter2-secret", &refresh)["auth"].clone(), "hunter2-secret"),
        (oauth("sandbox-secret", "hunter2-refresh")["auth"].clone(), "hunter2-refresh"),
    ] {
        let client = bed.client_of(json!({"instance": INSTANCE, "auth": auth}));
        let error = client.list_tickets(ListTickets::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{secret}: {error:?}");
        assert!(!error.is_retryable() && error.hint().is_some(), "{error:?}");
        assert!(!format!("{error} {error:?} {client:?}").contains(secret), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_once_for_everybody_who_waits() {
    let bed = Bed::new();
    let refresh = refresh_token(&bed).await;
    let client = bed.client_of(oauth("sandbox-secret", &refresh));
    get(&client, &bed.incident("VPN drops every")).await;
    let before = tokens(&bed);
    let ids = ["VPN", "No network", "Disk 7", "Opened by mistake"].map(|words| bed.incident(words));
    bed.control.expire_access_tokens();
    let gets = ids.iter().map(|id| client.get_ticket(GetTicket::new(id.as_str())));
    for outcome in futures::future::join_all(gets).await {
        outcome.unwrap();
    }
    assert_eq!(tokens(&bed) - before, 1);
    // A refusal is final, an outage is not.
    for (name, kind) in [("token_400", ErrorKind::Unauthenticated), ("token_401", ErrorKind::Unauthenticated)] {
        bed.control.expire_access_tokens();
        bed.control.set_faults([Fault::new(name)]).unwrap();
        let client = bed.client_of(oauth("sandbox-secret", &refresh));
        let error = client.get_ticket(GetTicket::new(ids[0].as_str())).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error:?}");
        bed.control.clear_faults();
    }
    for name in ["token_500", "token_html"] {
        bed.control.set_faults([Fault::new(name).count(1)]).unwrap();
        let client = bed.client_of(oauth("sandbox-secret", &refresh));
        let ticket = client.get_ticket(GetTicket::new(ids[0].as_str())).await;
        assert_eq!(ticket.unwrap_or_else(|error| panic!("{name}: {error:?}")).id, ids[0].as_str());
    }
}

/// A way to the instance that notes which hosts requests are for; in process, any host leads there.
#[derive(Debug)]
struct Watched {
    inner: Arc<dyn Transport>,
    hosts: Mutex<BTreeSet<String>>,
}

#[async_trait]
impl Transport for Watched {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<ByteStream>, TransportError> {
        self.hosts.lock().unwrap().insert(request.uri().authority().map(ToString::to_string).unwrap_or_default());
        self.inner.send(request).await
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_the_instance_says_leads_to_another_host() {
    let bed = Bed::new();
    let way = Arc::new(Watched { inner: bed.transport(), hosts: Mutex::default() });
    let context = bed.context_through(Arc::clone(&way) as Arc<dyn Transport>);
    let provider = ServiceNow::new(config("admin", &["incident"]), &context).unwrap();
    let client = TicketingClient::new(Arc::new(provider));
    // Links, `Link` and `Location` name another host.
    bed.control.set_faults([Fault::new("foreign_link_host")]).unwrap();
    all(&client, ListTickets::new().with_page_size(4)).await;
    client.create_ticket(CreateTicket::new("Elsewhere")).await.unwrap();
    let vpn = bed.incident("VPN drops every");
    let files = client.list_attachments(ListAttachments::new(vpn.as_str())).await.unwrap().items;
    client.download_attachment(DownloadAttachment::new(files[0].id.clone())).await.unwrap();
    let ticket = get(&client, &bed.incident("VPN drops every")).await;
    assert!(ticket.url.as_ref().unwrap().starts_with(INSTANCE), "{ticket:?}");
    // A redirect is refused, not followed.
    for location in
        ["https://attacker.example.net/api/now/table/incident", "http://127.0.0.2:9/x", "//attacker.example.net/x"]
    {
        bed.control.set_faults([Fault::new("redirect").parameter(location).path("/table/incident")]).unwrap();
        bed.control.clear_requests();
        let error = client.list_tickets(ListTickets::new()).await.unwrap_err();
        assert!(!error.is_retryable(), "{location}: {error:?}");
        assert_eq!(bed.sent(), 1, "{location}");
        let error = client.create_ticket(CreateTicket::new("Nowhere")).await.unwrap_err();
        assert!(!error.is_retryable(), "{location}: {error:?}");
        bed.control.clear_faults();
    }
    assert!(bed.control.find("incident", "short_description=Nowhere").unwrap().is_empty());
    assert_eq!(way.hosts.lock().unwrap().iter().collect::<Vec<_>>(), ["127.0.0.1:4010"]);
}

#[tokio::test]
async fn a_raw_request_stays_on_the_connections_host() {
    let bed = Bed::new();
    let client = bed.client();
    let raw = |path: &str| RawRequest::new(RawMethod::Get, path);
    let answer = client.send_raw(raw("/api/now/table/incident?sysparm_limit=1")).await.unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.headers.iter().all(|(name, _)| name != "set-cookie"));
    let before = bed.sent();
    for path in [
        "https://attacker.example.net/x",
        "//attacker.example.net/x",
        "/\\attacker.example.net/x",
        "\\\\attacker.example.net",
        "api/now/table/incident",
        "/../x",
        "@attacker.example.net/",
        "",
    ] {
        let error = client.send_raw(raw(path)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{path}: {error}");
    }
    for header in ["Authorization", "Host", "cookie", "X-HTTP-Method-Override", "x-sn-apikey"] {
        let request = raw("/api/now/table/incident").with_headers(vec![(header.to_owned(), "x".to_owned())]);
        let error = client.send_raw(request).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("headers")), "{header}: {error}");
    }
    assert_eq!(bed.sent(), before, "nothing may be sent");
}
