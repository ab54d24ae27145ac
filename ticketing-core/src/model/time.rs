//! Moments (UTC, whole seconds where the vendor has no more) and due dates.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment in UTC; JSON `"2016-02-29T01:23:00Z"`.
pub type Timestamp = DateTime<Utc>;

/// When something is due: a day, or a moment. A day is never made a moment.
///
/// ```
/// use ticketing_core::model::Due;
/// let due = Due::Date("2026-03-01".parse().unwrap());
/// assert_eq!(serde_json::to_string(&due).unwrap(), r#"{"date":"2026-03-01"}"#);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// A day, in nobody's time zone: `{"date":"2026-03-01"}`.
    Date(NaiveDate),
    /// A moment in UTC: `{"at":"2026-03-01T09:00:00Z"}`.
    At(Timestamp),
}

/// A moment as the contract writes it: UTC with `Z`, with a fraction only where it has one.
#[must_use]
pub fn format_timestamp(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
