//! The census: the ids of everything of a kind. Issues come by pages of ids alone, which may be large (wire A3.2), and by
//! keyset, so that nothing that moves is lost or told twice.

use serde::{Deserialize, Serialize};
use ticketing_core::model::Kind;
use ticketing_core::request::ListIds;
use ticketing_core::{CursorCodec, Error, ErrorKind, Operation, Page, Result, remedy};
use ticketing_http::decode_error;

use crate::api::{From, Search};
use crate::connection::Connection;
use crate::listing::ATTEMPTS;
use crate::people;
use crate::query::order::order_of;
use crate::query::{Clause, Field, Jql, Operator};
use crate::wire::{Issue, IssuePage, Raw};

/// Ids to a page at most (wire A3.2); a Data Center gives fewer, and does not say so.
const LARGEST: u64 = 5_000;

/// Where a census is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct At {
    /// Behind this issue, or this many records.
    #[serde(default)]
    at: u64,
}

/// One page of ids.
pub(crate) async fn list_ids(connection: &Connection, request: ListIds) -> Result<Page<String>> {
    let codec = connection.codec(Operation::ListIds, &(request.kind, &connection.projects));
    let at: At = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or_default();
    let size = u64::from(request.page_size.unwrap_or(u32::MAX)).clamp(1, LARGEST);
    let (ids, next) = match request.kind {
        Kind::Ticket => tickets(connection, at.at, size).await?,
        Kind::User => people::user_ids(connection, at.at, size).await?,
        Kind::Group => people::group_ids(connection, at.at, size).await?,
        Kind::Account => held(people::account_ids(connection).await?, at.at, size),
        Kind::Contact => held(people::contact_ids(connection).await?, at.at, size),
        other => {
            return Err(
                Error::new(ErrorKind::Unsupported, format!("{other}s cannot be counted here")).with_field("kind")
            );
        }
    };
    page(&codec, ids, next)
}

fn page(codec: &CursorCodec, ids: Vec<String>, next: Option<u64>) -> Result<Page<String>> {
    Ok(Page::new(ids, next.map(|at| codec.cursor(&At { at })).transpose()?))
}

/// A page of a list that is held whole.
fn held(ids: Vec<String>, offset: u64, size: u64) -> (Vec<String>, Option<u64>) {
    let end = offset.saturating_add(size);
    let next = (end < ids.len() as u64).then_some(end);
    let (skip, take) = (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(usize::MAX));
    (ids.into_iter().skip(skip).take(take).collect(), next)
}

async fn tickets(connection: &Connection, behind: u64, size: u64) -> Result<(Vec<String>, Option<u64>)> {
    let mut query = Jql::all();
    if !connection.projects.is_empty() {
        query = query.and(Clause::one_of(Field::system("project"), connection.projects.iter().cloned()));
    }
    let number = i64::try_from(behind).unwrap_or(i64::MAX);
    let query = query.and(Clause::Number(Field::system("id"), Operator::Greater, number));
    let jql = query.encode_ordered(&order_of(&[])?);
    let fields = ["id".to_owned()];
    let reconcile = connection.written_lately();
    let mut from = From::Start;
    let mut token;
    let mut attempt = 1;
    // A page may be empty before the end on Cloud; its token goes on.
    loop {
        let search = Search { jql: &jql, fields: &fields, limit: size, from, reconcile: &reconcile };
        let response = match connection.search(&search).await {
            // Nothing was told on this page yet, so that it is asked for by its beginning again.
            Err(error) if matches!(from, From::Token(_)) && error.kind() == ErrorKind::InvalidRequest => {
                if attempt == ATTEMPTS {
                    return Err(Error::new(
                        ErrorKind::Integrity,
                        "the site does not take the page tokens that it gives",
                    )
                    .with_hint("begin the census anew")
                    .with_source(error));
                }
                (from, attempt) = (From::Start, attempt + 1);
                continue;
            }
            outcome => outcome?,
        };
        let page: IssuePage<Raw<'_>> = response.json()?;
        // A Data Center's total is exact (wire A3.3): nothing, where there is something, is no end.
        if page.issues.is_empty()
            && page.total.is_some_and(|total| total > 0)
            && !remedy::is_removed("jira.counted_ids")
        {
            if attempt == ATTEMPTS {
                return Err(Error::new(
                    ErrorKind::Integrity,
                    "the site says that there are more issues, and gives none",
                )
                .with_hint("begin the census anew"));
            }
            attempt += 1;
            continue;
        }
        let mut ids: Vec<u64> = Vec::with_capacity(page.issues.len());
        for raw in &page.issues {
            let issue: Issue<'_> =
                serde_json::from_str(raw.get()).map_err(|error| decode_error("", error).with_context("an issue"))?;
            let id: u64 = issue
                .id
                .parse()
                .map_err(|_| Error::new(ErrorKind::Decode, "an issue has no id that is a number").with_code("row"))?;
            if ids.last().is_some_and(|last| *last >= id) || id <= behind {
                return Err(Error::new(ErrorKind::Integrity, "the site ignored the order, or where the page begins")
                    .with_hint("begin the census anew"));
            }
            ids.push(id);
        }
        let more = match page.next_page_token {
            Some(next) if !next.is_empty() => Some(next),
            _ if connection.api.site().await?.is_cloud() => None,
            // A Data Center's page may be capped in silence: only an empty one is the end.
            _ => (!ids.is_empty()).then(String::new),
        };
        match (ids.last(), more) {
            (Some(last), Some(_)) => {
                let last = *last;
                return Ok((ids.iter().map(u64::to_string).collect(), Some(last)));
            }
            (None, Some(next)) if !next.is_empty() => {
                token = next;
                from = From::Token(&token);
            }
            _ => return Ok((ids.iter().map(u64::to_string).collect(), None)),
        }
    }
}
