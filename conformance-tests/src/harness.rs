//! What a provider's author hands to the suite.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use ticketing_core::model::{FieldData, StatusCategory};
use ticketing_core::{
    BuildContext, FieldId, ProviderRegistration, Result, TicketId, TicketingProvider, UserId, WebhookDelivery,
    WebhookIntake,
};
use vendor_sandbox::company::Company;

use crate::snapshot::SNAPSHOTS;

/// A fresh world for each case: an account at the vendor that holds the shared company, and a provider connected to it.
///
/// Required are [`start`](Self::start), [`provider`](Self::provider) and [`advance`](Self::advance); the others let more
/// cases bite. Nothing in a world may depend on another world, the machine's clock or true randomness.
#[async_trait]
pub trait Harness: Send + Sync {
    /// A new account that holds [`Company::standard`], and a connection to it.
    async fn start() -> Self
    where
        Self: Sized;

    /// The provider under test, as it is built for users; the same one each time.
    fn provider(&self) -> Arc<dyn TicketingProvider>;

    /// Moves the vendor's clock and the provider's by this many seconds. Both stand still otherwise.
    fn advance(&self, seconds: u32);

    /// The company in the account; less than the standard one where a connection sees only a part.
    fn company(&self) -> Company {
        Company::standard()
    }

    /// What this harness's snapshots are called; two harnesses of one provider need two names.
    fn name(&self) -> String {
        self.provider().info().name.clone()
    }

    /// True where everything happens in this process, so that tokio's clock may be paused.
    fn is_in_process() -> bool
    where
        Self: Sized,
    {
        true
    }

    /// Everything sent to the vendor so far, oldest first; `None`: there is nobody to send to.
    fn requests(&self) -> Option<Vec<SentRequest>> {
        None
    }

    /// The secrets in the configuration, in every form in which they could show: as given, and encoded for the wire.
    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }

    /// How the provider is registered and configured, for the cases about bad configurations.
    fn setup(&self) -> Option<Setup> {
        None
    }

    /// Another connection; `None`: not offered.
    async fn connect(&self, _connection: Connection) -> Option<Result<Arc<dyn TicketingProvider>>> {
        None
    }

    /// Somebody else does something at the vendor's, past the provider; `None`: not offered. The answer is the new record's
    /// id, or the native value that was set, or empty.
    async fn interfere(&self, _interference: Interference) -> Option<String> {
        None
    }

    /// The vendor misbehaves, the next so many times that it can (`None`: until [`behave`](Self::behave)); false: not
    /// offered. Several at the same time add up.
    fn misbehave(&self, _misbehaviour: Misbehaviour, _times: Option<u32>) -> bool {
        false
    }

    /// The vendor behaves again.
    fn behave(&self) {}

    /// What has to be given along with a status, where the vendor demands something.
    fn status_needs(&self, _status: StatusCategory) -> StatusNeeds {
        StatusNeeds::default()
    }

    /// The core keys that a new ticket can be given and an old one keeps: changing them must be refused.
    fn set_once(&self) -> &'static [&'static str] {
        &[]
    }

    /// Changes a ticket, and hands over what the vendor delivers to a webhook because of it; `None`: not offered.
    async fn delivered(&self, _ticket: &TicketId) -> Option<Delivered> {
        None
    }

    /// Keys of a ticket that the vendor moves, or refuses to move, along with this one: a requester's account, an assignee's
    /// group.
    fn moves_along(&self, _key: &str) -> &'static [&'static str] {
        &[]
    }

    /// How many seconds after a change a delta tells it.
    fn delta_lag(&self) -> u32 {
        0
    }

    /// True where a listing has the plain words of a description, and the ticket read by itself has its formatting: where the
    /// vendor's lists do not have it, and a request for each ticket would be the price.
    fn lists_plain_descriptions(&self) -> bool {
        false
    }

    /// Where the vendor cannot hold what the company says.
    fn deviations(&self) -> Vec<Deviation> {
        Vec::new()
    }

    /// The folder of the wire and capability snapshots; outside this workspace, a folder of your own.
    fn snapshots(&self) -> PathBuf {
        PathBuf::from(SNAPSHOTS)
    }
}

/// True where the harness announced that the vendor cannot hold this.
pub(crate) fn deviates(h: &dyn Harness, documents: &str, record: &str, key: &str) -> bool {
    let is =
        |one: &Deviation| one.documents == documents && (one.record == record || one.record == "*") && one.key == key;
    h.deviations().iter().any(is)
}

/// One request as the vendor saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentRequest {
    /// What it was for.
    pub purpose: Purpose,
    /// The host it went to.
    pub host: String,
    /// The method, in upper case.
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query, as sent, without `?`.
    pub query: String,
}

impl SentRequest {
    /// True where it may change something.
    #[must_use]
    pub fn is_write(&self) -> bool {
        self.purpose == Purpose::Api && !matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }
}

/// What a request was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The vendor's API.
    Api,
    /// Getting or renewing a token.
    Token,
}

/// How a provider is registered and configured.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The registration.
    pub registration: ProviderRegistration,
    /// A configuration that works.
    pub config: Value,
    /// What the provider is handed.
    pub context: BuildContext,
}

/// Another connection than the harness's first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Connection {
    /// The same account and credential, built anew, as by another process.
    Again,
    /// A credential that the vendor refuses.
    WrongCredential,
    /// A credential that may read tickets, and not everything else.
    FewerRights,
    /// Another account at the same vendor, holding the same company.
    OtherAccount,
    /// A token that the provider gets and renews by itself.
    RenewedToken,
}

impl Connection {
    /// Every one.
    pub const ALL: &'static [Self] =
        &[Self::Again, Self::WrongCredential, Self::FewerRights, Self::OtherAccount, Self::RenewedToken];
}

/// What somebody else does at the vendor's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interference {
    /// Enters a ticket; the answer is its id.
    CreateTicket {
        /// Its title.
        title: String,
    },
    /// Changes a ticket's title.
    SetTitle {
        /// The ticket.
        ticket: TicketId,
        /// The new title.
        title: String,
    },
    /// Deletes a ticket.
    DeleteTicket {
        /// The ticket.
        ticket: TicketId,
    },
    /// Takes the credential's access to a ticket away.
    HideTicket {
        /// The ticket.
        ticket: TicketId,
    },
    /// Says something on a ticket, for everybody to read; the answer is the comment's id.
    AddComment {
        /// The ticket.
        ticket: TicketId,
        /// What is said.
        body: String,
    },
    /// Gives a ticket a status that no mapping knows; the answer is its native id.
    SetUnknownStatus {
        /// The ticket.
        ticket: TicketId,
    },
    /// Gives a ticket a priority that no mapping knows; the answer is its native id.
    SetUnknownPriority {
        /// The ticket.
        ticket: TicketId,
    },
    /// Empties everything on a ticket that can be empty.
    EmptyTicket {
        /// The ticket.
        ticket: TicketId,
    },
    /// Changes a user's job title.
    SetUserTitle {
        /// The user.
        user: UserId,
        /// The new job title.
        title: String,
    },
    /// Deletes a user who has tickets.
    DeleteUser {
        /// The user.
        user: UserId,
    },
    /// Takes the credential's access to the tickets' descriptions away.
    HideDescriptions,
    /// Ends every access token that was given out.
    ExpireTokens,
}

/// How a vendor misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// Reads are answered with success, and an error in the body.
    ErrorWithSuccess,
    /// Lists are answered with success, some rows, and then an error.
    PartOfAList,
    /// A list holds a row that is no record.
    BrokenRow,
    /// Success, with a web page instead of data.
    WebPage,
    /// An answer that ends too early, as if it were whole.
    CutAnswer,
    /// A good credential is refused.
    Unauthorized,
    /// Too many requests; wait this many seconds.
    RateLimited {
        /// The wait it asks for, in seconds; `None`: it does not say.
        seconds: Option<u32>,
    },
    /// Too many requests; wait until a moment that has passed.
    RateLimitedUntilThePast,
    /// The server's own error.
    ServerError,
    /// The server is away.
    ServiceUnavailable,
    /// The connection breaks before the request was processed.
    LostRequest,
    /// The connection breaks in the middle of an answer.
    LostAnswer,
    /// A write happens, and the connection breaks before its answer.
    LostWriteAnswer,
    /// A new ticket is made, and answered with a refusal.
    RefusalAfterCreate,
    /// No answer for a very long time.
    Silence,
    /// Every answer is 10 MB large.
    HugeAnswers,
    /// Records carry keys that nobody has heard of.
    UnknownKeys,
    /// Empty values come as JSON's null.
    Nulls,
    /// Whole pages lose their rows to access rules.
    EmptyPages,
    /// Rows that sort alike come in another order each time.
    ShuffledTies,
    /// A part of the query is ignored, so that too many rows come.
    IgnoredQuery,
    /// The total is wrong.
    WrongTotal,
    /// The answers' links lead to another host.
    ForeignLinks,
    /// A redirect to another host.
    ForeignRedirect,
    /// The token endpoint refuses the refresh token.
    TokenRefused,
    /// The token endpoint fails.
    TokenServerError,
    /// The token endpoint answers with a web page.
    TokenWebPage,
    /// The token endpoint does not answer.
    TokenSilence,
}

impl Misbehaviour {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::ErrorWithSuccess,
        Self::PartOfAList,
        Self::BrokenRow,
        Self::WebPage,
        Self::CutAnswer,
        Self::Unauthorized,
        Self::RateLimited { seconds: Some(1) },
        Self::RateLimited { seconds: None },
        Self::RateLimitedUntilThePast,
        Self::ServerError,
        Self::ServiceUnavailable,
        Self::LostRequest,
        Self::LostAnswer,
        Self::LostWriteAnswer,
        Self::RefusalAfterCreate,
        Self::Silence,
        Self::HugeAnswers,
        Self::UnknownKeys,
        Self::Nulls,
        Self::EmptyPages,
        Self::ShuffledTies,
        Self::IgnoredQuery,
        Self::WrongTotal,
        Self::ForeignLinks,
        Self::ForeignRedirect,
        Self::TokenRefused,
        Self::TokenServerError,
        Self::TokenWebPage,
        Self::TokenSilence,
    ];
}

/// What has to be given along with a status.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatusNeeds {
    /// The reason, by id or name.
    pub reason: Option<String>,
    /// Catalogue fields.
    pub fields: BTreeMap<FieldId, FieldData>,
    /// True where somebody must have the ticket.
    pub assignee: bool,
}

impl StatusNeeds {
    /// True where nothing is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reason.is_none() && self.fields.is_empty() && !self.assignee
    }
}

/// A webhook delivery, and the one who should verify it.
#[derive(Debug)]
pub struct Delivered {
    /// The intake, new for this delivery.
    pub intake: Arc<dyn WebhookIntake>,
    /// The delivery as it came in.
    pub delivery: WebhookDelivery,
}

/// One place where the vendor cannot hold what the company says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// The canonical file: `tickets`, `users`, ….
    pub documents: &'static str,
    /// The record's key in the company; `*`: every one.
    pub record: &'static str,
    /// The key of the canonical document; `*`: the whole record is the vendor's own, and in no canonical file.
    pub key: &'static str,
    /// Why, citing the vendor.
    pub because: &'static str,
}
