//! Where a sorted reading of Cloud's stands, should its tokens end. Nobody says whether the pages of a search keep the order of
//! the moment when it began; what they show is read when the page is. So it is taken that an issue which was touched in between
//! does not stand where its values say: the place is the last issue that nobody has touched since, and what was told behind it,
//! by id.

use serde::{Deserialize, Serialize};
use ticketing_core::model::Ticket;
use ticketing_core::{Delivery, Error, ErrorKind, Result, remedy};

use crate::connection::SEARCH_LAG;
use crate::query::order::RowKey;

/// How many issues are known by id: a cursor holds them.
const MOST: usize = 1_000;

/// What a position holds beside the last issue that was told and stands where its values say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The site's time when the search began, in milliseconds since 1970.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub(crate) begun: Option<i64>,
    /// Issues that were told behind that one.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    since: Vec<u64>,
    /// Issues that were told before the search began anew, and may come again.
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    skip: Vec<u64>,
    /// True where too many were told to know them all, or a page was read before the one before it.
    #[serde(rename = "l", default, skip_serializing_if = "std::ops::Not::not")]
    lost: bool,
}

impl Place {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Notes what a page tells, and says which of it is the last that stands where its values say.
    pub(crate) fn told(&mut self, rows: &[(RowKey, Ticket)], early: bool) -> Option<RowKey> {
        let id = |(key, _): &(RowKey, Ticket)| key.1;
        if let Some(nth) = self.last_settled(rows) {
            self.since = rows[nth + 1..].iter().map(id).collect();
            self.lost = false;
            return Some(rows[nth].0.clone());
        }
        self.since.extend(rows.iter().map(id));
        if self.since.len() > MOST || early {
            self.since.clear();
            self.lost = true;
        }
        None
    }

    /// Which of a page's issues is the last that stands where its values say.
    pub(crate) fn last_settled(&self, rows: &[(RowKey, Ticket)]) -> Option<usize> {
        rows.iter().rposition(|(_, ticket)| self.is_settled(ticket))
    }

    /// Whether nobody has touched an issue since the search began, or so shortly before that the search may not know.
    fn is_settled(&self, ticket: &Ticket) -> bool {
        let Some(begun) = self.begun.filter(|_| !remedy::is_removed("jira.settled_place")) else { return true };
        ticket.updated_at.is_some_and(|at| at.timestamp_millis() < begun - SEARCH_LAG.num_milliseconds())
    }

    /// Whether an issue was told before the search began anew.
    pub(crate) fn passes_over(&self, id: u64) -> bool {
        self.skip.contains(&id)
    }

    /// The place of a search that begins anew.
    ///
    /// # Errors
    /// `Integrity` where it is not known.
    pub(crate) fn anew(&self) -> Result<Self> {
        let mut skip = self.skip.clone();
        skip.extend(self.since.iter().filter(|id| !self.skip.contains(id)));
        if self.lost || skip.len() > MOST {
            let what = "the page token has ended, and where the reading was is not known: the issues moved meanwhile";
            return Err(Error::new(ErrorKind::Integrity, what)
                .with_delivery(Delivery::Answered)
                .with_hint("begin the reading anew; where that stays, narrow the filter or leave out the sort"));
        }
        Ok(Self { skip, ..Self::default() })
    }
}
