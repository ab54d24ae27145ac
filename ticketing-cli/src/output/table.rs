//! Tables: for people on a terminal as wide as it is, in a pipe one line a row.

use std::io::{self, IsTerminal, Write};

use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::failure::printable;

/// Between columns.
const GAP: u16 = 2;
/// Texts are broken between words where a line is short, into no less than this.
const NARROWEST: usize = 10;

/// Rows under headings.
pub(crate) fn rows(out: &mut impl Write, headings: &[&str], cells: Vec<Vec<String>>) -> io::Result<()> {
    let headings = headings.iter().map(|heading| (*heading).to_owned()).collect();
    let cells = cells.into_iter().map(|row| row.iter().map(|cell| printable(cell)).collect());
    print(out, &table(std::iter::once(headings).chain(cells), is_watched()))
}

/// Names and values of one thing; a value of many lines keeps them.
pub(crate) fn details(out: &mut impl Write, details: &[(String, String)]) -> io::Result<()> {
    let pairs = details.iter().map(|(name, value)| {
        let lines: Vec<_> = value.lines().map(printable).collect();
        vec![printable(name), lines.join("\n")]
    });
    print(out, &table(pairs, is_watched()))
}

fn is_watched() -> bool {
    io::stdout().is_terminal()
}

/// Where a person watches, lines end where the terminal's do: words go to the next line, and what is one word stays whole.
fn table(rows: impl IntoIterator<Item = Vec<String>>, watched: bool) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(if watched { ContentArrangement::Dynamic } else { ContentArrangement::Disabled });
    let mut widest: Vec<usize> = Vec::new();
    for row in rows {
        let row: Vec<String> = row.iter().map(|cell| moment_in_words(cell, watched)).collect();
        widest.resize(widest.len().max(row.len()), 0);
        for (widest, cell) in widest.iter_mut().zip(&row) {
            let longest_word = cell.split_whitespace().map(|word| word.chars().count()).max();
            *widest = (*widest).max(longest_word.unwrap_or(0).min(if cell.contains(' ') { NARROWEST } else { 40 }));
        }
        table.add_row(row.into_iter().map(Cell::new));
    }
    for (column, widest) in table.column_iter_mut().zip(widest) {
        column.set_padding((0, GAP));
        if watched {
            let least = u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(GAP);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        }
    }
    table
}

/// A moment can be broken between day and time where a person reads it.
fn moment_in_words(text: &str, watched: bool) -> String {
    let is_moment = text.len() == 20
        && text.bytes().zip(b"0000-00-00T00:00:00Z").all(|(found, shape)| match shape {
            b'0' => found.is_ascii_digit(),
            _ => found == *shape,
        });
    if watched && is_moment { text.replace('T', " ") } else { text.to_owned() }
}

fn print(out: &mut impl Write, table: &Table) -> io::Result<()> {
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(width: Option<u16>) -> String {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        let mut table = table(
            vec![
                row(["KEY", "STATUS", "TITLE", "UPDATED"]),
                row(["INC0010001", "in_progress", "Printer on floor 2 prints blank pages", "2026-01-08T15:00:00Z"]),
                row(["INC0010002", "open", "Portal", "-"]),
            ],
            width.is_some(),
        );
        if let Some(width) = width {
            table.set_width(width);
        }
        let mut out = Vec::new();
        print(&mut out, &table).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn in_a_pipe_a_row_is_a_line() {
        assert_eq!(
            listing(None),
            "KEY         STATUS       TITLE                                  UPDATED\n\
             INC0010001  in_progress  Printer on floor 2 prints blank pages  2026-01-08T15:00:00Z\n\
             INC0010002  open         Portal                                 -\n"
        );
    }

    #[test]
    fn a_narrow_terminal_breaks_between_words_only() {
        assert_eq!(
            listing(Some(58)),
            "KEY         STATUS       TITLE                UPDATED\n\
             INC0010001  in_progress  Printer on floor 2   2026-01-08\n\
             \u{20}                        prints blank pages   15:00:00Z\n\
             INC0010002  open         Portal               -\n"
        );
        for width in [20, 40, 80, 120] {
            let shown = listing(Some(width));
            for word in ["INC0010001", "in_progress", "Printer", "2026-01-08", "15:00:00Z"] {
                assert!(shown.contains(word), "{width}: {word} is broken in\n{shown}");
            }
        }
    }
}
