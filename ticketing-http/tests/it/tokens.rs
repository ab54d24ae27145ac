//! One token for all who ask: fetched once, shared whole, and never held up by those who went away.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::future::join_all;
use ticketing_core::{Clock as _, Error, ErrorKind, ManualClock, Result, Secret};
use ticketing_http::auth::{CredentialSource, Token, TokenCache, TokenCacheOptions};
use ticketing_http::{Random, Request, SeededRandom};
use tokio::time::{Instant, sleep, timeout};

use crate::fake::{Fake, answer};

/// What a fetch does.
#[derive(Debug, Clone)]
enum Plan {
    /// A new token with a life of this many seconds, after a second.
    Token(i64),
    /// A failure, after a second.
    Fail(ErrorKind, Option<Duration>),
    Hang,
    Panic,
}

/// Plays its plans one by one, the last one again and again.
#[derive(Debug)]
struct Scripted {
    clock: Arc<ManualClock>,
    plans: Mutex<Vec<Plan>>,
    calls: AtomicUsize,
}

#[async_trait]
impl CredentialSource for Scripted {
    async fn fetch(&self) -> Result<Token> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let plan = {
            let mut plans = self.plans.lock().unwrap();
            if plans.len() > 1 { plans.remove(0) } else { plans[0].clone() }
        };
        sleep(Duration::from_secs(1)).await;
        match plan {
            Plan::Token(life) => {
                let expires_at = Some(self.clock.now() + TimeDelta::seconds(life));
                Ok(Token { access: Secret::new(format!("token-{number}")), expires_at })
            }
            Plan::Fail(kind, wait) => {
                let error = Error::new(kind, format!("failure {number}"));
                Err(match wait {
                    Some(wait) => error.with_retry_after(wait),
                    None => error,
                })
            }
            Plan::Hang => futures::future::pending().await,
            Plan::Panic => panic!("the source is broken"),
        }
    }
}

struct Fixture {
    clock: Arc<ManualClock>,
    source: Arc<Scripted>,
    cache: TokenCache,
}

impl Fixture {
    fn new(plans: impl IntoIterator<Item = Plan>) -> Self {
        Self::with(plans, TokenCacheOptions::default(), Arc::new(SeededRandom::new(1)))
    }

    fn with(plans: impl IntoIterator<Item = Plan>, options: TokenCacheOptions, random: Arc<dyn Random>) -> Self {
        let clock = Arc::new(ManualClock::new("2026-01-05T08:00:00Z".parse().unwrap()));
        let source = Arc::new(Scripted {
            clock: Arc::clone(&clock),
            plans: Mutex::new(plans.into_iter().collect()),
            calls: AtomicUsize::new(0),
        });
        let cache = TokenCache::new(source.clone(), clock.clone(), random, options);
        Self { clock, source, cache }
    }

    fn calls(&self) -> usize {
        self.source.calls.load(Ordering::SeqCst)
    }

    async fn token(&self) -> String {
        self.cache.token().await.unwrap().0.expose().to_owned()
    }

    fn pass(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }

    /// Lets what runs beside us finish.
    async fn settle(&self) {
        sleep(Duration::from_secs(2)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_who_wait_cost_one_call() {
    let fixture = Fixture::new([Plan::Token(1800)]);
    let begun = Instant::now();
    let tokens = join_all((0..1000).map(|_| fixture.token())).await;
    assert!(tokens.iter().all(|token| token == "token-1"));
    assert_eq!((fixture.calls(), begun.elapsed().as_secs()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_who_wait_for_a_failure_cost_one_call_and_no_convoy() {
    for wait in [None, Some(Duration::ZERO)] {
        let fixture = Fixture::new([Plan::Fail(ErrorKind::Unavailable, wait)]);
        let begun = Instant::now();
        let outcomes = join_all((0..1000).map(|_| fixture.cache.token())).await;
        for outcome in outcomes {
            let error = outcome.unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::Unavailable, "failure 1"));
            // All are told when the next call may be made.
            assert_eq!(error.is_retryable(), wait.is_some());
            assert!(error.retry_after().is_none_or(|wait| !wait.is_zero()));
        }
        assert_eq!((fixture.calls(), begun.elapsed().as_secs()), (1, 1));
        // Who comes at its heels shares it, and who comes later asks anew.
        let shared = fixture.cache.token().await.unwrap_err();
        assert_eq!((shared.message(), shared.is_retryable(), fixture.calls()), ("failure 1", wait.is_some(), 1));
        sleep(if wait.is_some() { Duration::from_millis(400) } else { Duration::from_secs(30) }).await;
        assert_eq!(fixture.cache.token().await.unwrap_err().message(), "failure 2");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_expiries_under_fifty_readers_cost_one_call_each() {
    let fixture = Fixture::new([Plan::Token(1800)]);
    for number in 1..=100 {
        let tokens = join_all((0..50).map(|_| fixture.token())).await;
        assert!(tokens.iter().all(|token| *token == format!("token-{number}")), "{number}");
        fixture.pass(1801);
    }
    assert_eq!(fixture.calls(), 100);
}

#[derive(Debug)]
struct Fixed(f64);

impl Random for Fixed {
    fn unit(&self) -> f64 {
        self.0
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_refreshed_early_with_jitter_and_served_meanwhile() {
    // A tenth of 1800 s before the end, and up to a fifth of that earlier.
    for (unit, quiet) in [(0.0, 1619), (0.5, 1601), (1.0, 1583)] {
        let options = TokenCacheOptions::default();
        let fixture = Fixture::with([Plan::Token(1800)], options, Arc::new(Fixed(unit)));
        assert_eq!(fixture.token().await, "token-1");
        fixture.pass(quiet);
        assert_eq!(fixture.token().await, "token-1");
        fixture.settle().await;
        assert_eq!(fixture.calls(), 1, "{unit}: too early");
        fixture.pass(2);
        let begun = Instant::now();
        let tokens = join_all((0..100).map(|_| fixture.token())).await;
        assert!(tokens.iter().all(|token| token == "token-1") && begun.elapsed().is_zero(), "nobody waits");
        fixture.settle().await;
        assert_eq!((fixture.token().await.as_str(), fixture.calls()), ("token-2", 2), "{unit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_gives_out_the_living_token_again_is_not_asked_before_its_end() {
    let options = TokenCacheOptions { reissues_live_token: true, ..TokenCacheOptions::default() };
    let fixture = Fixture::with([Plan::Token(1800)], options, Arc::new(Fixed(1.0)));
    fixture.token().await;
    fixture.pass(1799);
    join_all((0..50).map(|_| fixture.token())).await;
    fixture.settle().await;
    assert_eq!(fixture.calls(), 1);
    fixture.pass(1);
    assert_eq!((fixture.token().await.as_str(), fixture.calls()), ("token-2", 2));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lives_is_served_while_its_refresh_fails() {
    let refused = Plan::Fail(ErrorKind::Unauthenticated, None);
    let down = Plan::Fail(ErrorKind::Unavailable, Some(Duration::ZERO));
    let fixture = Fixture::new([Plan::Token(1800), refused, Plan::Hang, down, Plan::Token(1800)]);
    fixture.token().await;
    fixture.pass(1650);
    for call in 2..=4 {
        assert_eq!(fixture.token().await, "token-1");
        sleep(Duration::from_secs(40)).await;
        assert_eq!(fixture.token().await, "token-1");
        fixture.settle().await;
        assert_eq!(fixture.calls(), call, "after a failure the next try waits");
        fixture.pass(31);
    }
    assert_eq!(fixture.token().await, "token-1");
    fixture.settle().await;
    assert_eq!((fixture.token().await.as_str(), fixture.calls()), ("token-5", 5));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ended_is_not_served_when_its_refresh_fails() {
    let fixture = Fixture::new([Plan::Token(1800), Plan::Fail(ErrorKind::Unauthenticated, None)]);
    fixture.token().await;
    fixture.pass(1800);
    let error = fixture.cache.token().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unauthenticated, false));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_hangs_ends_in_a_timeout_for_all() {
    let fixture = Fixture::new([Plan::Hang, Plan::Token(1800)]);
    let begun = Instant::now();
    for outcome in join_all((0..100).map(|_| fixture.cache.token())).await {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Timeout, true));
    }
    assert_eq!((fixture.calls(), begun.elapsed().as_secs()), (1, 30));
    fixture.settle().await;
    assert_eq!(fixture.token().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_leaves_no_lock() {
    let fixture = Fixture::new([Plan::Panic, Plan::Token(1800)]);
    let error = fixture.cache.token().await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true));
    assert_eq!(fixture.token().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn those_who_go_away_leave_no_lock_and_lose_no_token() {
    let fixture = Fixture::new([Plan::Token(1800)]);
    // All of them go away; what they asked for arrives all the same, with its rotated refresh token, and once.
    let short = Duration::from_millis(500);
    assert!(join_all((0..10).map(|_| timeout(short, fixture.cache.token()))).await.iter().all(Result::is_err));
    assert_eq!(fixture.token().await, "token-1");
    assert_eq!(fixture.calls(), 1);

    // The first of them goes away, the others wait on.
    fixture.pass(1801);
    let (first, others) =
        tokio::join!(timeout(short, fixture.cache.token()), join_all((0..10).map(|_| fixture.token())));
    assert!(first.is_err() && others.iter().all(|token| token == "token-2"));
    assert_eq!(fixture.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_servers_word_on_when_to_ask_again_holds_for_all() {
    let wait = Duration::from_secs(20);
    let fixture = Fixture::new([Plan::Fail(ErrorKind::RateLimited, Some(wait)), Plan::Token(1800)]);
    fixture.cache.token().await.unwrap_err();
    sleep(Duration::from_secs(5)).await;
    let error = fixture.cache.token().await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after(), fixture.calls()), (ErrorKind::RateLimited, Some(wait * 3 / 4), 1));
    sleep(Duration::from_secs(15)).await;
    assert_eq!(fixture.token().await, "token-2");
}

#[tokio::test(start_paused = true)]
async fn only_the_refused_token_ends() {
    let fixture = Fixture::new([Plan::Token(1800)]);
    let (_, first) = fixture.cache.token().await.unwrap();
    fixture.cache.invalidate(first);
    let (_, second) = fixture.cache.token().await.unwrap();
    assert!(second > first);
    // Late news of the first one.
    fixture.cache.invalidate(first);
    assert_eq!((fixture.token().await.as_str(), fixture.calls()), ("token-2", 2));
}

/// An API that takes only these tokens.
fn api(good: &'static str) -> Fake {
    Fake::new(move |call| {
        if call.authorization == format!("Bearer {good}") { answer(200, &[], "{}") } else { answer(401, &[], "{}") }
    })
}

#[tokio::test(start_paused = true)]
async fn a_401_costs_one_refresh_for_all_and_one_more_attempt_each() {
    let fixture = Fixture::new([Plan::Token(1800)]);
    let api = api("token-2");
    let client = api.client().with_authenticator(Arc::new(fixture.cache.clone())).build();
    let request = Request::post("/x").with_json(&1).unwrap();
    let outcomes = join_all((0..4).map(|_| client.send(&request))).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!((fixture.calls(), api.count()), (2, 8));
}

#[tokio::test(start_paused = true)]
async fn a_401_that_stays_is_reported_after_one_refresh() {
    let fixture = Fixture::new([Plan::Token(1800)]);
    let api = api("another");
    let client = api.client().with_authenticator(Arc::new(fixture.cache.clone())).build();
    let error = client.send(&Request::get("/x")).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::Unauthenticated, Some(401)));
    assert_eq!((fixture.calls(), api.count()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_fixed_credential_or_of_a_right_is_final() {
    let fixture = Fixture::new([Plan::Token(1800)]);
    let forbidden = Fake::new(|_| answer(403, &[], "{}"));
    let client = forbidden.client().with_authenticator(Arc::new(fixture.cache.clone())).build();
    assert_eq!(client.send(&Request::get("/x")).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!((fixture.calls(), forbidden.count()), (1, 1));

    let api = api("another");
    let bearer = ticketing_http::auth::Bearer::new(&Secret::new("fixed")).unwrap();
    let client = api.client().with_authenticator(Arc::new(bearer)).build();
    assert_eq!(client.send(&Request::get("/x")).await.unwrap_err().kind(), ErrorKind::Unauthenticated);
    assert_eq!(api.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_token_endpoint_stops_a_write_before_it_is_sent() {
    let unavailable = Plan::Fail(ErrorKind::Unavailable, Some(Duration::ZERO));
    let fixture = Fixture::new([unavailable.clone(), unavailable.clone(), Plan::Token(1800)]);
    let api = api("token-3");
    let client = api.client().with_authenticator(Arc::new(fixture.cache.clone())).build();
    client.send(&Request::post("/x")).await.unwrap();
    assert_eq!((fixture.calls(), api.count()), (3, 1), "an outage of the token endpoint is sat out");

    let fixture = Fixture::new([unavailable]);
    let client = api.client().with_authenticator(Arc::new(fixture.cache.clone())).build();
    let error = client.send(&Request::post("/x")).await.unwrap_err();
    assert!(!error.maybe_applied() && error.is_retryable(), "{error:?}");
    assert_eq!((fixture.calls(), api.count()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failing_token_endpoint_is_not_asked_by_each_of_a_thousand_requests() {
    // The rate gate lets four through at a time, and each tries four times.
    let fixture = Fixture::new([Plan::Fail(ErrorKind::Unavailable, Some(Duration::ZERO))]);
    let api = api("nothing");
    let client = api.client().with_authenticator(Arc::new(fixture.cache.clone())).build();
    let request = Request::get("/x");
    let outcomes = join_all((0..1000).map(|_| client.send(&request))).await;
    assert!(outcomes.iter().all(Result::is_err));
    assert!((1..=4).contains(&fixture.calls()), "{}", fixture.calls());

    let fixture = Fixture::new([Plan::Fail(ErrorKind::Unauthenticated, None)]);
    let client = api.client().with_authenticator(Arc::new(fixture.cache.clone())).build();
    let outcomes = join_all((0..1000).map(|_| client.send(&request))).await;
    assert!(outcomes.iter().all(|it| it.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unauthenticated)));
    assert_eq!((fixture.calls(), api.count()), (1, 0));
}
