//! What the demo says while it works.

use std::io::{IsTerminal, Write};

use ticketing::model::{Ref, Ticket};

use crate::failure::{Result, printable};
use crate::output::stdout;

/// Tells what happens, step by step; silent where only the figures are wanted.
#[derive(Debug)]
pub(super) struct Story {
    loud: bool,
    bold: bool,
    steps: u32,
}

impl Story {
    pub(super) fn new(loud: bool) -> Self {
        Self { loud, bold: loud && std::io::stdout().is_terminal(), steps: 0 }
    }

    /// A new step begins.
    pub(super) fn step(&mut self, title: &str) -> Result<()> {
        self.steps += 1;
        let title = format!("{}. {title}", self.steps);
        let gap = if self.steps == 1 { "" } else { "\n" };
        self.write(&if self.bold { format!("{gap}\u{1b}[1m{title}\u{1b}[0m") } else { format!("{gap}{title}") })
    }

    /// A sentence.
    pub(super) fn say(&self, text: impl AsRef<str>) -> Result<()> {
        self.write(&format!("   {}", printable(text.as_ref())))
    }

    /// What one would type.
    pub(super) fn code(&self, text: impl AsRef<str>) -> Result<()> {
        self.write(&format!("     {}", printable(text.as_ref())))
    }

    /// A ticket in one line.
    pub(super) fn ticket(&self, ticket: &Ticket) -> Result<()> {
        let names = |refs: &[Ref]| {
            let names: Vec<_> = refs.iter().filter_map(|one| one.name.as_deref()).collect();
            if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
        };
        let priority = ticket.priority.as_ref().map_or("no priority", |priority| priority.level.as_str());
        let native = ticket.status.native.name.as_deref().unwrap_or(&ticket.status.native.id);
        self.say(format!(
            "  {:<12} {:<12} {:<8} {}  ({}, {}; the vendor says: {native})",
            ticket.key,
            ticket.status.category.as_str(),
            priority,
            ticket.title,
            names(&ticket.assigned_groups),
            names(&ticket.assignees),
        ))
    }

    fn write(&self, line: &str) -> Result<()> {
        if self.loud {
            let mut out = stdout();
            writeln!(out, "{line}")?;
            out.flush()?;
        }
        Ok(())
    }
}
