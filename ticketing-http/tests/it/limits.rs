//! The rate gate and the retry budget as a client meets them.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use futures::future::join_all;
use ticketing_core::{Delivery, Error, ErrorKind, Result};
use ticketing_http::{
    Answer, HttpClient, Judge, RateGate, RateReading, RefusedFor, Request, TransportError, TransportErrorKind,
};
use tokio::time::Instant;

use crate::fake::{Fake, answer};

/// A server that lets `per_window` requests through in each ten minutes, and says so.
fn windowed(per_window: usize) -> Fake {
    let begun = Instant::now();
    let used = Arc::new(Mutex::new((0_u64, 0_usize)));
    Fake::slow(Duration::from_millis(20), move |_| {
        let elapsed = begun.elapsed().as_secs();
        let mut used = used.lock().unwrap();
        if used.0 != elapsed / 600 {
            *used = (elapsed / 600, 0);
        }
        used.1 += 1;
        let (limit, reset) = (per_window.to_string(), (600 - elapsed % 600).to_string());
        let headers = [("x-ratelimit-limit", limit.as_str()), ("x-ratelimit-reset", reset.as_str())];
        if used.1 <= per_window {
            answer(200, &headers, "{}")
        } else {
            answer(429, &[headers[0], headers[1], ("retry-after", reset.as_str())], "{}")
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_client_spends_what_the_headers_allow_and_never_hits_the_wall() {
    let server = windowed(600);
    let client = server.client().build();
    let request = Request::get("/x");
    for _ in 0..1_500 {
        client.send(&request).await.unwrap();
    }
    assert_eq!(server.count(), 1_500, "nothing was refused and sent again");
}

#[tokio::test(start_paused = true)]
async fn a_spent_window_is_the_callers_to_schedule_and_costs_no_request() {
    let server = windowed(10);
    let client = server.client().build();
    for _ in 0..10 {
        client.send(&Request::get("/x")).await.unwrap();
    }
    let error = client.send(&Request::post("/x")).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery(), server.count()), (ErrorKind::RateLimited, Delivery::NotSent, 10));
    let wait = error.retry_after().unwrap();
    assert!((590..=601).contains(&wait.as_secs()), "{wait:?}");
    tokio::time::sleep(wait).await;
    client.send(&Request::post("/x")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn connections_of_one_account_share_its_limits_and_take_turns() {
    let server = Fake::slow(Duration::from_millis(100), |_| answer(200, &[], "{}"));
    let context = server.context();
    let client = |host: &str| {
        let address = context.policy().check("instance", host, None).unwrap();
        HttpClient::builder(address, context.clone()).with_shared_limits("acme", 1).build()
    };
    let (busy, quiet) = (client("busy.example.com"), client("quiet.example.com"));
    let crowd: Vec<_> = (0..50)
        .map(|_| {
            let busy = busy.clone();
            tokio::spawn(async move { busy.send(&Request::get("/x")).await.map(drop) })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(10)).await;
    let begun = Instant::now();
    quiet.send(&Request::get("/x")).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
    for done in join_all(crowd).await {
        done.unwrap().unwrap();
    }
    assert!(begun.elapsed() >= Duration::from_secs(5), "one at a time");
}

#[tokio::test(start_paused = true)]
async fn clones_of_one_client_are_one_connection() {
    let server = Fake::slow(Duration::from_millis(100), |_| answer(200, &[], "{}"));
    let client = server.client().with_gate(RateGate::new(2)).build();
    let begun = Instant::now();
    let all = join_all((0..10).map(|_| {
        let client = client.clone();
        async move { client.send(&Request::get("/x")).await }
    }));
    assert!(all.await.iter().all(Result::is_ok));
    assert_eq!(begun.elapsed(), Duration::from_millis(500));
}

/// A vendor that counts points, and says with a header of its own that too many run at once.
#[derive(Debug)]
struct Vendor;

impl Judge for Vendor {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        if answer.status.is_success() { Ok(()) } else { Err(answer.error("refused")) }
    }

    fn readings(&self, answer: &Answer<'_>) -> Vec<RateReading> {
        let left = answer.header("x-points-left").and_then(|left| left.parse().ok());
        left.map(|left| {
            let reading = RateReading::new("points").with_limit(100.0);
            reading.with_remaining(left).with_resets_in(Duration::from_secs(30))
        })
        .into_iter()
        .collect()
    }

    fn refused_for(&self, answer: &Answer<'_>) -> RefusedFor {
        if answer.header("x-too-many-at-once").is_some() { RefusedFor::Concurrency } else { RefusedFor::Rate }
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendors_own_budget_is_learned_through_its_judge() {
    let server = Fake::new(|call| answer(200, &[("x-points-left", if call.number == 1 { "15" } else { "5" })], "{}"));
    let client = server.client().with_judge(Arc::new(Vendor)).build();
    let dear = Request::get("/x").with_cost("points", 10.0);
    let begun = Instant::now();
    client.send(&dear).await.unwrap();
    client.send(&dear).await.unwrap();
    client.send(&Request::get("/cheap")).await.unwrap();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    client.send(&dear).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn too_many_at_once_lowers_how_many_run() {
    // The server takes two at a time.
    let running = Arc::new(Mutex::new(0_i32));
    let transport = Crowded(Arc::clone(&running), Arc::default());
    let refused = Arc::clone(&transport.1);
    let context =
        ticketing_http::HttpContext::with_transport(ticketing_http::AddressPolicy::strict(), Arc::new(transport));
    let address = context.policy().check("instance", "acme.example.com", None).unwrap();
    let client = HttpClient::builder(address, context).with_judge(Arc::new(Vendor)).with_gate(RateGate::new(8)).build();
    let request = Request::get("/x");
    for round in 0..20 {
        for done in join_all((0..8).map(|_| client.send(&request))).await {
            done.unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
    }
    // Without it, six of eight would be refused in every round.
    let refused = *refused.lock().unwrap();
    assert!((1..=30).contains(&refused), "{refused}");
}

/// Answers after a while; turns away what comes while two run.
#[derive(Debug)]
struct Crowded(Arc<Mutex<i32>>, Arc<Mutex<u32>>);

#[async_trait::async_trait]
impl ticketing_http::Transport for Crowded {
    async fn send(&self, _: ticketing_http::http::Request<ticketing_http::Body>) -> crate::fake::Answered {
        *self.0.lock().unwrap() += 1;
        let free = *self.0.lock().unwrap() <= 2;
        if free {
            tokio::time::sleep(Duration::from_millis(50)).await;
        } else {
            *self.1.lock().unwrap() += 1;
        }
        *self.0.lock().unwrap() -= 1;
        if free { answer(200, &[], "{}") } else { answer(429, &[("x-too-many-at-once", "1")], "{}") }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_now_and_then_does_not_use_up_the_retries() {
    // Three of ten fail, without end.
    let server = Fake::new(|call| match call.number % 10 {
        2 => Err(TransportError::new(TransportErrorKind::Broken, "reset")),
        5 => answer(503, &[], "<html>"),
        8 => answer(502, &[], "<html>"),
        _ => answer(200, &[], "{}"),
    });
    let client = server.client().build();
    for nth in 0..5_000 {
        client.send(&Request::get("/x")).await.unwrap_or_else(|error: Error| panic!("{nth}: {error}"));
    }
    // An outage does: most of what is asked then is asked once.
    let down = Fake::new(|_| answer(503, &[], "<html>"));
    let client = down.client().build();
    for _ in 0..1_000 {
        client.send(&Request::get("/x")).await.unwrap_err();
    }
    assert!(down.count() <= 1_100, "{}", down.count());
}
