//! Fuzz targets; `.ci/run fuzz` runs them for a stated time, the README says how to run them for longer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]
#![allow(clippy::print_stdout, reason = "a kept input is named before it is tried")]

/// Runs a target over the inputs that were kept for it, then over whatever the engine comes up with.
macro_rules! fuzz {
    ($name:literal, $target:expr) => {{
        let target = std::panic::AssertUnwindSafe($target);
        for (path, bytes) in ticketing_fuzz::kept($name) {
            println!("{}", path.display());
            (*target)(&bytes);
        }
        let bytes = bolero::generator::produce::<Vec<u8>>().with().len(0_usize..=1500);
        bolero::check!().with_generator(bytes).for_each(|bytes: &Vec<u8>| (*target)(bytes));
    }};
}

mod cursors;
mod queries;
mod webhooks;
mod wire;
