//! One operation under faults, and the judgement on it: exactly once, or one clear error.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use futures::StreamExt as _;
use ticketing_core::model::{Change, Kind, Visibility};
use ticketing_core::request::{AddComment, CreateTicket, ListChanges, ListIds, ListTickets, Sort, SortField};
use ticketing_core::{Error, ErrorKind, TicketingClient};
use vendor_sandbox::Fault;

use crate::bed::Bed;

/// What is done while the instance fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Play {
    /// A listing in the default order: offset pages.
    Listing,
    /// A listing by the time of the last change.
    Sorted,
    /// `list_changes` from nothing, read on after each error, until nothing new comes: keyset pages.
    Changes,
    Census,
    /// A ticket with an idempotency key, asked for again after an error.
    Create,
    /// A ticket without one, asked for once.
    BareCreate,
    /// A comment with a key.
    Comment,
}

pub(crate) const READINGS: [Play; 4] = [Play::Listing, Play::Sorted, Play::Changes, Play::Census];
pub(crate) const WRITINGS: [Play; 3] = [Play::Create, Play::BareCreate, Play::Comment];

/// An instance under faults, and what is known of it.
pub(crate) struct Stage<'a> {
    pub(crate) bed: &'a Bed,
    pub(crate) client: TicketingClient,
    /// The incidents that nobody may read.
    pub(crate) hidden: BTreeSet<String>,
    /// Faults that stay when the instance behaves: those that hide the rows.
    pub(crate) lasting: Vec<Fault>,
    /// What is being tried, for whoever reads a failure.
    pub(crate) told: String,
    /// What went wrong on the way.
    pub(crate) errors: Mutex<Vec<String>>,
}

/// `sys_mod_count` and time of the last change, by `sys_id`.
type Standing = BTreeMap<String, (String, String)>;

/// True where an error says that something may have happened, or did.
fn tells(error: &Error) -> bool {
    error.maybe_applied() || !error.applied().is_empty()
}

impl Stage<'_> {
    fn standing(&self) -> Standing {
        let columns = ["sys_id", "sys_mod_count", "sys_updated_on"];
        let rows = self.bed.control.columns("incident", "", columns).unwrap();
        rows.into_iter().map(|[id, mods, at]| (id, (mods, at))).collect()
    }

    /// The bad day is over.
    fn behave(&self) {
        self.bed.control.set_faults(self.lasting.clone()).unwrap();
    }

    /// Plays it; true where it ended well: a reading at the first try, a write with a key at the third at the latest.
    pub(crate) async fn play(&self, play: Play) -> bool {
        match play {
            Play::Listing => self.listing(ListTickets::new().with_page_size(9)).await,
            Play::Sorted => {
                let sort = vec![Sort::ascending(SortField::UpdatedAt)];
                self.listing(ListTickets::new().with_page_size(9).with_sort(sort)).await
            }
            Play::Census => {
                let before = self.standing();
                let mut ids = self.client.ids(ListIds::new(Kind::Ticket).with_page_size(9));
                let mut read = Vec::new();
                while let Some(id) = ids.next().await {
                    match id {
                        Ok(id) => read.push(id),
                        Err(error) => {
                            self.clear(&error);
                            assert!(ids.next().await.is_none(), "{}: it goes on after its error", self.told);
                            self.judge(&before, &read, false);
                            return false;
                        }
                    }
                }
                self.judge(&before, &read, true);
                true
            }
            Play::Changes => self.changes().await,
            Play::Create => self.create().await,
            Play::BareCreate => self.bare_create().await,
            Play::Comment => self.comment().await,
        }
    }

    /// An error that somebody can act on, and that gives nothing away.
    fn clear(&self, error: &Error) {
        let told = format!("{}: {error} {error:?}", self.told);
        assert!(!error.message().is_empty() && error.provider() == Some("servicenow"), "{told}");
        assert!(!told.contains("YWRtaW46YWRtaW4") && !told.contains("admin:admin"), "{told}");
        assert!(!matches!(error.kind(), ErrorKind::Unsupported), "{told}");
        self.errors.lock().unwrap().push(format!("{error:?}"));
    }

    async fn listing(&self, request: ListTickets) -> bool {
        let before = self.standing();
        let mut tickets = self.client.tickets(request);
        let mut read = Vec::new();
        while let Some(ticket) = tickets.next().await {
            match ticket {
                Ok(ticket) => read.push(ticket.id.to_string()),
                Err(error) => {
                    self.clear(&error);
                    assert!(!error.maybe_applied(), "{}: reading applies nothing: {error}", self.told);
                    assert!(tickets.next().await.is_none(), "{}: it goes on after its error", self.told);
                    self.judge(&before, &read, false);
                    return false;
                }
            }
        }
        self.judge(&before, &read, true);
        true
    }

    /// What existed unchanged all the time came exactly once, and nothing hidden did.
    fn judge(&self, before: &Standing, read: &[String], whole: bool) {
        let after = self.standing();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        read.iter().for_each(|id| *counts.entry(id).or_default() += 1);
        for (id, standing) in before {
            let count = counts.remove(id.as_str()).unwrap_or_default();
            if self.hidden.contains(id) {
                assert_eq!(count, 0, "{}: {id} is hidden", self.told);
            } else if after.get(id) == Some(standing) {
                assert!(count == 1 || (count == 0 && !whole), "{}: {id} came {count} times", self.told);
            }
        }
        for id in counts.into_keys() {
            assert!(after.contains_key(id), "{}: {id} came, and was not there", self.told);
        }
    }

    async fn changes(&self) -> bool {
        let mut request = ListChanges::new(Kind::Ticket).with_page_size(9);
        let mut mirror: BTreeMap<String, String> = BTreeMap::new();
        let mut well = true;
        let mut quiet = 0;
        // Under fire first; then the instance behaves, and the mirror must come to what is there.
        for nth in 0..400 {
            if nth == 40 || (quiet > 0 && nth < 40) {
                self.behave();
            }
            let page = match self.client.list_changes(request.clone()).await {
                Ok(page) => page,
                Err(error) => {
                    self.clear(&error);
                    well = false;
                    if nth > 2 {
                        self.behave();
                        // What the bad day left behind, such as a budget that is used up.
                        self.bed.advance(600);
                        tokio::time::advance(Duration::from_secs(600)).await;
                    }
                    continue;
                }
            };
            for change in page.items {
                match change {
                    Change::Upserted { document, .. } => {
                        let ticket = document.as_ticket().unwrap();
                        let version = ticket.version.as_ref().map(ToString::to_string).unwrap_or_default();
                        mirror.insert(ticket.id.to_string(), version);
                    }
                    Change::Removed { id, .. } => drop(mirror.remove(&id)),
                }
            }
            request = request.with_checkpoint(Some(page.checkpoint));
            if page.caught_up {
                quiet += 1;
                self.bed.advance(600);
                if quiet == 3 {
                    break;
                }
            }
        }
        assert_eq!(quiet, 3, "{}: it never caught up", self.told);
        let there = self.standing().into_iter().filter(|(id, _)| !self.hidden.contains(id));
        let number = |text: String| if text.is_empty() { "0".to_owned() } else { text };
        let there: BTreeMap<String, String> = there.map(|(id, (mods, _))| (id, number(mods))).collect();
        assert_eq!(mirror, there, "{}", self.told);
        well
    }

    fn titled(&self, title: &str) -> usize {
        self.bed.control.find("incident", &format!("short_description={title}")).unwrap().len()
    }

    async fn create(&self) -> bool {
        let request = CreateTicket::new("Only once").with_idempotency_key("once-1".to_owned());
        let mut made = None;
        let mut well = false;
        for _ in 0..3 {
            let before = self.titled("Only once");
            match self.client.create_ticket(request.clone()).await {
                Ok(ticket) => {
                    well = true;
                    assert_eq!(self.titled("Only once"), 1, "{}", self.told);
                    assert_eq!(*made.get_or_insert_with(|| ticket.id.clone()), ticket.id, "{}", self.told);
                }
                Err(error) => {
                    self.clear(&error);
                    well = false;
                    let after = self.titled("Only once");
                    assert!(after == before || (tells(&error) && after == 1), "{}: {error:?}", self.told);
                }
            }
        }
        // However it went: on a good day, in another process, the same key is the one ticket; hidden, it says so.
        self.behave();
        match self.bed.client().create_ticket(request).await {
            Ok(ticket) => assert_eq!(made.unwrap_or_else(|| ticket.id.clone()), ticket.id, "{}", self.told),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{}: {error:?}", self.told);
                assert!(!self.hidden.is_empty(), "{}: {error:?}", self.told);
            }
        }
        assert_eq!(self.titled("Only once"), 1, "{}", self.told);
        well
    }

    async fn bare_create(&self) -> bool {
        match self.client.create_ticket(CreateTicket::new("No key")).await {
            Ok(_) => {
                assert_eq!(self.titled("No key"), 1, "{}", self.told);
                true
            }
            Err(error) => {
                self.clear(&error);
                let count = self.titled("No key");
                assert!(count == 0 || (count == 1 && tells(&error)), "{}: {count}: {error:?}", self.told);
                false
            }
        }
    }

    async fn comment(&self) -> bool {
        let ticket = self.bed.incident("VPN drops every");
        let said = || {
            self.bed.control.find("sys_journal_field", &format!("element_id={ticket}^value=Said once")).unwrap().len()
        };
        let request =
            AddComment::new(ticket.as_str(), "Said once", Visibility::Internal).with_idempotency_key("c-1".to_owned());
        let mut well = false;
        for _ in 0..3 {
            let before = said();
            match self.client.add_comment(request.clone()).await {
                Ok(_) => {
                    well = true;
                    assert_eq!(said(), 1, "{}", self.told);
                }
                Err(error) => {
                    self.clear(&error);
                    well = false;
                    assert!(said() == before || (said() == 1 && tells(&error)), "{}: {error:?}", self.told);
                }
            }
        }
        self.behave();
        match self.client.add_comment(request).await {
            Ok(_) => assert_eq!(said(), 1, "{}", self.told),
            Err(error) => {
                assert!(self.hidden.contains(&ticket), "{}: {error:?}", self.told);
                assert!(said() <= 1, "{}", self.told);
            }
        }
        well
    }
}
