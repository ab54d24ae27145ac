//! The conformance suite on Acme.

mod company;

use std::path::PathBuf;
use std::sync::Arc;

use conformance_tests::{Company, Harness};
use provider_acme::Acme;
use ticketing_core::{Clock, ManualClock, TicketingProvider};

struct AcmeHarness {
    clock: Arc<ManualClock>,
    provider: Arc<dyn TicketingProvider>,
}

#[async_trait::async_trait]
impl Harness for AcmeHarness {
    async fn start() -> Self {
        let clock = Arc::new(ManualClock::new("2026-02-01T00:00:00Z".parse().unwrap()));
        let store = company::store("acme", &Company::standard());
        let provider = Arc::new(Acme::new(store, Arc::clone(&clock) as Arc<dyn Clock>));
        Self { clock, provider }
    }

    fn provider(&self) -> Arc<dyn TicketingProvider> {
        Arc::clone(&self.provider)
    }

    fn advance(&self, seconds: u32) {
        let until = self.clock.now().timestamp() + i64::from(seconds);
        self.clock.set(at(until));
    }

    fn name(&self) -> String {
        "acme".to_owned()
    }

    fn snapshots(&self) -> PathBuf {
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"))
    }
}

fn at(seconds: i64) -> ticketing_core::model::Timestamp {
    ticketing_core::model::Timestamp::from_timestamp(seconds, 0).unwrap()
}

mod acme {
    use super::AcmeHarness;
    conformance_tests::conformance_suite!(AcmeHarness);
}
