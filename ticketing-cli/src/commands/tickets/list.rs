//! `ticketing tickets list`.

use clap::Args;
use ticketing::TicketingClient;
use ticketing::request::{ListTickets, Sort};

use super::DetailArgs;
use crate::args::filter::FilterArgs;
use crate::args::paging::PagingArgs;
use crate::args::{Globals, parse};
use crate::failure::Result;
use crate::listing;

/// List tickets.
///
/// With --jsonl each ticket is one line, written while reading. With --limit the cursor goes on exactly behind the last
/// ticket that was written: `--cursor "$next"` and the same filters.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    filter: FilterArgs,
    /// In this order: created_at, updated_at, resolved_at, due, priority or key, with `:desc` from large to small;
    /// several by commas; ties by id
    #[arg(
        long,
        value_name = "FIELD[:desc]",
        value_delimiter = ',',
        allow_hyphen_values = true,
        value_parser = parse::sort,
        help_heading = "Output"
    )]
    sort: Vec<Sort>,
    /// Deleted tickets too, where the vendor keeps them
    #[arg(long, help_heading = "Filters")]
    include_deleted: bool,
    /// Say how many match, where that is cheap
    #[arg(long, help_heading = "Output")]
    count: bool,
    #[command(flatten, next_help_heading = "Output")]
    detail: DetailArgs,
    #[command(flatten)]
    paging: PagingArgs,
}

impl List {
    pub(super) async fn run(&self, globals: &Globals, client: &TicketingClient) -> Result<()> {
        let request = ListTickets::new()
            .with_filter(self.filter.filter(client).await?)
            .with_sort(self.sort.clone())
            .with_projection(self.detail.projection())
            .with_include_raw(self.detail.raw)
            .with_include_deleted(self.include_deleted)
            .with_count(self.count);
        let batches = listing::read(client, &self.paging, move |at| {
            at.client.ticket_pages(request.clone().with_cursor(at.cursor).with_page_size(at.page_size))
        });
        globals.output.list("tickets", batches).await
    }
}
