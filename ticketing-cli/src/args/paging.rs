//! How much of a listing, and where to go on.

use clap::Args;
use ticketing::Cursor;

/// How much of a listing, and where to go on.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Paging")]
pub(crate) struct PagingArgs {
    /// At most this many; without it, all
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// How many to ask for at a time; the provider bounds it
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) page_size: Option<u32>,
    /// Go on where a listing of the same query ended: its `next`
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

impl PagingArgs {
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        self.cursor.as_deref().map(Cursor::new)
    }
}
