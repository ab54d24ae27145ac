//! Pages and cursors.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;

/// Where a page ended: opaque, storable, good for the query it came from and for no other.
///
/// Its text may be kept and used later by another process. A cursor that is used with another query, account,
/// provider or operation is refused as an invalid request; it never gives wrong rows.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor from its text, as given out before.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to keep.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({} bytes)", self.0.len())
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Total {
    /// How many.
    pub value: u64,
    /// False where the vendor estimates, or counts what the credential may not read.
    pub exact: bool,
}

/// One page. `next == None` is the only end: an empty page with a `next` is legal, and so is a short one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = crate::model::every_key)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Where to go on; `None`: this was the last page.
    pub next: Option<Cursor>,
    /// How many there are, where it was asked for and the vendor says.
    pub total: Option<Total>,
    /// When this was true, for an answer from a cache or mirror; `None`: just now.
    pub as_of: Option<Timestamp>,
    #[serde(skip)]
    #[schemars(skip)]
    pub(crate) chain: Option<Box<Chain>>,
}

/// How a page hangs together with its neighbours, for reading ahead; see [`Page::with_chain`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chain {
    /// The mark of the row before this page's first, as seen while reading this page.
    pub continues: Option<String>,
    /// The mark of this page's last row.
    pub mark: Option<String>,
    /// Cursors of the pages that probably follow `next`'s page, in order.
    pub ahead: Vec<Cursor>,
}

impl<T> Page<T> {
    /// A page.
    #[must_use]
    pub fn new(items: Vec<T>, next: Option<Cursor>) -> Self {
        Self { items, next, total: None, as_of: None, chain: None }
    }

    /// The last page.
    #[must_use]
    pub fn last(items: Vec<T>) -> Self {
        Self::new(items, None)
    }

    /// With how many there are.
    #[must_use]
    pub fn with_total(mut self, total: impl Into<Option<Total>>) -> Self {
        self.total = total.into();
        self
    }

    /// With when it was true.
    #[must_use]
    pub fn with_as_of(mut self, as_of: impl Into<Option<Timestamp>>) -> Self {
        self.as_of = as_of.into();
        self
    }

    /// With what lets a stream fetch the following pages at the same time.
    ///
    /// A page that was fetched by a cursor of `ahead` is used only where its `continues` equals the `mark` of the page
    /// before it; otherwise it is thrown away and read again by that page's `next`. So a provider may guess where pages
    /// begin (an offset), as long as it tells truly what it saw.
    #[must_use]
    pub fn with_chain(mut self, chain: Chain) -> Self {
        self.chain = Some(Box::new(chain));
        self
    }

    /// How the page hangs together with its neighbours.
    #[must_use]
    pub fn chain(&self) -> Option<&Chain> {
        self.chain.as_deref()
    }

    /// The same page of something else.
    #[must_use]
    pub fn map<U>(self, each: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(each).collect(),
            next: self.next,
            total: self.total,
            as_of: self.as_of,
            chain: self.chain,
        }
    }
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self::last(Vec::new())
    }
}
