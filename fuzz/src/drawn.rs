//! Inputs drawn from a fixed seed: the same ones in the same order in every run, as long as the time lasts.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// For so long, unless `FUZZ_MILLISECONDS` says otherwise.
const TIME: Duration = Duration::from_secs(1);
/// No input is longer.
pub const LONGEST: usize = 1500;

/// The inputs of the target of that name; `None` where the engine is told to come up with its own (`BOLERO_RANDOM_…`).
///
/// ```
/// let first: Vec<_> = ticketing_fuzz::drawn("cursors/come_back").unwrap().take(3).collect();
/// assert_eq!(first, ticketing_fuzz::drawn("cursors/come_back").unwrap().take(3).collect::<Vec<_>>());
/// ```
#[must_use]
#[expect(clippy::disallowed_methods, reason = "how long it runs is for people and CI, and decides nothing else")]
pub fn drawn(name: &str) -> Option<impl Iterator<Item = Vec<u8>>> {
    if std::env::vars().any(|(key, _)| key.starts_with("BOLERO_RANDOM_")) {
        return None;
    }
    let told = std::env::var("FUZZ_MILLISECONDS").ok().and_then(|text| text.parse().ok());
    let time = told.map_or(TIME, Duration::from_millis);
    // FNV-1a: each target has its own inputs.
    let mut state = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let begun = Instant::now();
    Some(std::iter::from_fn(move || (begun.elapsed() < time).then(|| input(&mut state))))
}

fn input(state: &mut u64) -> Vec<u8> {
    let length = next(state) as usize % (LONGEST + 1);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend(next(state).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// SplitMix64.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Prints an input as hex where its target fails, to be kept.
#[derive(Debug)]
pub struct Shown<'a>(pub &'a [u8]);

impl Drop for Shown<'_> {
    #[expect(clippy::print_stdout, reason = "who reads of a failed test is to see what failed it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut hex = String::with_capacity(self.0.len() * 2);
            for byte in self.0 {
                let _ = write!(hex, "{byte:02x}");
            }
            println!("it failed on: {hex}");
        }
    }
}
