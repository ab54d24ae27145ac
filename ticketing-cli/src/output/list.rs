//! Listings.

use std::io::{self, Write};

use serde::Serialize;
use ticketing::model::Timestamp;
use ticketing::{Cursor, Error, Total};
use tokio::sync::mpsc::Receiver;

use super::{BUFFER_BYTES, Format, OutputArgs, Row, note, note_next, stdout, table};
use crate::failure::Result;
use crate::listing::Batch;
use crate::progress::Progress;

type Batches<T> = Receiver<ticketing::Result<Batch<T>>>;

/// A listing as one document.
#[derive(Serialize)]
struct List<'a, T> {
    items: &'a [T],
    next: Option<&'a Cursor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Total>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
}

impl OutputArgs {
    /// Writes a listing of these things (`tickets`, `users`).
    pub(crate) async fn list<T: Row + Serialize>(self, what: &'static str, batches: Batches<T>) -> Result<()> {
        match self.format() {
            Format::Jsonl => lines(what, batches).await,
            Format::Json => self.whole(what, batches).await,
            Format::Table => rows(what, batches).await,
        }
    }

    /// Writes a listing that is not paged.
    pub(crate) fn items<T: Row + Serialize>(self, what: &'static str, items: &[T]) -> Result<()> {
        let mut out = stdout();
        match self.format() {
            Format::Jsonl => write_lines(&mut out, items)?,
            Format::Json => self.write_json(&mut out, &List { items, next: None, total: None, as_of: None })?,
            Format::Table => print_rows(&mut out, what, T::HEADINGS, items.iter().map(Row::cells).collect())?,
        }
        Ok(out.flush()?)
    }

    /// All or nothing: half a document would be no document.
    async fn whole<T: Row + Serialize>(self, what: &'static str, mut batches: Batches<T>) -> Result<()> {
        let mut progress = Progress::new(what, false);
        let (mut items, mut next, mut total, mut as_of) = (Vec::new(), None, None, None);
        while let Some(batch) = batches.recv().await {
            let batch = batch?;
            progress.add(batch.items.len());
            items.extend(batch.items);
            next = batch.next;
            total = total.or(batch.total);
            as_of = as_of.or(batch.as_of);
        }
        drop(progress);
        let mut out = stdout();
        self.write_json(&mut out, &List { items: &items, next: next.as_ref(), total, as_of })?;
        Ok(out.flush()?)
    }
}

/// One document a line, each page written as soon as it is there.
async fn lines<T: Row + Serialize>(what: &'static str, mut batches: Batches<T>) -> Result<()> {
    let mut progress = Progress::new(what, true);
    let mut out = stdout();
    let (mut next, mut total, mut outcome) = (None, None, Ok(()));
    while let Some(batch) = batches.recv().await {
        match batch {
            Ok(batch) => {
                write_lines(&mut out, &batch.items)?;
                out.flush()?;
                progress.add(batch.items.len());
                next = batch.next;
                total = total.or(batch.total);
            }
            Err(error) => outcome = Err(error),
        }
    }
    drop(progress);
    end(total, next.as_ref(), outcome)
}

/// A table is as wide as its widest cell, so it waits for all of them.
async fn rows<T: Row>(what: &'static str, mut batches: Batches<T>) -> Result<()> {
    let mut progress = Progress::new(what, false);
    let mut cells = Vec::new();
    let (mut next, mut total, mut outcome) = (None, None, Ok(()));
    while let Some(batch) = batches.recv().await {
        match batch {
            Ok(batch) => {
                progress.add(batch.items.len());
                cells.extend(batch.items.iter().map(Row::cells));
                next = batch.next;
                total = total.or(batch.total);
            }
            Err(error) => outcome = Err(error),
        }
    }
    drop(progress);
    if outcome.is_ok() || !cells.is_empty() {
        let mut out = stdout();
        print_rows(&mut out, what, T::HEADINGS, cells)?;
        out.flush()?;
    }
    end(total, next.as_ref(), outcome)
}

fn print_rows(out: &mut impl Write, what: &str, headings: &[&str], cells: Vec<Vec<String>>) -> io::Result<()> {
    if cells.is_empty() {
        note(&format!("no {what}"));
        return Ok(());
    }
    table::rows(out, headings, cells)
}

/// One document a line. They are written into memory first: a document is some hundred small pieces, and a writer is asked
/// anew for each of them.
fn write_lines(out: &mut impl Write, items: &[impl Serialize]) -> io::Result<()> {
    let mut lines = Vec::with_capacity(BUFFER_BYTES);
    for item in items {
        serde_json::to_writer(&mut lines, item)?;
        lines.push(b'\n');
        if lines.len() >= BUFFER_BYTES {
            out.write_all(&lines)?;
            lines.clear();
        }
    }
    out.write_all(&lines)
}

/// What is written is whole up to the cursor, also where reading failed behind it.
fn end(total: Option<Total>, next: Option<&Cursor>, outcome: Result<(), Error>) -> Result<()> {
    if let Some(total) = total {
        let estimated = if total.exact { "" } else { " (estimated)" };
        note(&format!("total: {}{estimated}", total.value));
    }
    note_next(next);
    Ok(outcome?)
}
