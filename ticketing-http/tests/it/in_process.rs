//! A server in the same process as the transport.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use ticketing_core::request::AttachmentContent;
use ticketing_core::{Delivery, ErrorKind};
use ticketing_http::http::{HeaderValue, Request as HttpRequest, Response};
use ticketing_http::{AddressPolicy, Body, HttpClient, HttpContext, Idempotency, Request, ServiceTransport};

#[derive(Clone)]
struct Reset;

type Answer = Response<BoxBody<Bytes, std::io::Error>>;

fn full(body: impl Into<Bytes>) -> BoxBody<Bytes, std::io::Error> {
    Full::new(body.into()).map_err(|never| match never {}).boxed()
}

/// A client of a server whose answers this makes, and how many requests came.
fn client(
    serve: impl Fn(HttpRequest<Bytes>, usize) -> Answer + Clone + Send + Sync + 'static,
) -> (HttpClient, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let service = tower::service_fn(move |request: HttpRequest<Bytes>| {
        let answer = serve(request, counted.fetch_add(1, Ordering::Relaxed) + 1);
        async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Ok::<_, Infallible>(answer)
        }
    });
    let transport = ServiceTransport::new(service, |extensions| extensions.get::<Reset>().is_some());
    let context = HttpContext::with_transport(AddressPolicy::strict(), Arc::new(transport));
    let address = context.policy().check("instance", "acme.example.com", None).unwrap();
    (HttpClient::builder(address, context).build(), count)
}

#[tokio::test(start_paused = true)]
async fn it_is_met_like_one_on_the_network() {
    let (client, _) = client(|request, _| {
        let host = request.headers()["host"].to_str().unwrap().to_owned();
        let told = format!("{} {} {host} {}", request.method(), request.uri(), request.body().len());
        Response::new(full(told))
    });
    let upload = AttachmentContent::from_bytes(vec![b'x'; 70_000]);
    let request = Request::post("/a").with_query("q", "1&2");
    let request = request.with_body(HeaderValue::from_static("text/plain"), Body::Stream(upload));
    let response = client.send(&request).await.unwrap();
    assert_eq!(response.body, "POST https://acme.example.com/a?q=1%262 acme.example.com 70000");
}

#[tokio::test(start_paused = true)]
async fn an_answer_leads_to_public_hosts_and_never_inside() {
    for (location, follows) in [
        ("https://files.example.net/signed", true),
        ("http://127.0.0.1:9/secret", false),
        ("http://localhost/secret", false),
        ("https://intra.corp/secret", false),
        ("https://10.0.0.7:8443/secret", false),
    ] {
        let (client, count) = client(move |request, _| {
            let mut answer = Response::new(full("bytes"));
            if request.uri().path() == "/content" {
                *answer.status_mut() = ticketing_http::http::StatusCode::FOUND;
                answer.headers_mut().insert("location", HeaderValue::from_static(location));
            }
            answer
        });
        // What whoever runs this opened for addresses that people type is not open to what a vendor answers.
        let inside = AddressPolicy::strict().allow_loopback().allow_host("intra.corp").allow_host("10.0.0.7:8443");
        let context = client.context().clone().with_policy(inside);
        let client = HttpClient::builder(client.address().clone(), context).build();
        let outcome = client.stream(&Request::get("/content").with_signed_redirects()).await;
        assert_eq!((outcome.is_ok(), count.load(Ordering::Relaxed)), (follows, 1 + usize::from(follows)), "{location}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_marked_answer_is_a_connection_that_broke() {
    let (client, count) = client(|_, number| {
        let mut answer = Response::new(full("{}"));
        if number <= 2 {
            answer.extensions_mut().insert(Reset);
        }
        answer
    });
    let error = client.send(&Request::post("/a")).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Unavailable, Delivery::MaybeApplied));
    assert_eq!(count.load(Ordering::Relaxed), 1);
    client.send(&Request::post("/a").with_idempotency(Idempotency::Keyed)).await.unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_in_the_middle_is_an_error() {
    let (client, _) = client(|_, _| {
        let frames = [Ok(http_body::Frame::data(Bytes::from_static(b"[1,"))), Err(std::io::Error::other("reset"))];
        Response::new(BodyExt::boxed(StreamBody::new(futures::stream::iter(frames))))
    });
    let mut pieces = client.stream(&Request::get("/a")).await.unwrap().body;
    assert_eq!(pieces.next().await.unwrap().unwrap(), "[1,");
    assert_eq!(pieces.next().await.unwrap().unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(pieces.next().await.is_none());
    let error = client.send(&Request::get("/a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
