//! The endpoints, one function each: they say how safe a request is to repeat, and hand back the answer unread
//! (`wire/jira-zendesk.md` part B). Ids are numbers that were checked before.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use ticketing_core::request::AttachmentContent;
use ticketing_core::{Clock, Delivery, Error, ErrorKind, Result};
use ticketing_http::http::header::ACCEPT;
use ticketing_http::http::{HeaderMap, HeaderName, HeaderValue};
use ticketing_http::{Body, HttpClient, Idempotency, Request, Response};

use crate::judge::SomebodyJudge;

/// What is side-loaded with tickets, so that names cost no request of their own (§B2).
const SIDELOADS: &str = "users,groups,organizations,metric_sets";

/// The endpoints of one account.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: HttpClient,
    clock: Arc<dyn Clock>,
    /// The account's clock, as its last answer said.
    heard: Arc<Mutex<Option<Heard>>>,
}

/// What the account's clock said, and ours at that moment.
#[derive(Debug, Clone, Copy)]
struct Heard {
    date: DateTime<Utc>,
    at: DateTime<Utc>,
}

/// How long that is believed: ours may be put right.
const HEARD_LIFE: TimeDelta = TimeDelta::minutes(10);

/// A stretch of a cursor listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a> {
    pub(crate) size: u32,
    pub(crate) after: Option<&'a str>,
}

impl<'a> Window<'a> {
    pub(crate) fn new(size: u32, after: Option<&'a str>) -> Self {
        Self { size, after }
    }

    fn on(self, request: Request) -> Request {
        // Without `page[size]`, the account pages by offset, which ends at 10,000 records (§B2).
        let request = request.with_query("page[size]", &self.size.to_string());
        match self.after {
            Some(after) => request.with_query("page[after]", after),
            None => request,
        }
    }
}

/// Where an export is read from: its beginning, in seconds since 1970, or a cursor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum From<'a> {
    Start(i64),
    Cursor(&'a str),
}

impl From<'_> {
    fn on(self, request: Request) -> Request {
        match self {
            Self::Start(at) => request.with_query("start_time", &at.to_string()),
            Self::Cursor(cursor) => request.with_query("cursor", cursor),
        }
    }
}

fn joined(ids: &[i64]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl Api {
    pub(crate) fn new(client: HttpClient, clock: Arc<dyn Clock>) -> Self {
        Self { client, clock, heard: Arc::default() }
    }

    /// The account's own time: what changed lately is told by its clock, and ours may be another. Where it cannot be had, ours
    /// has to do.
    pub(crate) async fn now(&self) -> Result<DateTime<Utc>> {
        let now = self.clock.now();
        if let Some(then) = self.heard(now) {
            return Ok(then);
        }
        match self.me().await {
            Err(error) if error.kind() == ErrorKind::Unauthenticated => Err(error),
            _ => Ok(self.heard(self.clock.now()).unwrap_or(now)),
        }
    }

    fn heard(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let heard = (*self.heard.lock().unwrap_or_else(PoisonError::into_inner))?;
        let since = now - heard.at;
        (TimeDelta::zero() <= since && since < HEARD_LIFE).then(|| heard.date + since)
    }

    fn note_time(&self, response: &Response) {
        if let Some(date) = response.date() {
            let heard = Heard { date, at: self.clock.now() };
            *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
        }
    }

    /// The headers that every request carries.
    pub(crate) fn headers() -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))])
    }

    /// `https://acme.zendesk.com`, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.client.address().as_str()
    }

    pub(crate) fn client(&self) -> &HttpClient {
        &self.client
    }

    async fn read(&self, request: Request) -> Result<Response> {
        let response = self.client.send(&request).await?;
        self.note_time(&response);
        Ok(response)
    }

    /// A write. What the account ignored of it is named in a header (§B3.1), and is an error that says so.
    async fn write(&self, request: Request) -> Result<Response> {
        let response = self.client.send(&request).await?;
        self.note_time(&response);
        match response.header("x-zendesk-api-warn").map(str::trim).filter(|warning| !warning.is_empty()) {
            None => Ok(response),
            Some(warning) => {
                let shown: String = warning.chars().take(300).collect();
                // Whoever made a ticket has to find it again.
                let written = response.json::<serde_json::Value>().ok();
                let ticket = written.as_ref().and_then(|written| written["ticket"]["id"].as_i64());
                let applied =
                    ticket.map_or_else(|| "everything else".to_owned(), |id| format!("ticket {id}, the rest"));
                Err(Error::new(ErrorKind::Conflict, format!("the account ignored a part of the change: {shown}"))
                    .with_code("x-zendesk-api-warn")
                    .with_delivery(Delivery::Answered)
                    .with_applied([applied])
                    .with_hint("leave out what it names, or give the credential the right to set it"))
            }
        }
    }

    /// `GET /tickets`: those that are not archived (§B3.1).
    pub(crate) async fn tickets(&self, sort: &str, window: Window<'_>) -> Result<Response> {
        let request = Request::get("/api/v2/tickets").with_query("sort", sort).with_query("include", SIDELOADS);
        self.read(window.on(request).with_cost("tickets-index", 1.0)).await
    }

    /// `GET /tickets?external_id=`.
    pub(crate) async fn tickets_by_external_id(&self, id: &str, window: Window<'_>) -> Result<Response> {
        let request = Request::get("/api/v2/tickets").with_query("external_id", id).with_query("include", SIDELOADS);
        self.read(window.on(request).with_cost("tickets-index", 1.0)).await
    }

    /// `GET /tickets/{id}`.
    pub(crate) async fn ticket(&self, id: i64) -> Result<Response> {
        self.read(Request::get(format!("/api/v2/tickets/{id}")).with_query("include", SIDELOADS)).await
    }

    /// `GET /tickets/show_many`: at most a hundred; those that are not there are left out (§B3.1).
    pub(crate) async fn tickets_by_id(&self, ids: &[i64]) -> Result<Response> {
        let request = Request::get("/api/v2/tickets/show_many").with_query("ids", &joined(ids));
        self.read(request.with_query("include", SIDELOADS)).await
    }

    /// `GET /tickets/count`.
    pub(crate) async fn ticket_count(&self) -> Result<Response> {
        self.read(Request::get("/api/v2/tickets/count")).await
    }

    /// `GET /search/export`: by creation, without a bound of a thousand (§B5).
    pub(crate) async fn search(&self, query: &str, window: Window<'_>) -> Result<Response> {
        let request = Request::get("/api/v2/search/export").with_query("query", query);
        self.read(window.on(request.with_query("filter[type]", "ticket")).with_cost("search-export", 1.0)).await
    }

    /// `GET /search/count`.
    pub(crate) async fn search_count(&self, query: &str) -> Result<Response> {
        let query = format!("type:ticket {query}");
        let request = Request::get("/api/v2/search/count").with_query("query", query.trim());
        self.read(request.with_cost("search-index", 1.0)).await
    }

    /// `POST /tickets`. With a key, twice is once for two hours (§B8).
    pub(crate) async fn create_ticket(&self, ticket: &Value, key: Option<&str>) -> Result<Response> {
        let request = Request::post("/api/v2/tickets").with_json(&json!({ "ticket": ticket }))?;
        let request = match key {
            None => request,
            Some(key) => {
                let value = HeaderValue::from_str(key)
                    .map_err(|_| Error::invalid("idempotency_key", "it cannot stand in a header"))?;
                request
                    .with_header(HeaderName::from_static("idempotency-key"), value)
                    .with_idempotency(Idempotency::Keyed)
            }
        };
        self.write(request).await
    }

    /// `PUT /tickets/{id}`: what is named is set, the rest stays. Never without the wrapper, which would change nothing and
    /// answer 200 (§B3.1).
    pub(crate) async fn update_ticket(&self, id: i64, ticket: &Value, idempotency: Idempotency) -> Result<Response> {
        let request = Request::put(format!("/api/v2/tickets/{id}"))
            .with_json(&json!({ "ticket": ticket }))?
            .with_idempotency(idempotency)
            .with_cost("tickets-update", 1.0);
        self.write(request).await
    }

    /// `DELETE /tickets/{id}`. Twice is the same as once, and the second time answers 404.
    pub(crate) async fn delete_ticket(&self, id: i64) -> Result<()> {
        let request = Request::delete(format!("/api/v2/tickets/{id}")).with_idempotency(Idempotency::Idempotent);
        self.write(request.with_cost("tickets-delete", 1.0)).await.map(drop)
    }

    /// `PUT /tickets/{id}/tags` adds, `DELETE` takes away: neither touches the others (§B3.1).
    pub(crate) async fn change_tags(&self, id: i64, tags: &[String], add: bool) -> Result<Response> {
        let path = format!("/api/v2/tickets/{id}/tags");
        let request = if add { Request::put(path) } else { Request::delete(path) };
        self.write(request.with_json(&json!({ "tags": tags }))?.with_idempotency(Idempotency::Idempotent)).await
    }

    /// `GET /tickets/{id}/comments`, oldest first, or newest.
    pub(crate) async fn comments(&self, id: i64, newest: bool, window: Window<'_>) -> Result<Response> {
        let sort = if newest { "-created_at" } else { "created_at" };
        let request = Request::get(format!("/api/v2/tickets/{id}/comments"))
            .with_query("sort", sort)
            .with_query("include", "users")
            .with_query("include_inline_images", "true");
        self.read(window.on(request)).await
    }

    /// `GET /tickets/{id}/audits`, oldest first.
    pub(crate) async fn audits(&self, id: i64, window: Window<'_>) -> Result<Response> {
        let request = Request::get(format!("/api/v2/tickets/{id}/audits")).with_query("include", "users,groups");
        self.read(window.on(request)).await
    }

    /// `GET /tickets/{id}/incidents`: those that a problem has.
    pub(crate) async fn incidents(&self, id: i64, window: Window<'_>) -> Result<Response> {
        self.read(window.on(Request::get(format!("/api/v2/tickets/{id}/incidents")))).await
    }

    /// `GET /incremental/tickets/cursor` (§B6).
    pub(crate) async fn export_tickets(&self, from: From<'_>, size: u32) -> Result<Response> {
        let request = Request::get("/api/v2/incremental/tickets/cursor")
            .with_query("per_page", &size.to_string())
            .with_query("include", SIDELOADS);
        self.read(from.on(request).with_cost("incremental-exports-cursor", 1.0)).await
    }

    /// `GET /incremental/users/cursor` (§B6).
    pub(crate) async fn export_users(&self, from: From<'_>, size: u32) -> Result<Response> {
        let request = Request::get("/api/v2/incremental/users/cursor").with_query("per_page", &size.to_string());
        self.read(from.on(request).with_cost("incremental-exports-cursor", 1.0)).await
    }

    /// `GET /incremental/organizations`, by time: its pages overlap (§B6).
    pub(crate) async fn export_organizations(&self, start: i64, size: u32) -> Result<Response> {
        let request = Request::get("/api/v2/incremental/organizations")
            .with_query("start_time", &start.to_string())
            .with_query("per_page", &size.to_string());
        self.read(request.with_cost("incremental-exports", 1.0)).await
    }

    /// `GET /users` of these roles.
    pub(crate) async fn users(&self, roles: &[&str], window: Window<'_>) -> Result<Response> {
        let mut request = Request::get("/api/v2/users");
        for role in roles {
            request = request.with_query("role[]", role);
        }
        self.read(window.on(request)).await
    }

    /// `GET /users/show_many`: at most a hundred; those that are not there are left out (§B7).
    pub(crate) async fn users_by_id(&self, ids: &[i64]) -> Result<Response> {
        self.read(Request::get("/api/v2/users/show_many").with_query("ids", &joined(ids))).await
    }

    /// `GET /organizations/show_many`, likewise.
    pub(crate) async fn organizations_by_id(&self, ids: &[i64]) -> Result<Response> {
        self.read(Request::get("/api/v2/organizations/show_many").with_query("ids", &joined(ids))).await
    }

    /// `GET /users/{id}`.
    pub(crate) async fn user(&self, id: i64) -> Result<Response> {
        self.read(Request::get(format!("/api/v2/users/{id}"))).await
    }

    /// `GET /users/me`, which answers 200 to everybody (§B1.3).
    pub(crate) async fn me(&self) -> Result<Response> {
        let response = self.client.with_judge(Arc::new(SomebodyJudge)).send(&Request::get("/api/v2/users/me")).await?;
        self.note_time(&response);
        Ok(response)
    }

    /// `GET /users/search`, by query or external id.
    pub(crate) async fn find_users(&self, by: &str, value: &str) -> Result<Response> {
        self.read(Request::get("/api/v2/users/search").with_query(by, value).with_query("per_page", "100")).await
    }

    /// `GET /groups`; deleted ones stay listed unless left out (§B7).
    pub(crate) async fn groups(&self, window: Window<'_>) -> Result<Response> {
        self.read(window.on(Request::get("/api/v2/groups").with_query("exclude_deleted", "false"))).await
    }

    /// `GET /groups/{id}`.
    pub(crate) async fn group(&self, id: i64) -> Result<Response> {
        self.read(Request::get(format!("/api/v2/groups/{id}"))).await
    }

    /// `GET /groups/{id}/users`.
    pub(crate) async fn members(&self, id: i64, window: Window<'_>) -> Result<Response> {
        self.read(window.on(Request::get(format!("/api/v2/groups/{id}/users")))).await
    }

    /// `GET /organizations`.
    pub(crate) async fn organizations(&self, window: Window<'_>) -> Result<Response> {
        self.read(window.on(Request::get("/api/v2/organizations"))).await
    }

    /// `GET /organizations/{id}`.
    pub(crate) async fn organization(&self, id: i64) -> Result<Response> {
        self.read(Request::get(format!("/api/v2/organizations/{id}"))).await
    }

    /// `GET /organizations/search?name=`: by the exact name.
    pub(crate) async fn find_organizations(&self, name: &str) -> Result<Response> {
        self.read(Request::get("/api/v2/organizations/search").with_query("name", name)).await
    }

    /// `GET /brands`.
    pub(crate) async fn brands(&self, window: Window<'_>) -> Result<Response> {
        self.read(window.on(Request::get("/api/v2/brands"))).await
    }

    /// `GET /ticket_fields`.
    pub(crate) async fn fields(&self, window: Window<'_>) -> Result<Response> {
        self.read(window.on(Request::get("/api/v2/ticket_fields"))).await
    }

    /// `GET /ticket_forms`.
    pub(crate) async fn forms(&self) -> Result<Response> {
        self.read(Request::get("/api/v2/ticket_forms")).await
    }

    /// `GET /custom_statuses`, which has no pages (§B2).
    pub(crate) async fn statuses(&self) -> Result<Response> {
        self.read(Request::get("/api/v2/custom_statuses")).await
    }

    /// `GET /tags`.
    pub(crate) async fn tags(&self, window: Window<'_>) -> Result<Response> {
        self.read(window.on(Request::get("/api/v2/tags"))).await
    }

    /// `POST /uploads`: raw bytes, to be put on a comment within the hour (§B3.4). A second time is a second file, which
    /// nobody sees and which goes by itself.
    pub(crate) async fn upload(
        &self,
        file_name: &str,
        content_type: HeaderValue,
        content: AttachmentContent,
    ) -> Result<Response> {
        let request = Request::post("/api/v2/uploads")
            .with_query("filename", file_name)
            .with_body(content_type, Body::Stream(content))
            .with_idempotency(Idempotency::Idempotent);
        self.write(request).await
    }
}
