//! The vendor's words, and ours.

use ticketing_core::model::{StatusCategory, Ticket};

/// A ticket as the vendor has it becomes a ticket of the contract.
pub(crate) fn ticket(mut ticket: Ticket) -> Ticket {
    ticket.status.category = category(&ticket.status.native.id);
    ticket
}

fn category(native: &str) -> StatusCategory {
    match native {
        "new" => StatusCategory::Open,
        "active" => StatusCategory::InProgress,
        "waiting" => StatusCategory::OnHold,
        "solved" => StatusCategory::Resolved,
        "final" => StatusCategory::Closed,
        "withdrawn" => StatusCategory::Cancelled,
        _ => StatusCategory::Unknown,
    }
}
