//! What is sent again: never a write that may have happened, always a read that did not.

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::{Delivery, ErrorKind};
use ticketing_http::http::HeaderValue;
use ticketing_http::{AddressPolicy, Body, HttpClient, HttpContext, Idempotency, Request};

use crate::mock::{Mock, Step, answer, head, ok};

fn post(idempotency: Idempotency) -> Request {
    Request::post("/api/now/table/incident").with_json(&["x"]).unwrap().with_idempotency(idempotency)
}

/// Every way in which an answer can fail to come although the request arrived.
fn lost() -> Vec<(&'static str, Step)> {
    let html = b"<html>Bad Gateway</html>";
    vec![
        ("dropped before the answer", Step::Drop),
        ("dropped in the head", Step::Write(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec())),
        ("dropped in the body", Step::Write(head("201 Created", &[("content-length", "100")], b"{\"result\":"))),
        (
            "dropped in a chunk",
            Step::Write(head("200 OK", &[("transfer-encoding", "chunked")], b"5\r\n{\"res\r\n10\r\nult")),
        ),
        ("no last chunk", Step::Write(head("200 OK", &[("transfer-encoding", "chunked")], b"5\r\n{\"res\r\n"))),
        ("no HTTP", Step::Write(b"\x00\x01\x02 what is this\r\n\r\n".to_vec())),
        ("silence", Step::Hang(Vec::new())),
        ("silence in the body", Step::Hang(head("200 OK", &[("content-length", "100")], b"{"))),
        ("408", Step::Write(answer("408 Request Timeout", &[], b""))),
        ("502", Step::Write(answer("502 Bad Gateway", &[], html))),
        ("503", Step::Write(answer("503 Service Unavailable", &[], html))),
        ("504", Step::Write(answer("504 Gateway Timeout", &[], html))),
    ]
}

#[tokio::test]
async fn a_write_that_may_have_happened_is_never_sent_twice() {
    for (name, step) in lost() {
        let mock = Mock::start([step, ok("{}")]).await;
        let error = mock.client().send(&post(Idempotency::Unsafe)).await.unwrap_err();
        assert_eq!(mock.count(), 1, "{name}");
        assert!(error.maybe_applied(), "{name}: {error:?}");
        assert!(error.is_retryable(), "{name}: the caller may look and try again: {error:?}");
    }
}

#[tokio::test]
async fn a_read_and_a_repeatable_write_are_sent_again_whole() {
    for (name, step) in lost() {
        let mock = Mock::start([step.clone(), ok("{\"n\":1}")]).await;
        let response = mock.client().send(&Request::get("/x")).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((response.body.as_ref(), mock.count()), (b"{\"n\":1}".as_slice(), 2), "{name}");

        for idempotency in [Idempotency::Idempotent, Idempotency::Keyed] {
            let mock = Mock::start([step.clone(), ok("{}")]).await;
            mock.client().send(&post(idempotency)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            let bodies: Vec<_> = mock.seen().into_iter().map(|seen| seen.body).collect();
            assert_eq!(bodies, [br#"["x"]"#.to_vec(), br#"["x"]"#.to_vec()], "{name}");
        }
    }
}

#[tokio::test]
async fn what_was_turned_away_at_the_door_is_sent_again_whatever_it_is() {
    for (name, turned_away) in [
        ("429", answer("429 Too Many Requests", &[("retry-after", "0")], b"")),
        ("429 without a word", answer("429 Too Many Requests", &[], b"")),
        (
            "429 with a past date",
            answer("429 Too Many Requests", &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], b""),
        ),
        ("503 with Retry-After", answer("503 Service Unavailable", &[("retry-after", "0.05")], b"")),
    ] {
        let mock = Mock::start([Step::Write(turned_away), ok("{}")]).await;
        mock.client().send(&post(Idempotency::Unsafe)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(mock.count(), 2, "{name}");
    }
}

#[tokio::test]
async fn a_500_is_a_defect_unless_the_provider_knows_better_and_a_write_may_have_happened() {
    let step = Step::Write(answer("500 Internal Server Error", &[], b"<html></html>"));
    let mock = Mock::start([step.clone(), ok("{}")]).await;
    let error = mock.client().send(&Request::get("/x")).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable(), mock.count()), (ErrorKind::Unavailable, false, 1));
    assert!(!error.maybe_applied(), "a read applies nothing");
    for idempotency in [Idempotency::Unsafe, Idempotency::Idempotent, Idempotency::Keyed] {
        let mock = Mock::start([step.clone(), ok("{}")]).await;
        let error = mock.client().send(&post(idempotency)).await.unwrap_err();
        assert!(error.maybe_applied() && mock.count() == 1, "{error:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_final_and_says_that_nothing_happened() {
    for (status, kind) in [
        ("400 Bad Request", ErrorKind::InvalidRequest),
        ("403 Forbidden", ErrorKind::PermissionDenied),
        ("404 Not Found", ErrorKind::NotFound),
        ("409 Conflict", ErrorKind::Conflict),
        ("412 Precondition Failed", ErrorKind::PreconditionFailed),
        ("501 Not Implemented", ErrorKind::Unsupported),
    ] {
        for request in [Request::get("/x"), post(Idempotency::Unsafe), post(Idempotency::Keyed)] {
            let mock = Mock::start([Step::Write(answer(status, &[], b"{}")), ok("{}")]).await;
            let error = mock.client().send(&request).await.unwrap_err();
            assert_eq!((error.kind(), error.delivery(), mock.count()), (kind, Delivery::Answered, 1), "{status}");
            assert!(!error.is_retryable(), "{status}");
        }
    }
}

#[tokio::test]
async fn a_write_that_never_left_is_sent_again_and_says_so_in_the_end() {
    // A port that nobody listens on: it was ours a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let context = crate::mock::context();
    let address = context.policy().check("instance", &format!("http://127.0.0.1:{port}"), None).unwrap();
    let error = HttpClient::builder(address, context).build().send(&post(Idempotency::Unsafe)).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Unavailable, Delivery::NotSent), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_later_refusal_does_not_hide_that_an_earlier_attempt_may_have_happened() {
    let refused = answer("409 Conflict", &[], b"");
    let mock = Mock::start([Step::Drop, Step::Write(refused)]).await;
    let error = mock.client().send(&post(Idempotency::Idempotent)).await.unwrap_err();
    assert_eq!((error.kind(), mock.count()), (ErrorKind::Conflict, 2));
    assert!(error.maybe_applied(), "{error:?}");
}

#[tokio::test]
async fn attempts_and_the_shared_budget_are_bounded() {
    let mock = Mock::start(vec![Step::Drop; 20]).await;
    let error = mock.client().send(&Request::get("/x")).await.unwrap_err();
    assert_eq!((error.kind(), mock.count()), (ErrorKind::Unavailable, 4));

    let mock = Mock::start(vec![Step::Drop; 20]).await;
    let context = crate::mock::context();
    let address = context.policy().check("instance", &mock.url(), None).unwrap();
    let budget = ticketing_http::RetryBudget::new(2);
    let client = HttpClient::builder(address, context).with_budget(budget).build();
    for _ in 0..5 {
        client.send(&Request::get("/x")).await.unwrap_err();
    }
    assert_eq!(mock.count(), 5 + 2, "two retries were paid for");
}

#[tokio::test]
async fn an_operation_that_waits_for_its_turn_has_sent_nothing() {
    let mock = Mock::start([ok("{}")]).await;
    let context = crate::mock::context().with_timeouts(ticketing_http::Timeouts {
        attempt: Duration::from_millis(100),
        operation: Duration::from_millis(200),
    });
    let address = context.policy().check("instance", &mock.url(), None).unwrap();
    let gate = ticketing_http::RateGate::new(1);
    let client = HttpClient::builder(address, context).with_gate(gate.clone()).build();
    let _taken = gate.enter().await.unwrap();
    let error = client.send(&post(Idempotency::Unsafe)).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery(), mock.count()), (ErrorKind::Timeout, Delivery::NotSent, 0), "{error:?}");
}

#[tokio::test]
async fn an_upload_is_read_again_from_its_first_byte() {
    let mock = Mock::start([Step::Drop, ok("{}")]).await;
    let content = ticketing_core::request::AttachmentContent::from_bytes(vec![7; 300_000]);
    let request = Request::post("/file")
        .with_body(HeaderValue::from_static("application/octet-stream"), Body::Stream(content))
        .with_idempotency(Idempotency::Idempotent);
    mock.client().send(&request).await.unwrap();
    let seen = mock.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|seen| seen.body == vec![7; 300_000]));
}

#[tokio::test]
async fn a_cancelled_call_leaves_no_lock() {
    let mock = Mock::start([Step::Hang(Vec::new()), ok("{}"), ok("{}")]).await;
    let context = HttpContext::new(AddressPolicy::strict().allow_loopback()).unwrap();
    let address = context.policy().check("instance", &mock.url(), None).unwrap();
    let client = Arc::new(HttpClient::builder(address, context).with_gate(ticketing_http::RateGate::new(1)).build());
    let request = Request::get("/x");
    assert!(tokio::time::timeout(Duration::from_millis(100), client.send(&request)).await.is_err());
    tokio::time::timeout(Duration::from_secs(5), client.send(&request)).await.unwrap().unwrap();
    assert_eq!(mock.left(), 1);
}
