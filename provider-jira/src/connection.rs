//! What one connection holds: endpoints, catalogue, mapping, and what it has learned about its own rights.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use ticketing_core::{
    BuildContext, Clock, CursorCodec, Delivery, Error, ErrorKind, Operation, ProviderInfo, Result, TicketId, remedy,
};
use ticketing_http::{HttpClient, HttpContext, RateGate, Response, path_segment};

use crate::api::{Api, From, Search};
use crate::auth::{self, Place};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::error::{JiraJudge, PublicJudge, is_closed};
use crate::mapping::Mapping;
use crate::query::Zone;
use crate::resolve::Resolved;
use ticketing_http::Directory;
use ticketing_http::config::shown;

/// The provider's name in the registry.
pub(crate) const NAME: &str = "jira";
/// Requests at the same time.
pub(crate) const CONCURRENCY: usize = 4;
/// Issues to a page where nobody says; a site gives fewer where many fields are asked for (wire A3.2).
pub(crate) const DEFAULT_PAGE: u32 = 100;
/// Issues to a page at most (wire A3.2, A3.3).
pub(crate) const LARGEST_PAGE: u32 = 1_000;

/// How long a profile's time zone is believed.
const ZONE_LIFE: TimeDelta = TimeDelta::minutes(5);
/// How long a search may lag behind a write: seconds mostly, minutes at times (wire A3.4).
pub(crate) const SEARCH_LAG: TimeDelta = TimeDelta::minutes(15);
/// Issues that a search can be reconciled with (wire A3.2).
pub(crate) const MOST_RECONCILED: usize = 50;

/// A part of the site that may be closed to a credential, or not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Service Management: organisations, customers, requests.
    ServiceDesk,
    /// A group's members, which take an administrator's rights (wire A7).
    Members,
    /// Projects at all.
    Browsing,
    /// Making tickets.
    Creating,
    /// Changing tickets in any way.
    Changing,
    /// Changing the fields of tickets.
    Editing,
    /// Moving tickets through their workflow.
    Moving,
    /// Deleting tickets.
    Deleting,
    /// Writing comments.
    Commenting,
    /// Changing comments.
    CommentEditing,
    /// Deleting comments.
    CommentDeleting,
    /// Attaching files.
    Attaching,
    /// Linking tickets.
    Linking,
    /// Looking up users and groups.
    People,
}

/// What one connection holds.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) info: ProviderInfo,
    pub(crate) api: Arc<Api>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) catalogue: Catalogue,
    /// The keys of the configured projects; empty: every one that may be read.
    pub(crate) projects: Vec<String>,
    pub(crate) mapping: Arc<Mapping>,
    /// What was learned of projects and workflows.
    pub(crate) learned: crate::write::Learned,
    /// Keys of tickets, comments and attachments that were written here.
    pub(crate) keyed: Mutex<ticketing_http::Written>,
    /// Keys under which a ticket is being made now.
    pub(crate) keys_in_use: Mutex<std::collections::HashSet<String>>,
    pub(crate) directory: Directory,
    pub(crate) resolved: Resolved,
    zone: tokio::sync::Mutex<Option<(DateTime<Utc>, Zone)>>,
    /// Parts that turned out to be closed.
    closed: Mutex<BTreeSet<Part>>,
    /// Issues that were written here, and when: searches see them late (wire A3.4).
    written: Mutex<VecDeque<(DateTime<Utc>, u64)>>,
}

impl Connection {
    pub(crate) fn open(config: Config, context: &BuildContext) -> Result<Self> {
        let http = HttpContext::from_build(context)?;
        let place = Place::new(http.policy(), &config.instance, &config.auth)?;
        let authenticator = auth::authenticator(&config.auth, &place, &http, context)?;
        let info = ProviderInfo::new(NAME, place.account());
        let clock = http.clock();
        let gate = RateGate::new(CONCURRENCY);
        let client = HttpClient::builder(place.api.clone(), http.clone())
            .with_authenticator(authenticator)
            .with_judge(Arc::new(JiraJudge))
            .with_gate(gate.lane())
            .with_headers(Api::headers())
            .build();
        // What a site says to anybody, and nothing else: no credential goes there.
        let home = HttpClient::builder(place.home.clone(), http)
            .with_judge(Arc::new(PublicJudge))
            .with_gate(gate)
            .with_headers(Api::headers())
            .build();
        let api = Arc::new(Api::new(client, home, place));
        let mapping = Arc::new(config.mapping);
        Ok(Self {
            info,
            catalogue: Catalogue::new(Arc::clone(&api), Arc::clone(&clock), Arc::clone(&mapping)),
            api,
            projects: config.projects,
            mapping,
            learned: crate::write::Learned::default(),
            keyed: Mutex::default(),
            keys_in_use: Mutex::default(),
            directory: Directory::new(Arc::clone(&clock)),
            resolved: Resolved::default(),
            zone: tokio::sync::Mutex::default(),
            clock,
            closed: Mutex::default(),
            written: Mutex::default(),
        })
    }

    /// The cursors of one query on this site.
    pub(crate) fn codec(&self, operation: Operation, query: &impl Serialize) -> CursorCodec {
        CursorCodec::new(NAME, &self.info.account, operation, query)
    }

    /// Notes that a part is closed to this credential.
    pub(crate) fn note_closed(&self, part: Part) {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).insert(part);
    }

    /// Notes that a part can be read after all.
    pub(crate) fn note_open(&self, part: Part) {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).remove(&part);
    }

    /// True where a part turned out to be closed.
    pub(crate) fn is_closed(&self, part: Part) -> bool {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).contains(&part)
    }

    /// An outcome of reading a part that can be done without: `None` where it is closed.
    pub(crate) fn if_open<T>(&self, part: Part, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_closed(&error) => {
                self.note_closed(part);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The time zone of the user's profile, in which dates in queries are read (wire A5). Asked again every so often: whoever
    /// changes it moves every stretch of time.
    pub(crate) async fn zone(&self) -> Result<Zone> {
        let mut kept = self.zone.lock().await;
        let now = self.clock.now();
        if let Some((at, zone)) = *kept
            && now - at < ZONE_LIFE
        {
            return Ok(zone);
        }
        let (person, _) = crate::check::myself(self).await?;
        let zone = Zone(crate::check::zone_of(&person));
        *kept = Some((now, zone));
        Ok(zone)
    }

    /// Notes that an issue was written here, so that searches see it as it is.
    pub(crate) fn note_written(&self, id: &str) {
        let Ok(id) = id.parse() else { return };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.retain(|(_, own)| *own != id);
        written.push_back((self.clock.now(), id));
        if written.len() > MOST_RECONCILED {
            written.pop_front();
        }
    }

    /// Issues that were written here lately: searches are told to reconcile with them (wire A3.4).
    pub(crate) fn written_lately(&self) -> Vec<u64> {
        if remedy::is_removed("jira.reconcile") {
            return Vec::new();
        }
        let now = self.clock.now();
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.retain(|(at, _)| now - *at < SEARCH_LAG);
        written.iter().map(|(_, id)| *id).collect()
    }

    /// Sends a search. A site refuses every search that names a project which is gone, or hidden from the user: which one it
    /// is, is found out then.
    ///
    /// # Errors
    /// `Config`, naming `projects`, where one of the connection's is not there.
    pub(crate) async fn search(&self, search: &Search<'_>) -> Result<Response> {
        let refused = match self.api.search(search).await {
            Err(error) if error.kind() == ErrorKind::InvalidRequest && !matches!(search.from, From::Token(_)) => error,
            outcome => return outcome,
        };
        for key in &self.projects {
            let looked = self.api.read(&format!("/project/{}", path_segment(key)), &[]).await;
            if looked.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
                let message = format!("the site has no project `{}`, or the user may not browse it", shown(key));
                return Err(Error::config("projects", message)
                    .with_delivery(Delivery::Answered)
                    .with_hint(
                        "write the key that it has now, take it out, or have the user be given the right to browse it",
                    )
                    .with_source(refused));
            }
        }
        Err(refused)
    }

    /// Issues to a page, within bounds.
    pub(crate) fn page_size(asked: Option<u32>) -> u64 {
        u64::from(asked.unwrap_or(DEFAULT_PAGE).clamp(1, LARGEST_PAGE))
    }

    /// True where an issue's project is one of the connection's.
    pub(crate) fn holds_project(&self, key: &str) -> bool {
        self.projects.is_empty() || self.projects.iter().any(|own| own == key)
    }

    /// Refuses on a Data Center what Cloud alone has; nothing is sent for it where the site is known.
    pub(crate) async fn cloud_alone(&self, operation: Operation, hint: &str) -> Result<()> {
        match self.api.site().await?.is_cloud() {
            true => Ok(()),
            false => Err(Error::unsupported(operation).with_hint(hint)),
        }
    }

    /// The error of a ticket that is not there, or not for us (wire A8: 404 either way).
    pub(crate) fn no_ticket(&self, id: &TicketId) -> Error {
        let place = match self.projects.is_empty() {
            true => String::new(),
            false => format!(" in {}", self.projects.join(", ")),
        };
        Error::new(
            ErrorKind::NotFound,
            format!("there is no ticket `{}`{place}, or it may not be read", shown(id.as_str())),
        )
        .with_delivery(Delivery::Answered)
        .with_hint("check the id or key, the connection's `projects`, and what the user may browse")
    }
}

/// The refusal of a field that the site does not have.
pub(crate) fn unknown_field(place: &str, field: &str) -> Error {
    Error::invalid(place, format!("there is no field `{}`", shown(field)))
        .with_hint("list the fields to see which there are")
}
