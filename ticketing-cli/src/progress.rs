//! Progress of long listings, on standard error, and only where a person watches it.

use std::io::{IsTerminal, stderr, stdout};
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line that counts what was read.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    what: &'static str,
    read: u64,
}

impl Progress {
    /// A line for this sort of thing; silent where standard error is no terminal, or where it would run into the
    /// listing itself.
    pub(crate) fn new(what: &'static str, streams_to_stdout: bool) -> Self {
        let watched = stderr().is_terminal() && !(streams_to_stdout && stdout().is_terminal());
        let bar = ProgressBar::with_draw_target(
            None,
            if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() },
        );
        if watched {
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} in {elapsed}") {
                bar.set_style(style);
            }
            bar.set_message(format!("reading {what}"));
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self { bar, what, read: 0 }
    }

    /// So many more have been read.
    pub(crate) fn add(&mut self, more: usize) {
        self.read += more as u64;
        if !self.bar.is_hidden() {
            self.bar.set_message(format!("{} {}", HumanCount(self.read), self.what));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
