//! Between the account's rows and the documents, both ways; pure.

mod comment;
pub(crate) mod field;
mod people;
mod ticket;

pub(crate) use comment::{attachment, author, comment, html_of, read_attachment_id, text_of};
pub(crate) use people::{account, brand, contact, group, is_contact, user};
pub(crate) use ticket::{Known, TicketPlan};

/// What our notes on a save are called in its metadata (§B3.2).
pub(crate) const KEY_NOTE: &str = "ticketing_key";
