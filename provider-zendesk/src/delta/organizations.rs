//! Organisations are exported by time: pages overlap by their last second, which is told once (`wire/jira-zendesk.md` §B6).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ticketing_core::Result;
use ticketing_core::model::{Change, Document, Kind};

use crate::connection::Connection;
use crate::map::account;
use crate::wire::{OrganizationRow, rows};

/// The export leaves out the last minute, and refuses to begin in it.
const TOO_FRESH_SECONDS: i64 = 60;

/// Up to which second it was read, and what of it, and later, was told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Mark {
    #[serde(rename = "f", default)]
    from: i64,
    /// Record and second.
    #[serde(rename = "s", default)]
    seen: Vec<(i64, i64)>,
}

/// Reads one page further.
pub(super) async fn step(
    connection: &Connection,
    mark: Mark,
    size: u32,
    raw: bool,
) -> Result<(Vec<Change>, Mark, bool)> {
    if mark.from > connection.api.now().await?.timestamp() - TOO_FRESH_SECONDS {
        return Ok((Vec::new(), mark, true));
    }
    let response = connection.api.export_organizations(mark.from, size).await?;
    let page = rows::<OrganizationRow>(&response.body, "organizations")?;
    let end = page.rest.get("end_time").and_then(Value::as_i64).filter(|end| *end > mark.from);
    let received = page.items.len();
    let told = page.rest.get("end_of_stream").and_then(Value::as_bool);
    let mut seen = mark.seen.clone();
    let mut items = Vec::new();
    for (row, json) in page.items {
        let at = row.updated_at.map_or(0, |at| at.timestamp());
        if seen.contains(&(row.id, at)) {
            continue;
        }
        seen.push((row.id, at));
        let mut account = account(row, connection.api.base());
        items.push(match account.deleted.take() {
            Some(removal) => Change::Removed { kind: Kind::Account, id: account.id.to_string(), removal },
            None => {
                account.raw = raw.then(|| Box::new(json));
                Change::upserted(Document::Account(account))
            }
        });
    }
    let from = end.unwrap_or(mark.from);
    // The last second comes again on the next page.
    seen.retain(|(_, at)| *at >= from - 1);
    seen.sort_unstable();
    seen.dedup();
    let caught_up = told.unwrap_or(received < size as usize) || (end.is_none() && items.is_empty());
    Ok((items, Mark { from, seen }, caught_up))
}
