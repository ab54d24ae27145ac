//! How long a request waits before it is sent again, on time that stands still.

use std::sync::Arc;
use std::time::Duration;

use ticketing_core::{Delivery, ErrorKind, ManualClock, Result};
use ticketing_http::{
    Answer, Attempt, Backoff, Decision, HttpClient, Idempotency, Judge, Random, Request, RetryPolicy, Timeouts,
};
use tokio::time::Instant;

use crate::fake::{Fake, answer};

const NOW: &str = "2026-01-05T08:00:00Z";

/// The first answers of a server, and 200 afterwards.
fn server(refusals: usize, status: u16, headers: &'static [(&str, &str)]) -> Fake {
    Fake::new(move |call| if call.number <= refusals { answer(status, headers, "") } else { answer(200, &[], "{}") })
}

fn client(fake: &Fake) -> HttpClient {
    let context = fake.context().with_clock(Arc::new(ManualClock::new(NOW.parse().unwrap())));
    let address = context.policy().check("instance", "acme.example.com", None).unwrap();
    HttpClient::builder(address, context).build()
}

/// The largest jitter there is.
#[derive(Debug)]
struct Most;

impl Random for Most {
    fn unit(&self) -> f64 {
        0.999
    }
}

fn gaps(fake: &Fake) -> Vec<Duration> {
    fake.calls().windows(2).map(|two| two[1].at - two[0].at).collect()
}

#[tokio::test(start_paused = true)]
async fn the_servers_wait_is_kept_to_the_millisecond_and_slept_once() {
    for (status, headers, seconds) in [
        (429, [("retry-after", "7")], 7),
        (503, [("retry-after", "13")], 13),
        (429, [("retry-after", "Mon, 05 Jan 2026 08:00:41 GMT")], 41),
        (429, [("retry-after", "60")], 60),
    ] {
        let headers: &'static [(&str, &str)] = Box::leak(Box::new(headers));
        let fake = server(1, status, headers);
        let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
        let context = fake.context().with_clock(clock).with_random(Arc::new(Most));
        let address = context.policy().check("instance", "acme.example.com", None).unwrap();
        HttpClient::builder(address, context).build().send(&Request::post("/x")).await.unwrap();
        let gap = gaps(&fake)[0];
        let wait = Duration::from_secs(seconds);
        assert!(gap >= wait && gap < wait + Duration::from_millis(20), "{status} {headers:?}: {gap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_date_in_the_past_is_no_wait_and_our_own_is_bounded_by_jitter() {
    let fake = server(1, 503, &[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]);
    client(&fake).send(&Request::get("/x")).await.unwrap();
    assert!(gaps(&fake)[0] <= Duration::from_millis(500));

    let fake = server(3, 502, &[]);
    client(&fake).send(&Request::get("/x")).await.unwrap();
    let gaps = gaps(&fake);
    assert_eq!(gaps.len(), 3);
    for (gap, longest) in gaps.iter().zip([500, 1000, 2000]) {
        assert!(*gap <= Duration::from_millis(longest + 5), "{gaps:?}");
    }
    assert!(gaps.iter().any(|gap| *gap > Duration::from_millis(1)), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_cap_is_the_callers() {
    let fake = server(9, 429, &[("retry-after", "3600")]);
    let begun = Instant::now();
    let error = client(&fake).send(&Request::get("/x")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(3600))));
    assert_eq!((fake.count(), begun.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_waited_for_that_would_end_after_the_operation() {
    let fake = server(9, 429, &[("retry-after", "50")]);
    let context =
        fake.context().with_timeouts(Timeouts { attempt: Duration::from_secs(10), operation: Duration::from_secs(40) });
    let address = context.policy().check("instance", "acme.example.com", None).unwrap();
    let begun = Instant::now();
    let error = HttpClient::builder(address, context).build().send(&Request::get("/x")).await.unwrap_err();
    assert_eq!((error.kind(), fake.count(), begun.elapsed()), (ErrorKind::RateLimited, 1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_costs_one_attempts_time_each_and_never_more_than_the_operations() {
    let fake = Fake::silent();
    let context =
        fake.context().with_timeouts(Timeouts { attempt: Duration::from_secs(20), operation: Duration::from_secs(50) });
    let address = context.policy().check("instance", "acme.example.com", None).unwrap();
    let client = HttpClient::builder(address, context).build();
    let begun = Instant::now();
    let error = client.send(&Request::get("/x")).await.unwrap_err();
    assert_eq!((error.kind(), fake.count()), (ErrorKind::Timeout, 3));
    assert!(begun.elapsed() <= Duration::from_millis(50_005), "{:?}", begun.elapsed());
    assert!(gaps(&fake).iter().all(|gap| *gap >= Duration::from_secs(20)));

    let begun = Instant::now();
    let error = client.send(&Request::post("/x")).await.unwrap_err();
    assert_eq!((error.delivery(), fake.count()), (Delivery::MaybeApplied, 4));
    assert_eq!(begun.elapsed().as_secs(), 20);
}

/// Reads a vendor's own header, and takes a 202 for "dropped".
#[derive(Debug)]
struct Vendor;

impl Judge for Vendor {
    fn judge(&self, answer: &Answer<'_>) -> Result<()> {
        match answer.status.as_u16() {
            200 if answer.body.starts_with(b"<") => {
                Err(ticketing_core::Error::new(ErrorKind::Unavailable, "hibernating").with_retry_after(Duration::ZERO))
            }
            202 => Err(ticketing_core::Error::new(ErrorKind::RateLimited, "dropped").with_retry_after(Duration::ZERO)),
            200 => Ok(()),
            _ => Err(answer.error("refused")),
        }
    }

    fn wait(&self, answer: &Answer<'_>) -> Option<Duration> {
        answer.header("x-wait-ms")?.parse().ok().map(Duration::from_millis)
    }
}

fn judged(fake: &Fake) -> HttpClient {
    fake.client().with_judge(Arc::new(Vendor)).build()
}

#[tokio::test(start_paused = true)]
async fn a_judge_may_call_a_success_a_failure_and_name_the_wait() {
    let fake = server(1, 202, &[("x-wait-ms", "2500")]);
    judged(&fake).send(&Request::post("/x")).await.unwrap();
    let gap = gaps(&fake)[0];
    assert!(gap >= Duration::from_millis(2500) && gap < Duration::from_millis(2520), "{gap:?}");

    let page = |call: crate::fake::Call| answer(200, &[], if call.number == 1 { "<html>" } else { "{}" });
    let fake = Fake::new(page);
    judged(&fake).send(&Request::get("/x")).await.unwrap();
    assert_eq!(fake.count(), 2);
    let fake = Fake::new(page);
    let error = judged(&fake).send(&Request::post("/x")).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery(), fake.count()), (ErrorKind::Unavailable, Delivery::MaybeApplied, 1));
}

/// Never gives up, a second apart.
#[derive(Debug)]
struct Stubborn;

impl RetryPolicy for Stubborn {
    fn decide(&self, attempt: &Attempt<'_>) -> Decision {
        if attempt.idempotency == Idempotency::Unsafe {
            Decision::Stop
        } else {
            Decision::Retry(Duration::from_secs(1))
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_retry_policy_can_be_replaced() {
    let fake = server(9, 404, &[]);
    let context = fake.context().with_retry(Arc::new(Stubborn));
    let address = context.policy().check("instance", "acme.example.com", None).unwrap();
    HttpClient::builder(address, context).build().send(&Request::get("/x")).await.unwrap();
    assert_eq!(gaps(&fake), vec![Duration::from_secs(1); 9]);
}

#[test]
fn waits_double_up_to_a_bound() {
    let error = ticketing_core::Error::new(ErrorKind::Unavailable, "").with_retry_after(Duration::ZERO);
    let policy = Backoff { max_attempts: 100, ..Backoff::default() };
    let wait = |number| policy.decide(&Attempt::new(number, Idempotency::Safe, &error, Duration::ZERO, 1.0));
    assert_eq!(wait(1), Decision::Retry(Duration::from_millis(500)));
    assert_eq!(wait(4), Decision::Retry(Duration::from_secs(4)));
    for number in [7, 30, 99] {
        assert_eq!(wait(number), Decision::Retry(Duration::from_secs(20)));
    }
    assert_eq!(wait(100), Decision::Stop);
}
