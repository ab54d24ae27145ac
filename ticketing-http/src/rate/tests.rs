//! Order, fairness, bounds and cancellation.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::*;

#[tokio::test(start_paused = true)]
async fn everybody_pauses_after_a_refusal_and_in_order() {
    let gate = RateGate::new(8);
    gate.enter().await.unwrap().refused(Duration::from_secs(30), RefusedFor::Rate, &[]);
    let begun = Instant::now();
    let order = Arc::new(Mutex::new(Vec::new()));
    let all = (0..4).map(|nth| {
        let (gate, order) = (gate.clone(), Arc::clone(&order));
        async move {
            let _permit = gate.enter().await.unwrap();
            order.lock().unwrap().push(nth);
        }
    });
    futures::future::join_all(all).await;
    assert!(begun.elapsed() >= Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn connections_that_share_a_gate_take_turns() {
    let gate = RateGate::new(1);
    let (busy, quiet) = (gate.lane(), gate.lane());
    let held = gate.enter().await.unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let enter = |gate: &RateGate, name: &'static str| {
        let (gate, order) = (gate.clone(), Arc::clone(&order));
        tokio::spawn(async move {
            let permit = gate.enter().await.unwrap();
            order.lock().unwrap().push(name);
            drop(permit);
        })
    };
    let mut tasks: Vec<_> = (0..100).map(|_| enter(&busy, "busy")).collect();
    tokio::task::yield_now().await;
    tasks.extend([enter(&quiet, "quiet"), enter(&quiet, "quiet")]);
    tokio::task::yield_now().await;
    drop(held);
    futures::future::join_all(tasks).await;
    let order = order.lock().unwrap();
    let places: Vec<_> = order.iter().enumerate().filter(|(_, name)| **name == "quiet").map(|(nth, _)| nth).collect();
    assert!(places.iter().all(|place| *place < 6), "{places:?}");
    assert_eq!(order.len(), 102);
}

#[tokio::test(start_paused = true)]
async fn at_most_as_many_run_as_allowed_and_a_cancelled_one_leaves_no_lock() {
    let gate = RateGate::new(1);
    let permit = gate.enter().await.unwrap();
    assert!(timeout(Duration::from_secs(1), gate.enter()).await.is_err());
    let waiting = tokio::spawn({
        let gate = gate.clone();
        async move { drop(gate.enter().await.unwrap()) }
    });
    tokio::task::yield_now().await;
    // One behind the first in line gives up too.
    assert!(timeout(Duration::from_secs(1), gate.enter()).await.is_err());
    drop(permit);
    waiting.await.unwrap();
    gate.enter().await.unwrap().refused(Duration::from_secs(30), RefusedFor::Rate, &[]);
    assert!(timeout(Duration::from_secs(1), gate.enter()).await.is_err());
    sleep(Duration::from_secs(30)).await;
    assert!(timeout(Duration::from_secs(5), gate.enter()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_holds_for_long_is_the_callers_to_schedule() {
    let gate = RateGate::new(4);
    gate.enter().await.unwrap().refused(Duration::from_secs(1_800), RefusedFor::Rate, &[]);
    let begun = Instant::now();
    let refused = futures::future::join_all((0..10).map(|_| gate.enter())).await;
    for error in refused.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(1_800)));
        assert_eq!(error.delivery(), ticketing_core::Delivery::NotSent);
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn several_budgets_are_kept_at_once() {
    let gate = RateGate::new(4);
    let minute = Duration::from_secs(59);
    let points = RateReading::new("points").with_limit(100.0).with_remaining(30.0).with_resets_in(minute);
    let requests = RateReading::new(RateReading::REQUESTS).with_limit(1_000.0).with_resets_in(minute);
    gate.enter().await.unwrap().accepted(&[points, requests]);
    let begun = Instant::now();
    let dear = [(Cow::Borrowed("points"), 20.0)];
    drop(gate.enter_with(&dear).await.unwrap());
    drop(gate.enter().await.unwrap());
    assert_eq!(begun.elapsed(), Duration::ZERO);
    drop(gate.enter_with(&dear).await.unwrap());
    assert!(begun.elapsed() >= minute, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_closed_keeps_nobody_else_waiting() {
    let gate = RateGate::new(1);
    let at = |place: &str| place.to_owned();
    let export = [(Cow::Borrowed("exports"), 1.0)];
    let spent = RateReading::new("exports").with_limit(10.0).with_remaining(0.0);
    let wait = Duration::from_secs(40);
    // By what the answer says is spent, and by place where it says nothing.
    gate.enter_at(&export, at("GET /a")).await.unwrap().refused(wait, RefusedFor::Endpoint, &[spent]);
    gate.enter_at(&[], at("PUT /one")).await.unwrap().refused(wait, RefusedFor::Endpoint, &[]);
    let begun = Instant::now();
    let enter = |place: &'static str, cost: &'static str| {
        let gate = gate.clone();
        tokio::spawn(async move {
            let cost: Vec<_> = [cost].iter().filter(|it| !it.is_empty()).map(|it| (Cow::Borrowed(*it), 1.0)).collect();
            drop(gate.enter_at(&cost, place.to_owned()).await.unwrap());
            Instant::now()
        })
    };
    let closed = [enter("GET /b", "exports"), enter("PUT /one", "")];
    tokio::task::yield_now().await;
    let open = [enter("GET /a", ""), enter("PUT /two", "")];
    for one in open {
        assert_eq!(one.await.unwrap() - begun, Duration::ZERO);
    }
    for one in closed {
        assert!(one.await.unwrap() - begun >= wait);
    }
    // A wait that is too long is told, to whom it concerns.
    let long = Duration::from_secs(600);
    gate.enter_at(&[], at("PUT /one")).await.unwrap().refused(long, RefusedFor::Endpoint, &[]);
    let told = gate.enter_at(&[], at("PUT /one")).await.unwrap_err();
    assert_eq!((told.kind(), told.retry_after()), (ErrorKind::RateLimited, Some(long)));
    assert!(gate.enter_at(&[], at("PUT /two")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_for_concurrency_lowers_how_many_run_and_not_how_fast() {
    let gate = RateGate::new(4);
    let permits = futures::future::join_all((0..4).map(|_| gate.enter())).await;
    sleep(Duration::from_millis(10)).await;
    permits[0].as_ref().unwrap().refused(Duration::ZERO, RefusedFor::Concurrency, &[]);
    drop(permits);
    let begun = Instant::now();
    let three = futures::future::join_all((0..3).map(|_| gate.enter())).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert!(timeout(Duration::from_secs(1), gate.enter()).await.is_err());
    drop(three);
}
