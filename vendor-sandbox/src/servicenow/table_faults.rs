//! Faults that only ServiceNow has: every answer of wire §1.6 and every rule of §7.

use http::Method;

use super::acl::RowDenial;
use super::query::Encoded;
use crate::faults::{FaultSpec, Strikes};
use crate::random::in_share;

fn is_list(method: &Method, path: &str) -> bool {
    is_get(method, path) && path.contains("/table/") && path.trim_end_matches('/').rsplit('/').nth(1) == Some("table")
}

fn is_get(method: &Method, path: &str) -> bool {
    *method == Method::GET && path.starts_with("/api/")
}

fn is_table_read(method: &Method, path: &str) -> bool {
    is_get(method, path) && path.contains("/table/")
}

fn is_insert(method: &Method, path: &str) -> bool {
    *method == Method::POST && path.contains("/table/")
}

fn is_api(_: &Method, path: &str) -> bool {
    path.starts_with("/api/")
}

fn is_token(_: &Method, path: &str) -> bool {
    path.starts_with("/oauth_token.do")
}

/// The vendor's own faults.
pub(crate) const FAULTS: &[FaultSpec] = &[
    FaultSpec::new("error_with_200", "200 with an error object and no result", None, is_get),
    FaultSpec::new(
        "partial_result_with_error",
        "200: some rows, then the error of a cancelled transaction",
        Some("rows before the error; by default drawn from the seed"),
        is_list,
    ),
    FaultSpec::new(
        "broken_last_row",
        "200: the last row is a string instead of an object, then the error",
        Some("rows before it; by default drawn from the seed"),
        is_list,
    ),
    FaultSpec::new("hibernating_200", "200 with the page of a sleeping instance", None, is_api),
    FaultSpec::new("login_page_200", "200 with the login page", None, is_api),
    FaultSpec::new("accepted_202", "202 without a body; nothing was processed", None, is_api),
    FaultSpec::new("forbidden_after_insert", "403 although the record was inserted", None, is_insert),
    FaultSpec::new("unordered_shuffle", "rows with equal sort keys come in another order each time", None, is_list),
    FaultSpec::new(
        "ignored_query_part",
        "part of the query is ignored and the answer widens",
        Some("the ignored field; by default the last condition of each group"),
        is_list,
    ),
    FaultSpec::new(
        "wrong_total_count",
        "X-Total-Count is wrong",
        Some("added to the true count, may be negative; default -1"),
        is_list,
    ),
    FaultSpec::new(
        "foreign_link_host",
        "links point to another host",
        Some("the host, default attacker.example.net"),
        is_api,
    ),
    FaultSpec::new(
        "empty_rows",
        "rows without any readable field, as {}",
        Some("{\"query\": encoded query} or {\"share\": 0..1}, default share 0.3, chosen by sys_id"),
        is_table_read,
    ),
    FaultSpec::new(
        "hidden_rows",
        "rows that an ACL hides after the limit was applied",
        Some("{\"query\": encoded query} or {\"share\": 0..1}, default share 0.3, chosen by sys_id"),
        is_table_read,
    ),
    FaultSpec::new(
        "unknown_column",
        // wire §3.6: applications add columns of their own, `x_<vendor>_<app>_*`, at any time. Harsher than
        // documented: it comes also where sysparm_fields names others.
        "rows carry a column that nobody asked for",
        Some("its name, default x_acme_app_new_column"),
        is_api,
    ),
    FaultSpec::new(
        "batch_unserviced",
        "the batch runs out of time",
        Some("requests serviced before that, default 1"),
        |method, path| *method == Method::POST && path.ends_with("/batch"),
    ),
    FaultSpec::new("token_400", "the token endpoint answers 400 invalid_grant", None, is_token),
    FaultSpec::new("token_401", "the token endpoint answers 401 access_denied", None, is_token),
    FaultSpec::new("token_500", "the token endpoint answers 500 with HTML", None, is_token),
    FaultSpec::new("token_html", "the token endpoint answers 200 with a login page", None, is_token),
    FaultSpec::new(
        "token_hang",
        "the token endpoint does not answer for a long time",
        Some("milliseconds, default 600000"),
        is_token,
    ),
    FaultSpec::new("oauth_denied", "the user refuses consent", None, |_, path| path.starts_with("/oauth_auth.do")),
];

/// Drops the condition on a field, or the last condition of every group.
pub(crate) fn ignore_part(query: &mut Encoded, field: Option<&str>) {
    for group in &mut query.groups {
        match field {
            Some(field) => {
                for any_of in group.iter_mut() {
                    any_of.retain(|term| term.field() != Some(field));
                }
                group.retain(|any_of| !any_of.is_empty());
            }
            None => {
                group.pop();
            }
        }
    }
}

/// Rows that a fault denies by a share of all ids; by query is the guard's business.
pub(crate) fn denial(strikes: &Strikes, id: &str) -> Option<RowDenial> {
    [("hidden_rows", RowDenial::Hidden), ("empty_rows", RowDenial::Empty)]
        .into_iter()
        .find(|(name, _)| {
            strikes.get(name).is_some_and(|strike| {
                if strike.parameter.get("query").is_some() {
                    return false;
                }
                let share = strike.parameter.get("share").unwrap_or(&strike.parameter).as_f64().unwrap_or(0.3);
                in_share(0, id, share)
            })
        })
        .map(|(_, denial)| denial)
}

/// The count that `X-Total-Count` shows.
pub(crate) fn total(strikes: &Strikes, total: usize) -> usize {
    match strikes.get("wrong_total_count") {
        Some(strike) => {
            let delta = strike.parameter.as_i64().unwrap_or(-1);
            let delta = isize::try_from(delta).unwrap_or(0);
            total.saturating_add_signed(delta)
        }
        None => total,
    }
}

/// wire §1.6, "200 with error": what is streamed when the quota ends a transaction.
const CANCELLED: &[u8] = b"],\"error\":{\"message\":\"Transaction cancelled: maximum execution time exceeded\",\
\"detail\":\"Transaction cancelled: maximum execution time exceeded Check logs for error trace or enable \
glide.rest.debug property to verify REST request processing\"},\"status\":\"failure\"}";

/// The point at which a list breaks off.
#[derive(Debug)]
pub(crate) struct Interruption {
    at: Option<usize>,
    broken_row: bool,
}

impl Interruption {
    pub(crate) fn new(strikes: &Strikes, rows: usize) -> Self {
        let strike = strikes.get("partial_result_with_error").or_else(|| strikes.get("broken_last_row"));
        let at = strike.map(|strike| {
            let rows = u64::try_from(rows).unwrap_or(u64::MAX).max(1);
            let at = strike.number(strike.random % rows);
            usize::try_from(at).unwrap_or(usize::MAX)
        });
        Self { at, broken_row: strikes.has("broken_last_row") }
    }

    /// Whether the list ends before the row of this number; `body` may already end in a comma.
    pub(crate) fn strikes_at(&self, row: usize, body: &mut Vec<u8>) -> bool {
        if self.at != Some(row) {
            return false;
        }
        if self.broken_row {
            body.extend_from_slice(b"\"Transaction cancelled: maximum execution time exceeded\"");
        } else if body.last() == Some(&b',') {
            body.pop();
        }
        true
    }

    /// Ends the answer, well or badly.
    pub(crate) fn finish(&self, body: &mut Vec<u8>) {
        if self.at.is_some() {
            // A list shorter than the point of breaking is cancelled at its end.
            body.extend_from_slice(CANCELLED);
        } else {
            body.extend_from_slice(b"]}");
        }
    }
}
