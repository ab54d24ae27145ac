//! Lists all unresolved tickets of high priority, of whatever ticketing system is connected.
//!
//! ```sh
//! cargo run -p ticketing-examples --example list_unresolved
//! ```
#![expect(clippy::print_stdout, reason = "an example program says what it found")]

use futures::TryStreamExt;
use ticketing::PrioritySelector;
use ticketing::model::{PriorityLevel, StatusCategory};
use ticketing::request::{ListTickets, TicketFilter};
use ticketing_examples::{Connection, Result};

#[tokio::main]
async fn main() -> Result<()> {
    let connection = Connection::open().await?;

    let urgent = [PriorityLevel::Urgent, PriorityLevel::High].map(PrioritySelector::from);
    let request = ListTickets::new().with_filter(TicketFilter::unresolved().with_priority(urgent));

    // Pages are fetched behind the stream's back; an error ends it.
    let mut tickets = connection.client.tickets(request);
    let mut count = 0;
    while let Some(ticket) = tickets.try_next().await? {
        let waits = match (ticket.status.category, &ticket.status.reason) {
            (StatusCategory::OnHold, Some(reason)) => {
                format!(", waits: {}", reason.name.as_deref().unwrap_or(&reason.id))
            }
            _ => String::new(),
        };
        let group = ticket.assigned_groups.first().and_then(|group| group.name.as_deref()).unwrap_or("nobody");
        println!("{}  {}  ({group}, {}{waits})", ticket.key, ticket.title, ticket.status.category);
        count += 1;
    }
    println!("{count} unresolved tickets of high priority");

    connection.close().await;
    Ok(())
}
