//! Users, groups, memberships, organisations and customers (wire A7, A10).

mod customers;
mod find;
mod groups;
mod users;

pub(crate) use customers::{Organization, account_ids, accounts, contact_ids, contacts, organizations, request_types};
pub(crate) use find::{find_groups, find_users};
pub(crate) use groups::{get_group, group_ids, list_groups, list_members};
pub(crate) use users::{get_user, list_users, search, user_by_id, user_by_name, user_ids};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use ticketing_core::{Cursor, CursorCodec, Error, ErrorKind, Page, Result};
use ticketing_http::config::shown;
use ticketing_http::{Response, decode_error};

/// A page of the platform's, under `values` or, on Data Center, under another name (wire A4.3).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Values<'a> {
    #[serde(borrow)]
    pub(crate) values: Vec<&'a RawValue>,
    #[serde(default)]
    pub(crate) is_last: Option<bool>,
}

/// The pages of a reading by offsets, one behind the other.
#[derive(Debug, Default)]
pub(crate) struct Stretches(Bytes);

impl Stretches {
    /// Fails where a page is the one before once more: the site ignored where it begins, and there would be no end.
    pub(crate) fn check(&mut self, response: &Response) -> Result<()> {
        if self.0 == response.body {
            return Err(Error::new(
                ErrorKind::Integrity,
                "the site ignored where a page begins: it gave the same one twice",
            )
            .with_delivery(ticketing_core::Delivery::Answered)
            .with_retry_after(std::time::Duration::ZERO));
        }
        self.0 = response.body.clone();
        Ok(())
    }
}

/// Reads one item.
pub(crate) fn item<T: for<'de> Deserialize<'de>>(what: &str, raw: &RawValue) -> Result<T> {
    serde_json::from_str(raw.get())
        .map_err(|error| decode_error("", error).with_context(format!("a {what}")).with_code("row"))
}

/// The vendor's own JSON, where it was asked for.
pub(crate) fn raw_of(raw: &RawValue, wanted: bool) -> Option<Box<serde_json::Value>> {
    wanted.then(|| serde_json::from_str(raw.get()).ok().map(Box::new)).flatten()
}

/// The place in a list that a cursor means.
pub(crate) fn offset_of(codec: &CursorCodec, cursor: Option<&Cursor>) -> Result<u64> {
    Ok(cursor.map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0))
}

/// A page of a list that is held whole.
pub(crate) fn cut<T>(codec: &CursorCodec, all: Vec<T>, offset: u64, size: u64) -> Result<Page<T>> {
    let end = offset.saturating_add(size);
    let next = (end < all.len() as u64).then(|| codec.cursor(&end)).transpose()?;
    let (offset, size) = (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(size).unwrap_or(usize::MAX));
    Ok(Page::new(all.into_iter().skip(offset).take(size).collect(), next))
}

/// The error of somebody or something that is not there, or not for us.
pub(crate) fn missing(what: &str, id: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no {what} `{}`, or it may not be read", shown(id)))
        .with_delivery(ticketing_core::Delivery::Answered)
        .with_hint(format!("list the {what}s to see which there are"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ticketing_http::http::{HeaderMap, StatusCode};

    /// Found by fuzzing: an answer without a list is no empty list.
    #[test]
    fn an_answer_without_its_list_is_no_end() {
        assert!(ticketing_http::decode::<Values<'_>>(br#"{"users":[],"isLast":true}"#).is_err());
        assert!(ticketing_http::decode::<Values<'_>>(br#"{"values":[]}"#).unwrap().values.is_empty());
    }

    /// Found by fuzzing: a site that ignores `startAt` would be read for ever.
    #[test]
    fn a_page_that_comes_twice_is_no_next_one() {
        let page = |body: &'static str| Response {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from_static(body.as_bytes()),
        };
        let mut stretches = Stretches::default();
        stretches.check(&page("[1]")).unwrap();
        stretches.check(&page("[2]")).unwrap();
        assert_eq!(stretches.check(&page("[2]")).unwrap_err().kind(), ErrorKind::Integrity);
    }
}
