//! Between a site's JSON and the documents, both ways; pure.

mod field;
mod people;
mod text;
mod ticket;

pub(crate) use field::field_value;
pub(crate) use people::{group, person_ref, user};
pub(crate) use text::{rich_text, to_native};
pub(crate) use ticket::TicketPlan;

use chrono::{DateTime, Utc};
use ticketing_core::model::Timestamp;

/// `2026-01-05T09:00:00.000+0100` (wire A12): an offset without a colon; other forms of RFC 3339 too.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z")
        .or_else(|_| DateTime::parse_from_rfc3339(text))
        .ok()
        .map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    #[test]
    fn moments_are_read_with_their_offset() {
        let at = super::moment("2026-01-05T09:30:00.250+0100").unwrap();
        assert_eq!(at, "2026-01-05T08:30:00.250Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        assert!(super::moment("yesterday").is_none());
    }
}
