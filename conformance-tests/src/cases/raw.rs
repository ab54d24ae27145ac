//! The way around the model keeps to the connection.

use bytes::Bytes;
use ticketing_core::request::{RawMethod, RawRequest};
use ticketing_core::{ErrorKind, Operation};

use crate::gate;
use crate::harness::{Harness, Misbehaviour, SentRequest};
use crate::reading::{client, nothing_sent_since, sent};
use crate::verdict::{fails, not_offered, ok, refused};

/// A harness may count operations without knowing their wire.
fn has_wire(request: &SentRequest) -> bool {
    !request.path.is_empty()
}

/// A raw request is answered as the vendor answers.
pub async fn a_raw_request_is_answered(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::SendRaw]).await {
        return;
    }
    let before = sent(h);
    let answer = client(h).send_raw(RawRequest::new(RawMethod::Get, "/")).await;
    let Some(requests) = h.requests() else { return };
    assert_eq!(requests.len(), before + 1, "one raw request is one request: {answer:?}");
    ok(answer, "a raw request for what is there");
    if !has_wire(&requests[before]) {
        return;
    }
    assert_eq!((requests[before].method.as_str(), requests[before].path.as_str()), ("GET", "/"));
}

/// A path that means another host, and headers that carry credentials, are refused with nothing sent.
pub async fn another_host_and_credentials_are_refused_unsent(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::SendRaw]).await {
        return;
    }
    let client = client(h);
    for path in [
        "https://attacker.example.net/",
        "//attacker.example.net/",
        "http:attacker.example.net",
        "\\\\attacker.example.net",
        "/\\attacker.example.net",
        "attacker.example.net",
        "@attacker.example.net/",
        "",
        "/x\r\nHost: attacker.example.net",
        "/\t/attacker.example.net",
    ] {
        let before = sent(h);
        let call = format!("a raw request to {path:?}");
        let outcome = client.send_raw(RawRequest::new(RawMethod::Get, path)).await;
        refused(outcome, &[ErrorKind::InvalidRequest], &call);
        nothing_sent_since(h, before, &call);
    }
    for header in
        ["authorization", "Authorization", "cookie", "Host", "proxy-authorization", "x-http-method-override\r\nx"]
    {
        let before = sent(h);
        let call = format!("a raw request with the header {header:?}");
        let request = RawRequest::new(RawMethod::Get, "/").with_headers(vec![(header.to_owned(), "x".to_owned())]);
        refused(client.send_raw(request).await, &[ErrorKind::InvalidRequest], &call);
        nothing_sent_since(h, before, &call);
    }
}

/// A path that climbs out of where it is stays at the host.
pub async fn dots_in_a_path_stay_at_the_host(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::SendRaw]).await {
        return;
    }
    let Some(before) = h.requests() else { return };
    let host = before.first().map(|request| request.host.clone());
    let _ = client(h).send_raw(RawRequest::new(RawMethod::Get, "/a/../../../b")).await;
    for request in &h.requests().unwrap_or_default()[before.len()..] {
        assert!(host.as_ref().is_none_or(|host| request.host == *host), "a raw request left the host: {request:?}");
    }
}

/// Query values are escaped: they cannot add parameters or leave the query.
pub async fn query_values_are_escaped(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::SendRaw]).await {
        return;
    }
    let value = "a&b=c#d?e/f g+h%20ü^";
    let request = RawRequest::new(RawMethod::Get, "/x").with_query(vec![("q".to_owned(), value.to_owned())]);
    let before = sent(h);
    let _ = client(h).send_raw(request).await;
    let Some(requests) = h.requests().filter(|requests| requests.get(before).is_some_and(has_wire)) else { return };
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(requests[before].query.as_bytes()).into_owned().collect();
    assert_eq!(pairs, [("q".to_owned(), value.to_owned())]);
}

/// A raw write is not repeated where the connection breaks, unless the caller says that it may be.
pub async fn a_raw_write_is_not_repeated(h: &dyn Harness) {
    if !gate::operations(h, &[Operation::SendRaw]).await {
        return;
    }
    if !h.misbehave(Misbehaviour::LostWriteAnswer, None) {
        return not_offered("LostWriteAnswer");
    }
    let before = sent(h);
    let request = RawRequest::new(RawMethod::Post, "/").with_body(Bytes::from_static(b"{}"));
    let error = fails(client(h).send_raw(request).await, "a raw write whose answer was lost");
    assert!(error.maybe_applied(), "it may have happened: {error}");
    assert_eq!(sent(h) - before, 1, "a raw write must not be repeated by itself");
    h.behave();
    ok(client(h).check().await, "check afterwards");
}
