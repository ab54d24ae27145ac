//! Pages of lists, by cursor and by offset: wire B2.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::{ApiError, Document};
use super::call::Call;
use super::world::Key;
use crate::params::encode;

/// Items on a page, asked for or not (wire B2).
const MOST: usize = 100;

/// The depth of offsets (wire B2).
const DEPTH: usize = 10_000;

/// How a list is asked for.
#[derive(Debug)]
pub(crate) enum Paging {
    Cursor { size: usize, from: Option<Key>, backwards: bool },
    Offset { page: usize, per_page: usize },
}

/// A list's order: the name that `sort` gives it, and whether it is turned round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sort {
    pub(crate) name: String,
    pub(crate) descending: bool,
}

fn invalid(title: impl Into<String>) -> ApiError {
    ApiError::listed(StatusCode::BAD_REQUEST, "InvalidPaginationParameter", title)
}

/// Recorded (wire S12): `{"o":"nice_id","v":"aQEAAAAAAAAA"}` in Base64, an order and a value. Ours holds two numbers.
fn cursor(order: &str, key: Key) -> String {
    let value = STANDARD.encode(format!("{}:{}", key.0, key.1));
    STANDARD.encode(json!({ "o": order, "v": value }).to_string())
}

fn read_cursor(order: &str, text: &str) -> Option<Key> {
    let document: Value = serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?;
    if document["o"].as_str() != Some(order) {
        return None;
    }
    let value = String::from_utf8(STANDARD.decode(document["v"].as_str()?).ok()?).ok()?;
    let (first, second) = value.split_once(':')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

impl Sort {
    /// `sort=-updated_at` of cursor lists; anything but the known names is refused (wire B2).
    pub(crate) fn by_cursor(call: &Call<'_>, known: &[&str], default: &str) -> Result<Self, ApiError> {
        let Some(text) = call.params.get("sort") else {
            return Ok(Self { name: default.to_owned(), descending: false });
        };
        let name = text.trim_start_matches('-');
        if !known.contains(&name) {
            return Err(invalid(format!("sort is not valid, must be one of: {}", known.join(", "))));
        }
        Ok(Self { name: name.to_owned(), descending: text.starts_with('-') })
    }

    /// The order as cursors name it.
    fn label(&self) -> String {
        format!("{}{}", if self.descending { "-" } else { "" }, self.name)
    }
}

/// Whether a list is asked for by cursor: offsets are the default (wire B2).
pub(crate) fn is_cursor(call: &Call<'_>) -> bool {
    ["page[size]", "page[after]", "page[before]"].iter().any(|name| call.params.get(name).is_some())
}

impl Paging {
    pub(crate) fn of(call: &Call<'_>, sort: &Sort) -> Result<Self, ApiError> {
        let number = |name: &str, default: usize| match call.params.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| invalid(format!("{name} must be an integer"))),
        };
        if is_cursor(call) {
            let size: usize = number("page[size]", MOST)?;
            if size == 0 || size > MOST {
                return Err(invalid("page[size] must be between 1 and 100"));
            }
            let backwards = call.params.get("page[before]").is_some();
            let text = call.params.get("page[after]").or(call.params.get("page[before]"));
            let from = match text {
                Some(text) => Some(
                    read_cursor(&sort.label(), text)
                        .ok_or_else(|| invalid("page[after] or page[before] is not valid"))?,
                ),
                None => None,
            };
            return Ok(Self::Cursor { size, from, backwards });
        }
        let page: usize = number("page", 1)?;
        let per_page = number("per_page", MOST)?.clamp(1, MOST);
        if page == 0 {
            return Err(invalid("page must be greater than 0"));
        }
        // wire B2: page 100, or 10 000 records.
        if page > 100 || page.saturating_mul(per_page) > DEPTH {
            return Err(ApiError::listed(
                StatusCode::BAD_REQUEST,
                "InvalidPaginationDepth",
                "Number of records is limited to 10000",
            ));
        }
        Ok(Self::Offset { page, per_page })
    }
}

/// A page on its way out.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// The members that say where the list goes on.
    around: Vec<(&'static str, Value)>,
}

impl<T> Page<T> {
    /// One page of a list by cursor. `walk` gives what lies after a key, or before it.
    pub(crate) fn by_cursor<I: Iterator<Item = (Key, T)>>(
        call: &Call<'_>,
        sort: &Sort,
        size: usize,
        from: Option<Key>,
        backwards: bool,
        walk: impl FnOnce(Option<Key>, bool) -> I,
    ) -> Self {
        let shorter = call.strikes.get("short_page").map(|strike| strike.number(size as u64 / 2));
        let size = shorter.and_then(|shorter| usize::try_from(shorter).ok()).map_or(size, |shorter| shorter.min(size));
        let mut found: Vec<(Key, T)> = walk(from, backwards != sort.descending).take(size + 1).collect();
        let repeated = call.strikes.has("repeated_cursor");
        let has_more = found.len() > size || repeated;
        found.truncate(size);
        if backwards {
            found.reverse();
        }
        let place = |key: Option<Key>| key.map(|key| cursor(&sort.label(), key));
        let before = place(found.first().map(|own| own.0));
        let last = found.last().map(|own| own.0).filter(|_| !repeated);
        let after = place(last.or(from.filter(|_| has_more)));
        let link = |name: &str, cursor: &Option<String>| match cursor {
            Some(cursor) => Value::from(call.link_with(&[(name, cursor)], &["page[after]", "page[before]"])),
            None => Value::Null,
        };
        // Recorded: cursors and links are there on the last page too, and null on an empty one (wire B2, S12).
        let links = json!({ "prev": link("page[before]", &before), "next": link("page[after]", &after) });
        let meta = json!({ "has_more": has_more, "after_cursor": after, "before_cursor": before });
        Self { items: found.into_iter().map(|own| own.1).collect(), around: vec![("meta", meta), ("links", links)] }
    }

    /// One page of a list that is at hand, by offset.
    pub(crate) fn by_offset(call: &Call<'_>, all: Vec<T>, page: usize, per_page: usize) -> Self {
        let count = all.len();
        let items = all.into_iter().skip((page - 1) * per_page).take(per_page).collect();
        let link = |page: Option<usize>| {
            page.map(|page| call.link_with(&[("page", &page.to_string())], &["page"])).map_or(Value::Null, Value::from)
        };
        let next = (page * per_page < count).then_some(page + 1);
        Self {
            items,
            around: vec![
                ("next_page", link(next)),
                ("previous_page", link(page.checked_sub(1).filter(|page| *page > 0))),
                ("count", Value::from(call.counted(count))),
            ],
        }
    }

    /// One page of a small list that is at hand, however it is asked for; in order of `key`.
    pub(crate) fn of(call: &Call<'_>, mut all: Vec<(Key, T)>) -> Result<Self, ApiError> {
        let sort = Sort { name: "id".to_owned(), descending: call.params.get("sort") == Some("-id") };
        all.sort_by_key(|own| own.0);
        match Paging::of(call, &sort)? {
            Paging::Cursor { size, from, backwards } => {
                Ok(Self::by_cursor(call, &sort, size, from, backwards, |from, backwards| {
                    let fits = move |key: &Key| match (from, backwards) {
                        (None, _) => true,
                        (Some(from), false) => *key > from,
                        (Some(from), true) => *key < from,
                    };
                    if backwards {
                        all.reverse();
                    }
                    all.into_iter().filter(move |own| fits(&own.0))
                }))
            }
            Paging::Offset { page, per_page } => {
                let all = all.into_iter().map(|own| own.1).collect();
                Ok(Self::by_offset(call, all, page, per_page))
            }
        }
    }

    /// Starts a document with the items under a name; what goes around them is put last by [`Self::finish`].
    pub(crate) fn document(&self, name: &str) -> Document
    where
        T: Serialize,
    {
        let mut document = Document::new();
        document.put(name, &self.items);
        document
    }

    pub(crate) fn finish(self, mut document: Document) -> super::answer::Reply {
        for (name, value) in &self.around {
            document.put(name, value);
        }
        document.reply()
    }
}

/// A query string, brackets and all, as the vendor writes it.
pub(crate) fn query(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}
