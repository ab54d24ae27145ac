//! The table of faults: every fault of a vendor's sandbox, alone, through every reading and writing.
//!
//! It is played on the stage of the simulation and judged by it: nothing lost, nothing repeated, one clear error, never a second
//! ticket or comment.

use std::sync::Arc;

use super::draw::Draw;
use super::stage::Stage;
use super::{Outcome, World, census, changes, listing, paused, writes};

/// What is done while the vendor fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Play {
    /// A listing, in an order and pages that the seed draws.
    Listing,
    /// `list_changes`, read on after each error until nothing new comes.
    Changes,
    /// Ids alone.
    Census,
    /// A ticket, asked for again under its key where the vendor has keys.
    Create,
    /// A new title, half of the time with a comment.
    Update,
    /// A comment, asked for again under its key.
    Comment,
}

impl Play {
    /// Every one of them.
    pub const ALL: [Self; 6] = [Self::Listing, Self::Changes, Self::Census, Self::Create, Self::Update, Self::Comment];
}

/// Plays one cell of the table. Any kind of error is a clear one here, where it says something: some faults are refusals.
///
/// # Panics
/// Where the provider does.
pub fn cell<W: World>(seed: u64, play: Play, fault: &str, rate: f64) -> Outcome {
    paused().block_on(async {
        let mut draw = Draw::new(seed);
        let world = Arc::new(W::start(&mut draw));
        let strike = draw.number();
        let stage = Stage::new(Arc::clone(&world) as Arc<dyn World>, draw, false);
        stage.takes_any_error();
        world.strike(fault, rate, strike);
        match play {
            Play::Listing => listing::play(&stage).await,
            Play::Changes => changes::play(&stage).await,
            Play::Census => census::play(&stage).await,
            Play::Create => writes::create(&stage).await,
            Play::Update => writes::update(&stage).await,
            Play::Comment => writes::comment(&stage).await,
        }
        stage.outcome()
    })
}
