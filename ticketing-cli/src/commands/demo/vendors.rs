//! The demo's last act: several vendors, and one program that does not know which is which.

use serde::Serialize;
use ticketing::model::{StatusCategory, Ticket};
use ticketing::request::{ListTickets, Sort, SortField, TicketFilter, UpdateTicket};
use ticketing::{StatusSelector, TicketingClient};

use super::steps::demanded;
use super::story::Story;
use crate::failure::Result;

/// So many tickets of each are in the table.
const SHOWN: u32 = 3;

/// One vendor's account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) vendor: &'static str,
    pub(super) client: TicketingClient,
}

/// What happened at one vendor.
#[derive(Debug, Serialize)]
pub(super) struct Moved {
    vendor: &'static str,
    /// The ticket that was moved, by key.
    key: String,
    from: StatusCategory,
    to: StatusCategory,
    /// What the vendor calls where it stands now.
    native_status: String,
}

/// Unresolved tickets of every account in one table.
pub(super) async fn one_table(accounts: &[Account], story: &mut Story) -> Result<()> {
    story.step("Several vendors, one table: what is unresolved, and changed last?")?;
    let request = newest(TicketFilter::unresolved(), SHOWN);
    story.say(format!(
        "  {:<11} {:<11} {:<12} {:<20} {:<8} TITLE",
        "VENDOR", "KEY", "STATUS", "THE VENDOR SAYS", "PRIORITY"
    ))?;
    for account in accounts {
        for ticket in &account.client.list_tickets(request.clone()).await?.items {
            story.say(format!(
                "  {:<11} {:<11} {:<12} {:<20} {:<8} {}",
                account.vendor,
                ticket.key,
                ticket.status.category.as_str(),
                native_status(ticket),
                ticket.priority.as_ref().map_or("-", |priority| priority.level.as_str()),
                ticket.title
            ))?;
        }
    }
    Ok(())
}

/// One open ticket of each account is taken up: the same call, whatever the vendor makes of it.
pub(super) async fn move_one_of_each(accounts: &[Account], story: &mut Story) -> Result<Vec<Moved>> {
    story.step("Move one ticket of each: somebody begins to work on it")?;
    let goal = StatusCategory::InProgress;
    let mut moved = Vec::new();
    let request = newest(TicketFilter::new().with_status([StatusSelector::from(StatusCategory::Open)]), 1);
    for account in accounts {
        let page = account.client.list_tickets(request.clone()).await?;
        let Some(ticket) = page.items.first() else {
            story.say(format!("  {:<11} no ticket is open there", account.vendor))?;
            continue;
        };
        let mut request = UpdateTicket::new(ticket.id.clone()).with_status(StatusSelector::from(goal));
        request.fields = demanded(&account.client, ticket, goal).await?;
        let after = account.client.update_ticket(request).await?;
        story.say(format!(
            "  {:<11} {:<11} {} ({}) → {} ({})",
            account.vendor,
            after.key,
            ticket.status.category.as_str(),
            native_status(ticket),
            after.status.category.as_str(),
            native_status(&after)
        ))?;
        moved.push(Moved {
            vendor: account.vendor,
            native_status: native_status(&after).to_owned(),
            key: after.key,
            from: ticket.status.category,
            to: after.status.category,
        });
    }
    Ok(moved)
}

/// Those that changed last come first.
fn newest(filter: TicketFilter, count: u32) -> ListTickets {
    let sort = vec![Sort::descending(SortField::UpdatedAt)];
    ListTickets::new().with_filter(filter).with_sort(sort).with_page_size(count)
}

fn native_status(ticket: &Ticket) -> &str {
    ticket.status.native.name.as_deref().unwrap_or(&ticket.status.native.id)
}
