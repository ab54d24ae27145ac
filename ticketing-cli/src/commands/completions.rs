//! `ticketing completions`.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::Result;
use crate::output::stdout;

/// Print a shell's completion script.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Result<()> {
        // Into memory first: the generator cannot bear a closed pipe.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "ticketing", &mut script);
        let mut out = stdout();
        out.write_all(&script)?;
        Ok(out.flush()?)
    }
}
