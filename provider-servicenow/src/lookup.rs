//! Questions with a few rows for an answer. An instance that ignores a part of one answers with other rows, which fill the
//! window while those that were meant stand outside it (`wire/servicenow.md` §2.3): such an answer says nothing.

use ticketing_core::{Delivery, Error, ErrorKind, Result, remedy};

use crate::api::{Api, Target, Window, total};
use crate::listing::ATTEMPTS;
use crate::query::{Order, Query};
use crate::wire::{Layout, Row, decode_list};

/// What was found.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    pub(crate) items: Vec<T>,
    /// True where rows match that we may not read: they came without fields, or were only counted.
    pub(crate) hidden: bool,
    /// How many rows match, where that was asked for.
    total: Option<u64>,
}

/// The record that a unique value names, if there is one.
///
/// Nothing is believed only once it was counted: the first rows of a widened answer may all be hidden ones, and then it looks
/// like a record that does not exist.
///
/// # Errors
/// `Integrity` where the instance ignores a part of the query; else those of the request.
pub(crate) async fn unique<T: Send>(
    api: &Api,
    target: Target<'_>,
    query: &Query,
    layout: &Layout,
    keep: &mut (dyn FnMut(&Row<'_, '_>) -> Result<Option<T>> + Send),
) -> Result<Option<T>> {
    let order = [Order::ascending("sys_id")];
    let window = |count| Window { offset: 0, limit: UNIQUE, count };
    let found = lookup(api, target, query, &order, layout, window(false), keep).await?.items.into_iter().next();
    if found.is_some() || remedy::is_removed("servicenow.counted_absence") {
        return Ok(found);
    }
    let mut attempt = 1;
    loop {
        let answer = lookup(api, target, query, &order, layout, window(true), keep).await?;
        match answer.items.into_iter().next() {
            None if answer.total.is_some_and(|total| total > UNIQUE) => {
                if attempt == ATTEMPTS {
                    return Err(ignored(target));
                }
                attempt += 1;
            }
            found => return Ok(found),
        }
    }
}

/// A number and an id may name two records.
const UNIQUE: u64 = 2;

fn ignored(target: Target<'_>) -> Error {
    Error::new(ErrorKind::Integrity, format!("the instance ignored a part of the query on `{}`", target.name()))
        .with_delivery(Delivery::Answered)
        .with_retry_after(std::time::Duration::ZERO)
        .with_hint("let the integration user search by each field of the query: instances drop what an ACL forbids")
}

/// Asks, and asks again where the answer cannot be right. `keep` takes a row, or leaves it.
///
/// # Errors
/// `Integrity` where the instance ignores a part of the query; else those of the request.
pub(crate) async fn lookup<T: Send>(
    api: &Api,
    target: Target<'_>,
    query: &Query,
    order: &[Order],
    layout: &Layout,
    window: Window,
    keep: &mut (dyn FnMut(&Row<'_, '_>) -> Result<Option<T>> + Send),
) -> Result<Answer<T>> {
    let mut attempt = 1;
    loop {
        match once(api, target, query, order, layout, window, keep).await {
            Err(error) if attempt < ATTEMPTS && error.kind() == ErrorKind::Integrity => attempt += 1,
            outcome => return outcome,
        }
    }
}

async fn once<T: Send>(
    api: &Api,
    target: Target<'_>,
    query: &Query,
    order: &[Order],
    layout: &Layout,
    window: Window,
    keep: &mut (dyn FnMut(&Row<'_, '_>) -> Result<Option<T>> + Send),
) -> Result<Answer<T>> {
    let response = api.list(target, query, order, layout, window).await?;
    let mut items = Vec::new();
    let (mut received, mut void, mut other) = (0, 0, 0);
    decode_list(&response.body, layout, &mut |row| {
        received += 1;
        if row.is_void() {
            void += 1;
        } else if !query.accepts(row)? {
            other += 1;
        } else {
            items.extend(keep(row)?);
        }
        Ok(())
    })?;
    // One row that does not fit is enough, on a page that is not full too: it is cut to its size before access rules take rows
    // out of it (wire §1.2), so that the rows which were meant may stand behind it.
    if other > 0 && !remedy::is_removed("servicenow.lookup_check") {
        return Err(ignored(target));
    }
    let total = if window.count { total(&response) } else { None };
    Ok(Answer { items, hidden: void > 0 || total.is_some_and(|total| total > received), total })
}
