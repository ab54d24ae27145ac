//! Tables: for people on a terminal as wide as it is, in a pipe one line a row.

use std::io::{self, IsTerminal, Write};

use comfy_table::{ContentArrangement, Table, presets};

use crate::failure::printable;

/// Rows under headings.
pub(crate) fn rows(out: &mut impl Write, headings: &[&str], cells: Vec<Vec<String>>) -> io::Result<()> {
    let mut table = plain();
    table.set_header(headings.to_vec());
    for row in cells {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    print(out, &table)
}

/// Names and values of one thing; a value of many lines keeps them.
pub(crate) fn details(out: &mut impl Write, details: &[(String, String)]) -> io::Result<()> {
    let mut table = plain();
    for (name, value) in details {
        let value: Vec<_> = value.lines().map(printable).collect();
        table.add_row([printable(name), value.join("\n")]);
    }
    print(out, &table)
}

fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    let arrangement =
        if io::stdout().is_terminal() { ContentArrangement::Dynamic } else { ContentArrangement::Disabled };
    table.set_content_arrangement(arrangement);
    table
}

fn print(out: &mut impl Write, table: &Table) -> io::Result<()> {
    for line in table.lines() {
        writeln!(out, "{}", line.trim())?;
    }
    Ok(())
}
