//! What goes to standard output: one JSON document, a JSON document a line, or a table.

mod list;
mod row;
mod table;
mod ticket;

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use clap::Args;
use serde::Serialize;
use ticketing::Cursor;

use crate::failure::Result;

pub(crate) use row::{Row, name, or_dash, time};

/// Large enough that a page of tickets takes few calls to the system.
const BUFFER_BYTES: usize = 64 * 1024;

/// How results are written; a table where neither is given.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// One JSON document; a listing is {"items":[…],"next":CURSOR or null}, written once it is whole
    #[arg(long, global = true, conflicts_with = "jsonl")]
    pub(crate) json: bool,
    /// One JSON document a line, written while reading; a listing's next cursor goes to standard error
    #[arg(long, global = true)]
    pub(crate) jsonl: bool,
}

/// The shape of what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One JSON document.
    Json,
    /// One JSON document a line.
    Jsonl,
    /// For people; in a pipe without colours or line breaks.
    Table,
}

impl OutputArgs {
    pub(crate) fn format(self) -> Format {
        match (self.json, self.jsonl) {
            (true, _) => Format::Json,
            (_, true) => Format::Jsonl,
            _ => Format::Table,
        }
    }

    /// Writes one document.
    pub(crate) fn document<T: Row + Serialize>(self, document: &T) -> Result<()> {
        let mut out = stdout();
        match self.format() {
            Format::Table => table::details(&mut out, &document.details())?,
            Format::Json | Format::Jsonl => self.write_json(&mut out, document)?,
        }
        Ok(out.flush()?)
    }

    /// Writes one document that has no table.
    pub(crate) fn json_document(self, document: &impl Serialize) -> Result<()> {
        let mut out = stdout();
        self.write_json(&mut out, document)?;
        Ok(out.flush()?)
    }

    /// Indented where a person reads it as it comes, in one line for programs.
    fn write_json(self, out: &mut impl Write, document: &impl Serialize) -> Result<()> {
        if self.format() != Format::Jsonl && io::stdout().is_terminal() {
            serde_json::to_writer_pretty(&mut *out, document).map_err(io::Error::from)?;
        } else {
            serde_json::to_writer(&mut *out, document).map_err(io::Error::from)?;
        }
        Ok(out.write_all(b"\n")?)
    }
}

/// Standard output, locked and buffered once.
pub(crate) fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(BUFFER_BYTES, io::stdout().lock())
}

/// A line on standard error that is no error; where nobody reads it, nothing is lost.
pub(crate) fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{}", crate::failure::printable(line));
}

/// Says where to go on.
fn note_next(next: Option<&Cursor>) {
    if let Some(next) = next {
        note(&format!("next: {next}"));
    }
}
