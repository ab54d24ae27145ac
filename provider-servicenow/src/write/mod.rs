//! Writing tickets: what callers name, as the columns and values of one table, checked before anything is sent.

mod create;
mod draft;
mod key;
mod keyed;
mod lifecycle;
mod status;
mod update;

pub(crate) use create::create;
pub(crate) use draft::TITLE_CHARS;
pub(crate) use key::stored_key;
pub(crate) use keyed::KeyedTurns;
pub(crate) use lifecycle::next_states;
pub(crate) use status::needs;
pub(crate) use update::{delete, update};

use ticketing_core::model::{TextFormat, Ticket};
use ticketing_core::request::TextInput;
use ticketing_core::{Delivery, Error, ErrorKind, Result};

use crate::map::TicketPlan;
use crate::wire::{Row, decode_record};

/// A text for a plain-text column: Markdown is stored as typed.
///
/// # Errors
/// `InvalidRequest`, naming the field, where it is in another vendor's format.
pub(crate) fn plain(field: &str, text: &TextInput) -> Result<String> {
    match text {
        TextInput::Native { format, .. } if *format != TextFormat::Plain => {
            Err(Error::invalid(field, format!("ServiceNow keeps plain text, and this is {format}"))
                .with_hint("give it as plain text or Markdown"))
        }
        text => Ok(text.content().to_owned()),
    }
}

/// The ticket in the answer to a write.
pub(crate) fn echoed(body: &[u8], plan: &TicketPlan) -> Result<Ticket> {
    let mut ticket = None;
    decode_record(body, &plan.layout, &mut |row: &Row<'_, '_>| {
        if !row.is_void() {
            ticket = Some(plan.ticket(row)?);
        }
        Ok(())
    })?;
    ticket.ok_or_else(|| {
        Error::new(ErrorKind::PermissionDenied, "the change was made, and its record may not be read")
            .with_delivery(Delivery::MaybeApplied)
            .with_hint("let the integration user read the tickets that it writes")
    })
}
