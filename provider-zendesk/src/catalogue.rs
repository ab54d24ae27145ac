//! The account's own description of its tickets: fields, forms, statuses, brands and groups (`wire/jira-zendesk.md` §B4, §B7). Read
//! once, kept for a while; what the credential may not read, or the plan lacks, is done without.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use ticketing_core::model::{Native, StatusCategory};
use ticketing_core::{Clock, ErrorKind, Result};
use tokio::sync::Mutex;

use crate::api::{Api, Window};
use crate::connection::LARGEST_PAGE;
use crate::error::is_closed;
use crate::map::field::{CatalogueField, Fields};
use crate::mapping::{Mapping, STATUSES};
use crate::wire::{CustomStatusRow, FieldRow, FormRow, Named, rows};

/// The system status that is no custom status and that nothing comes back from.
const CLOSED: &str = "closed";

/// How long what was read is believed.
const LIFE: TimeDelta = TimeDelta::minutes(30);

/// One status that tickets can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownStatus {
    /// The system status that it belongs to.
    pub(crate) system: String,
    /// The number of a custom status; `None`: the account has none.
    pub(crate) custom_id: Option<i64>,
    /// What documents show: the system status's own name for the default one of each, else the number.
    pub(crate) native: Native,
    pub(crate) category: StatusCategory,
    /// The category of a ticket that was closed with this status.
    pub(crate) closed: StatusCategory,
    pub(crate) active: bool,
    /// True for the one that stands for its system status.
    pub(crate) default: bool,
}

/// The account's statuses, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Statuses(pub(crate) Vec<KnownStatus>);

impl Statuses {
    /// The category and the native status of a ticket. A closed one keeps the custom status that it was solved with.
    pub(crate) fn of(&self, system: &str, custom_id: Option<i64>) -> Option<(StatusCategory, &Native)> {
        let custom = self.0.iter().find(|status| status.custom_id.is_some() && status.custom_id == custom_id);
        if let Some(status) = custom {
            if status.system == system {
                return Some((status.category, &status.native));
            }
            if system == CLOSED && !status.default {
                return Some((status.closed, &status.native));
            }
        }
        let status = self.0.iter().find(|status| status.system == system && status.default)?;
        Some((status.category, &status.native))
    }

    /// The status of a native id or label; labels in any case.
    pub(crate) fn named(&self, wanted: &str) -> Option<&KnownStatus> {
        let by_label = || {
            let same = |status: &&KnownStatus| {
                status.native.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(wanted))
            };
            self.0.iter().find(same)
        };
        let is = |status: &&KnownStatus| {
            status.native.id == wanted || status.custom_id.is_some_and(|id| id.to_string() == wanted)
        };
        self.0.iter().find(is).or_else(by_label)
    }

    /// The active ones in one line, for people.
    pub(crate) fn told(&self) -> String {
        let told = self.0.iter().filter(|status| status.active).map(|status| match &status.native.name {
            Some(name) if *name != status.native.id => format!("{} ({name})", status.native.id),
            _ => status.native.id.clone(),
        });
        told.collect::<Vec<_>>().join(", ")
    }
}

/// Names by number: brands, groups, forms.
pub(crate) type Names = HashMap<i64, String>;

/// A list of named things.
#[derive(Debug, Clone, Copy)]
enum List {
    Brands,
    Groups,
}

/// One thing that was read, and when.
type Kept<T> = Arc<Mutex<Option<(DateTime<Utc>, Arc<T>)>>>;

/// The catalogue of one connection. Cloning it shares it.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    api: Api,
    clock: Arc<dyn Clock>,
    mapping: Arc<Mapping>,
    fields: Kept<Fields>,
    forms: Kept<Vec<FormRow>>,
    statuses: Kept<Statuses>,
    brands: Kept<Names>,
    groups: Kept<Names>,
}

impl Catalogue {
    pub(crate) fn new(api: Api, clock: Arc<dyn Clock>, mapping: Arc<Mapping>) -> Self {
        Self {
            api,
            clock,
            mapping,
            fields: Kept::default(),
            forms: Kept::default(),
            statuses: Kept::default(),
            brands: Kept::default(),
            groups: Kept::default(),
        }
    }

    /// What `read` reads, once in a while; held meanwhile, so that a burst of requests reads it once.
    async fn kept<T>(&self, place: &Kept<T>, what: &str, read: impl AsyncFnOnce() -> Result<T>) -> Result<Arc<T>> {
        let mut kept = place.lock().await;
        if let Some((at, value)) = &*kept
            && self.clock.now() - *at < LIFE
        {
            return Ok(Arc::clone(value));
        }
        let value = Arc::new(read().await.map_err(|error| error.with_context(format!("reading {what}")))?);
        *kept = Some((self.clock.now(), Arc::clone(&value)));
        Ok(value)
    }

    /// The fields of tickets.
    pub(crate) async fn fields(&self) -> Result<Arc<Fields>> {
        self.kept(&self.fields, "the ticket fields", async || {
            let mut fields = Vec::new();
            let mut after: Option<String> = None;
            loop {
                let window = Window::new(LARGEST_PAGE, after.as_deref());
                let response = match self.api.fields(window).await {
                    Err(error) if is_closed(&error) => break,
                    response => response?,
                };
                let page = rows::<FieldRow>(&response.body, "ticket_fields")?;
                fields.extend(page.items.into_iter().map(|(row, _)| CatalogueField::of(row)));
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            Ok(Fields::new(fields))
        })
        .await
    }

    /// The ticket forms; none where the plan has none.
    pub(crate) async fn forms(&self) -> Result<Arc<Vec<FormRow>>> {
        self.kept(&self.forms, "the ticket forms", async || match self.api.forms().await {
            Err(error) if is_closed(&error) || error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            response => {
                let page = rows::<FormRow>(&response?.body, "ticket_forms")?;
                Ok(page.items.into_iter().map(|(row, _)| row).collect())
            }
        })
        .await
    }

    /// The statuses: custom ones where the account has them, else those of the system.
    pub(crate) async fn statuses(&self) -> Result<Arc<Statuses>> {
        self.kept(&self.statuses, "the statuses", async || {
            let custom = match self.api.statuses().await {
                Err(error) if is_closed(&error) || error.kind() == ErrorKind::NotFound => Vec::new(),
                response => rows::<CustomStatusRow>(&response?.body, "custom_statuses")?.items,
            };
            let mut statuses: Vec<KnownStatus> = Vec::new();
            for (row, _) in custom {
                let id = if row.default { row.status_category.clone() } else { row.id.to_string() };
                let label = row.agent_label.filter(|label| !label.is_empty());
                let category = self.mapping.status(&row.status_category, &id, label.as_deref());
                statuses.push(KnownStatus {
                    category,
                    closed: self.closed_as(category),
                    native: Native { id, name: label },
                    custom_id: Some(row.id),
                    system: row.status_category,
                    active: row.active,
                    default: row.default,
                });
            }
            // Closed is no custom status, and `hold` may be missing (§B4).
            for (system, _) in STATUSES {
                let missing = !statuses.iter().any(|status| status.system == *system);
                if missing && (statuses.is_empty() || *system == CLOSED || !has_custom(&statuses)) {
                    let category = self.mapping.status(system, system, None);
                    statuses.push(KnownStatus {
                        category,
                        closed: self.closed_as(category),
                        native: Native::named(*system, title(system)),
                        custom_id: None,
                        system: (*system).to_owned(),
                        active: true,
                        default: true,
                    });
                }
            }
            Ok(Statuses(statuses))
        })
        .await
    }

    /// What is closed is closed, unless its status says that it came to nothing.
    fn closed_as(&self, category: StatusCategory) -> StatusCategory {
        match category {
            StatusCategory::Cancelled => category,
            _ => self.mapping.status(CLOSED, CLOSED, None),
        }
    }

    /// The brands by number.
    pub(crate) async fn brands(&self) -> Result<Arc<Names>> {
        self.kept(&self.brands, "the brands", async || self.names(List::Brands).await).await
    }

    /// The groups by number, deleted ones too.
    pub(crate) async fn groups(&self) -> Result<Arc<Names>> {
        self.kept(&self.groups, "the groups", async || self.names(List::Groups).await).await
    }

    /// The names of everything on a list; none where the account has no such list, or does not show it.
    async fn names(&self, list: List) -> Result<Names> {
        let mut names = Names::new();
        let mut after: Option<String> = None;
        loop {
            let window = Window::new(LARGEST_PAGE, after.as_deref());
            let (key, response) = match list {
                List::Brands => ("brands", self.api.brands(window).await),
                List::Groups => ("groups", self.api.groups(window).await),
            };
            let page = match response {
                Err(error) if is_closed(&error) || error.kind() == ErrorKind::NotFound => return Ok(names),
                response => rows::<Named>(&response?.body, key)?,
            };
            names.extend(page.items.into_iter().filter_map(|(row, _)| Some((row.id, row.name?))));
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(names),
            }
        }
    }

    /// Forgets what was read.
    pub(crate) async fn forget(&self) {
        *self.fields.lock().await = None;
        *self.forms.lock().await = None;
        *self.statuses.lock().await = None;
        *self.brands.lock().await = None;
        *self.groups.lock().await = None;
    }
}

fn has_custom(statuses: &[KnownStatus]) -> bool {
    statuses.iter().any(|status| status.custom_id.is_some())
}

/// What agents see of a system status.
fn title(system: &str) -> &'static str {
    match system {
        "new" => "New",
        "open" => "Open",
        "pending" => "Pending",
        "hold" => "On-hold",
        "solved" => "Solved",
        _ => "Closed",
    }
}
