//! Answers that are cut off, endless, redirected or too large.

use std::io::Write as _;
use std::time::Duration;

use futures::StreamExt as _;
use ticketing_core::{Delivery, ErrorKind, Secret};
use ticketing_http::auth::Basic;
use ticketing_http::http::{HeaderMap, Method};
use ticketing_http::{HttpClient, Request};

use crate::fake::{Fake, answer as answered};
use crate::mock::{Mock, Step, answer, context, head, ok};

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

const GZIP: [(&str, &str); 2] = [("content-type", "application/json"), ("content-encoding", "gzip")];

#[tokio::test]
async fn a_body_that_ends_early_is_never_taken_for_a_whole_one() {
    let packed = gzip(&vec![b' '; 100_000]);
    for (name, cut) in [
        ("length", head("200 OK", &[("content-length", "20")], b"[1,2,3]")),
        ("chunk", head("200 OK", &[("transfer-encoding", "chunked")], b"7\r\n[1,2,3]\r\n")),
        ("gzip", answer("200 OK", &GZIP, &packed[..packed.len() - 10])),
        ("gzip's head", answer("200 OK", &GZIP, &packed[..5])),
    ] {
        let mock = Mock::start(vec![Step::Write(cut.clone()); 4]).await;
        let error = mock.client().send(&Request::get("/x")).await.unwrap_err();
        assert_eq!((error.kind(), mock.count()), (ErrorKind::Unavailable, 4), "{name}: {error:?}");

        let mock = Mock::start([Step::Write(cut), ok("{}")]).await;
        let mut pieces = mock.client().stream(&Request::get("/x")).await.unwrap().body;
        let mut last = None;
        while let Some(piece) = pieces.next().await {
            last = Some(piece);
        }
        let error = last.expect("a cut stream yields its error").unwrap_err();
        assert_eq!((error.kind(), mock.count()), (ErrorKind::Unavailable, 1), "{name}: {error:?}");
        assert!(pieces.next().await.is_none(), "{name}: nothing follows the error");
    }
}

#[tokio::test]
async fn a_transport_that_does_not_count_is_counted_for() {
    let short = Fake::new(|_| answered(200, &[("content-length", "20")], "[1,2,3]"));
    let error = short.client().build().send(&Request::post("/x")).await.unwrap_err();
    assert!(error.maybe_applied() && error.kind() == ErrorKind::Unavailable, "{error:?}");
    let pieces: Vec<_> = short.client().build().stream(&Request::get("/x")).await.unwrap().body.collect().await;
    assert!(pieces.len() == 2 && pieces[0].is_ok() && pieces[1].is_err(), "{pieces:?}");
    // A packed body's length is that of the packing.
    let packed = [("content-length", "30"), ("content-encoding", "gzip")];
    let whole = Fake::new(move |_| answered(200, &packed, "[1,2,3]"));
    assert_eq!(whole.client().build().send(&Request::get("/x")).await.unwrap().body.len(), 7);
}

#[tokio::test]
async fn a_stream_that_goes_silent_ends_in_an_error() {
    let mock = Mock::start([Step::Hang(head("200 OK", &[("content-length", "20")], b"[1,2,3]"))]).await;
    let mut pieces = mock.client().stream(&Request::get("/x")).await.unwrap().body;
    assert_eq!(pieces.next().await.unwrap().unwrap().as_ref(), b"[1,2,3]");
    let error = pieces.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(pieces.next().await.is_none());
}

#[tokio::test]
async fn an_answer_to_head_has_a_length_and_no_body() {
    let mock = Mock::start([Step::Write(head("200 OK", &[("content-length", "512")], b""))]).await;
    let response = mock.client().send(&Request::new(Method::HEAD, "/x")).await.unwrap();
    assert_eq!((response.header("content-length"), response.body.len()), (Some("512"), 0));
    let mock = Mock::start([Step::Write(head("204 No Content", &[], b""))]).await;
    assert!(mock.client().send(&Request::delete("/x")).await.unwrap().body.is_empty());
}

#[tokio::test]
async fn a_page_of_10_megabytes_arrives_whole_packed_or_not() {
    let mut plain = b"[".to_vec();
    while plain.len() < 10 * 1024 * 1024 {
        write!(plain, "\"{:064x}\",", plain.len()).unwrap();
    }
    plain.extend_from_slice(b"0]");
    let json = [("content-type", "application/json")];
    let script = [Step::Write(answer("200 OK", &json, &plain)), Step::Write(answer("200 OK", &GZIP, &gzip(&plain)))];
    let mock = Mock::start(script).await;
    let client = mock.client();
    for _ in 0..2 {
        let response = client.send(&Request::get("/x")).await.unwrap();
        assert!(response.body == plain);
    }
    assert!(mock.seen()[0].header("accept-encoding").unwrap().contains("gzip"));
}

#[tokio::test]
async fn a_decompression_bomb_is_bounded() {
    // 256 MiB of blanks in about 256 KiB.
    let bomb = gzip(&vec![b' '; 256 * 1024 * 1024]);
    assert!(bomb.len() < 1024 * 1024);
    let mock = Mock::start(vec![Step::Write(answer("200 OK", &GZIP, &bomb)); 4]).await;
    let request = Request::get("/x").with_max_bytes(1024 * 1024).with_attempt_timeout(Duration::from_secs(5));
    let error = mock.client().send(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery(), mock.count()), (ErrorKind::Decode, Delivery::Answered, 1), "{error:?}");
    assert!(error.hint().is_some());

    // Of a failure's body only the beginning is read; the status says enough.
    let mock = Mock::start([Step::Write(answer("403 Forbidden", &GZIP, &bomb))]).await;
    let error = mock.client().send(&Request::get("/x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    // A write whose answer is a bomb may have happened.
    let mock = Mock::start([Step::Write(answer("201 Created", &GZIP, &bomb))]).await;
    let write = Request::post("/x").with_max_bytes(1024 * 1024).with_attempt_timeout(Duration::from_secs(5));
    assert!(mock.client().send(&write).await.unwrap_err().maybe_applied());
}

#[tokio::test]
async fn redirects_are_not_followed_and_credentials_stay_at_home() {
    let elsewhere = Mock::start([ok("{\"stolen\":true}")]).await;
    let target = format!("{}/login?token=canary", elsewhere.url());
    for status in
        ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        for location in [target.as_str(), "/elsewhere", "//evil.example/x", "https://user:canary@evil.example/"] {
            let mock = Mock::start([Step::Write(answer(status, &[("location", location)], b"")), ok("{}")]).await;
            let context = context();
            let address = context.policy().check("instance", &mock.url(), None).unwrap();
            let basic = Basic::new("admin", &Secret::new("hunter2")).unwrap();
            let client = HttpClient::builder(address, context).with_authenticator(std::sync::Arc::new(basic)).build();
            let error = client.send(&Request::get("/x")).await.unwrap_err();
            assert_eq!((mock.count(), elsewhere.count()), (1, 0), "{status} {location}");
            assert_eq!(error.http_status(), Some(status[..3].parse().unwrap()));
            assert!(error.message().contains("redirect"), "{error}");
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
            assert!(mock.seen()[0].header("authorization").is_some());
        }
    }
}

#[tokio::test]
async fn a_request_keeps_to_its_host_and_host_header() {
    let mock = Mock::start([ok("{}")]).await;
    let mut headers = HeaderMap::new();
    headers.insert("host", "evil.example".parse().unwrap());
    let context = context();
    let address = context.policy().check("instance", &mock.url(), None).unwrap();
    let client = HttpClient::builder(address, context).with_headers(headers).build();
    client.send(&Request::get("/x").with_query("a", "b&c=d#e")).await.unwrap();
    let seen = &mock.seen()[0];
    assert_eq!(seen.line(), "GET /x?a=b%26c%3Dd%23e");
    assert!(mock.url().ends_with(&seen.header("host").unwrap()));
    for path in ["//evil.example/x", "http://evil.example/", "/../x", "x"] {
        let error = client.send(&Request::get(path)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("path")), "{path}");
    }
    assert_eq!(mock.count(), 1);
}

#[tokio::test]
async fn a_closed_idle_connection_is_no_error() {
    let json = [("content-type", "application/json")];
    let keep = Step::KeepAlive(answer("200 OK", &json, b"{}"));
    let mock = Mock::start([keep.clone(), keep, ok("{}"), ok("{}")]).await;
    let client = mock.client();
    for _ in 0..4 {
        client.send(&Request::get("/x")).await.unwrap();
    }
    assert_eq!(mock.count(), 4);
}

#[tokio::test]
async fn no_cookie_is_kept() {
    let first = answer("200 OK", &[("set-cookie", "JSESSIONID=canary; Path=/")], b"{}");
    let mock = Mock::start([Step::Write(first), ok("{}")]).await;
    let client = mock.client();
    client.send(&Request::get("/x")).await.unwrap();
    client.send(&Request::get("/x")).await.unwrap();
    assert_eq!(mock.seen()[1].header("cookie"), None);
}
