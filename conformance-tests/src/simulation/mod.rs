//! Deterministic simulation: a small account in this process, on time that does not pass by itself, at a vendor that fails
//! about every third request and while somebody else works on the same tickets; everything random is drawn from one seed.
//!
//! Each seed makes an account, connects a provider, lets the vendor misbehave, and reads and writes through
//! [`TicketingClient`](ticketing_core::TicketingClient). What must hold however bad the day is:
//!
//! - a listing brings every ticket that existed unchanged while it lasted exactly once, or ends in one clear error;
//! - so does a census;
//! - a delta, read on from its last checkpoint after every failure, ends with exactly what is there; where it sees no deletions,
//!   with what a census leaves of it;
//! - one write makes at most one ticket, one comment; where the error denies that it happened, it did not;
//! - nothing panics, nothing hangs, nothing asks without end.
//!
//! A provider's author implements [`World`] and calls [`run`] from a test, and [`campaign`] from a program:
//! `cargo xtask simulate` is such a program for every provider here. A failing seed fails each time:
//! `cargo xtask simulate --vendor NAME --seed N` tells its story.

mod campaign;
mod census;
mod changes;
mod draw;
mod listing;
mod stage;
mod table;
mod writes;

use std::fmt;
use std::sync::Arc;

use ticketing_core::TicketingProvider;
use ticketing_core::model::Timestamp;

pub use campaign::{Campaign, Report, campaign};
pub use draw::Draw;
pub use stage::Stage;
pub use table::{Play, cell};

/// One vendor, as a simulation sees it. Everything random in it comes from the [`Draw`] it is handed.
pub trait World: fmt::Debug + Send + Sync + 'static {
    /// A new account with some tickets in it. Its clock follows tokio's, which is paused.
    fn start(draw: &mut Draw) -> Self
    where
        Self: Sized;

    /// Another connection to the account, as another process would make it. Before each request reaches the vendor,
    /// [`Stage::before_request`] is called, and [`Stage::after_request`] behind it.
    fn connect(&self, stage: Arc<Stage>) -> Arc<dyn TicketingProvider>;

    /// The vendor's bad day begins; the answer names the faults.
    fn misbehave(&self, draw: &mut Draw) -> Vec<String>;

    /// The vendor fails in this way alone, for this share of the requests that it can strike, drawn from a seed.
    fn strike(&self, fault: &str, rate: f64, seed: u64);

    /// The vendor behaves again.
    fn behave(&self);

    /// Lets what is behind catch up, such as the index of a search: called before a listing or a census begins, which then is
    /// held to what was there. Nothing to do where readings come from what is written.
    fn settle(&self) {}

    /// Every ticket that the connection is about, hidden ones too.
    fn tickets(&self) -> Vec<Standing>;

    /// The ids of the tickets whose title does not begin like this, in the order of [`World::tickets`]. It is asked for
    /// before every [`Deed`]: worlds whose `tickets` are dear answer it by themselves.
    fn others(&self, ours: &str) -> Vec<String> {
        self.tickets().into_iter().filter(|ticket| !ticket.title.starts_with(ours)).map(|ticket| ticket.id).collect()
    }

    /// The texts of a ticket's comments.
    fn comments(&self, ticket: &str) -> Vec<String>;

    /// Somebody else does something; the answer is the ticket's id.
    fn act(&self, deed: &Deed) -> String;

    /// Lets the vendor's time pass.
    fn advance(&self, seconds: u32);
}

/// A ticket as it truly is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its id, as the provider says it.
    pub id: String,
    /// True where the connection may not read it.
    pub hidden: bool,
    /// True where somebody has still to work on it.
    pub unresolved: bool,
    /// As the provider says it in `version`.
    pub version: String,
    /// Its title.
    pub title: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What somebody else does while we read or write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Enters a ticket. Its times say that this was `late` seconds ago: what a transaction that took long looks like.
    Create {
        /// The title.
        title: String,
        /// Seconds between its time stamps and its being there.
        late: u32,
    },
    /// Gives a ticket another title.
    Retitle {
        /// Which.
        ticket: String,
        /// The title.
        title: String,
    },
    /// Deletes a ticket.
    Delete {
        /// Which.
        ticket: String,
    },
}

/// What became of one seed.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What should not have happened; empty on a good end.
    pub violations: Vec<String>,
    /// What happened, one line each; kept only where it was asked for.
    pub story: Vec<String>,
    /// Requests that reached the vendor.
    pub requests: u64,
    /// Operations that succeeded.
    pub succeeded: u64,
    /// Operations that ended in an error, which is allowed.
    pub failed: u64,
}

/// Plays one seed.
///
/// # Panics
/// Where the provider does: a panic is as much a failure as a violation.
pub fn run<W: World>(seed: u64, with_story: bool) -> Outcome {
    paused().block_on(play::<W>(seed, with_story))
}

/// Time that does not pass by itself.
fn paused() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime")
}

async fn play<W: World>(seed: u64, with_story: bool) -> Outcome {
    let mut draw = Draw::new(seed);
    let world = Arc::new(W::start(&mut draw));
    let stage = Stage::new(Arc::clone(&world) as Arc<dyn World>, draw, with_story);
    stage.begin();
    let scenarios = 1 + stage.draw(|draw| draw.below(2));
    for _ in 0..scenarios {
        match stage.draw(|draw| draw.below(10)) {
            0..=3 => listing::play(&stage).await,
            4 | 5 => changes::play(&stage).await,
            6 => census::play(&stage).await,
            _ => writes::play(&stage).await,
        }
        if stage.is_lost() {
            break;
        }
    }
    stage.outcome()
}
