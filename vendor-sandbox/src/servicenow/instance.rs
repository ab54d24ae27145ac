//! The emulated instance: everything between a request and its answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::future::BoxFuture;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::answer::{
    ApiError, ERROR_PAGE, HIBERNATING_PAGE, LOGIN_PAGE, Reply, empty, html, json_response, set_header,
};
use super::call::Call;
use super::cookies::{self, SessionQueues};
use super::credentials::Credentials;
use super::oauth;
use super::params::Params;
use super::properties;
use super::rate_limit::{RateLimiter, Verdict, Workers};
use super::routes;
use super::schema::Schema;
use super::session::Session;
use super::settings::Settings;
use super::table_faults::FAULTS;
use super::webhooks::Webhooks;
use super::world::World;
use crate::Vendor;
use crate::clock::VirtualClock;
use crate::emulator::{Admission, Emulator, StockAnswer, lock};
use crate::error::Result;
use crate::faults::{FaultSpec, Strikes};
use crate::random::stable_id;

/// Longer request targets get an HTML page (wire §1.6: a path of 23,000 characters does).
const MAX_TARGET: usize = 16 * 1024;

/// One emulated ServiceNow instance.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) settings: Settings,
    pub(crate) clock: VirtualClock,
    world: RwLock<World>,
    credentials: Mutex<Credentials>,
    limits: Mutex<RateLimiter>,
    pub(crate) webhooks: Webhooks,
    workers: Workers,
    queues: Arc<SessionQueues>,
    serial: AtomicU64,
}

impl Instance {
    pub(crate) fn new(settings: Settings) -> Result<Self> {
        let world = settings.world()?;
        Ok(Self {
            clock: VirtualClock::new(settings.start),
            world: RwLock::new(world),
            credentials: Mutex::new(Credentials::new(&settings.logins, settings.seed)),
            limits: Mutex::default(),
            webhooks: Webhooks::default(),
            workers: Workers::new(settings.threads, settings.queue),
            queues: Arc::default(),
            serial: AtomicU64::new(0),
            settings,
        })
    }

    /// Looks at the data.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the data, and tells the webhooks about it.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let (result, events) = {
            let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
            let result = change(&mut world);
            (result, std::mem::take(&mut world.events))
        };
        self.webhooks.report(events, self.clock.now().timestamp());
        result
    }

    /// Changes logins and tokens.
    pub(crate) fn credentials<T>(&self, change: impl FnOnce(&mut Credentials) -> T) -> T {
        change(&mut lock(&self.credentials))
    }

    /// A name that no other caller gets.
    pub(crate) fn unique_name(&self) -> String {
        static NAMES: AtomicU64 = AtomicU64::new(0);
        NAMES.fetch_add(1, Ordering::Relaxed).to_string()
    }

    fn call<'a>(
        &self,
        method: Method,
        path: &str,
        query: &str,
        headers: &'a HeaderMap,
        session: Session,
        strikes: &'a Strikes,
    ) -> Call<'a> {
        let segments = path
            .strip_prefix("/api/")
            .unwrap_or_default()
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        // D: c_RESTAPI: the header overrides the method.
        let method = headers
            .get("x-http-method-override")
            .and_then(|method| Method::from_bytes(method.as_bytes()).ok())
            .unwrap_or(method);
        Call {
            method,
            segments,
            path: path.to_owned(),
            params: self.read(|world| routes::expand_tiny(world, Params::parse(query))),
            headers,
            body: Bytes::new(),
            session,
            strikes,
            now: self.clock.now(),
            seed: self.settings.seed,
            serial: self.serial.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// A request inside a batch, on behalf of the outer caller.
    #[allow(clippy::too_many_arguments, reason = "the parts of a request")]
    pub(crate) fn inner_call<'a>(
        &self,
        outer: &Call<'_>,
        method: &Method,
        path: &str,
        query: &str,
        headers: &'a HeaderMap,
        body: Bytes,
        strikes: &'a Strikes,
    ) -> Call<'a> {
        let session = outer.session.clone();
        let mut call = self.call(method.clone(), path, query, headers, session, strikes);
        call.body = body;
        call
    }

    /// Answers a call whose body is at hand.
    pub(crate) fn dispatch(&self, call: &Call<'_>) -> Reply {
        routes::dispatch(self, call).unwrap_or_else(ApiError::into_response)
    }

    /// Whether a rate limit rule is for this call, and what it says.
    fn verdict(&self, call: &Call<'_>) -> Option<Verdict> {
        self.read(|world| {
            lock(&self.limits).count(
                &world.store,
                &call.session,
                &call.method,
                &call.path,
                call.now,
                self.settings.rate_limit_flush_seconds,
            )
        })
    }

    /// The body, unless it is larger than `glide.rest.max_content_length` (wire §1.6).
    async fn body(&self, headers: &HeaderMap, body: Body) -> std::result::Result<Bytes, ApiError> {
        let megabytes = self.read(|world| properties::number(&world.store, "glide.rest.max_content_length", 10));
        let limit = usize::try_from(megabytes.saturating_mul(1024 * 1024)).unwrap_or(usize::MAX);
        let rejected = |length: u64| {
            ApiError::bad_request(
                "Exception while reading request",
                Some(format!(
                    "Rejected large REST payload with content-length = {length} bytes. Max allowed: {limit} bytes."
                )),
            )
        };
        let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        if let Some(length) = declared.filter(|length| *length > limit as u64) {
            return Err(rejected(length));
        }
        axum::body::to_bytes(body, limit).await.map_err(|_| rejected(limit as u64 + 1))
    }

    async fn answer(&self, request: Request<Body>, strikes: Strikes) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let headers = parts.headers;
        if path.len() + query.len() > MAX_TARGET {
            return html(StatusCode::URI_TOO_LONG, ERROR_PAGE).map(Body::from);
        }
        if path.starts_with("/oauth_") {
            return self.oauth(&path, &query, &headers, body, &strikes).await.map(Body::from);
        }
        if !path.starts_with("/api/") {
            // Record pages and everything else of the user interface.
            return html(StatusCode::OK, LOGIN_PAGE).map(Body::from);
        }
        if let Some(reply) = instead(&strikes) {
            return reply.map(Body::from);
        }
        let Some(session) = self.session(&headers, &query) else {
            return ApiError::not_authenticated().into_response().map(Body::from);
        };
        let is_head = parts.method == Method::HEAD;
        let method = if is_head { Method::GET } else { parts.method };
        let mut call = self.call(method, &path, &query, &headers, session, &strikes);
        let verdict = self.verdict(&call);
        if let Some(verdict) = &verdict
            && let Some(seconds) = verdict.refused
        {
            return verdict.refusal(seconds).map(Body::from);
        }
        let mut response = match routes::streamed(self, &call) {
            Some(routes::Streamed::Download(id)) => {
                let found = self.read(|world| super::attachment_api::download(&call, world, &id));
                match found {
                    Ok(response) => response,
                    Err(error) => error.into_response().map(Body::from),
                }
            }
            Some(routes::Streamed::Upload { multipart }) => super::attachment_api::upload(self, &call, body, multipart)
                .await
                .unwrap_or_else(ApiError::into_response)
                .map(Body::from),
            None => match self.body(&headers, body).await {
                Ok(bytes) => {
                    call.body = bytes;
                    self.dispatch(&call).map(Body::from)
                }
                Err(error) => error.into_response().map(Body::from),
            },
        };
        self.decorate(&mut response, &call, verdict.as_ref());
        if is_head {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// The headers of every answer to a logged-in caller (wire §1.5).
    fn decorate(&self, response: &mut Response<Body>, call: &Call<'_>, verdict: Option<&Verdict>) {
        let mut marks = Reply::new(Bytes::new());
        set_header(&mut marks, "x-is-logged-in", "true");
        let transaction = &stable_id("transaction", &format!("{}:{}", call.seed, call.serial))[..12];
        set_header(&mut marks, "x-transaction-id", transaction);
        if let Some(verdict) = verdict {
            verdict.mark(&mut marks);
        }
        let has_session = cookies::session_id(call.headers)
            .is_some_and(|id| self.credentials(|all| all.sessions.user_of(id).is_some()));
        if !has_session {
            let id = self.credentials(|all| all.sessions.open(&call.session.user_name));
            cookies::set(&mut marks, &id);
        }
        response.headers_mut().extend(marks.into_parts().0.headers);
    }

    fn session(&self, headers: &HeaderMap, query: &str) -> Option<Session> {
        let now = self.clock.now();
        let params = Params::parse(query);
        let user = self.credentials(|all| all.identify(headers, &params, now))?;
        self.read(|world| Session::open(&world.store, &user))
    }

    async fn oauth(&self, path: &str, query: &str, headers: &HeaderMap, body: Body, strikes: &Strikes) -> Reply {
        if let Some(hang) = strikes.get("token_hang") {
            tokio::time::sleep(Duration::from_millis(hang.number(600_000))).await;
        }
        if strikes.has("token_500") {
            return html(StatusCode::INTERNAL_SERVER_ERROR, ERROR_PAGE);
        }
        if strikes.has("token_html") {
            return html(StatusCode::OK, LOGIN_PAGE);
        }
        if strikes.has("token_401") {
            return oauth::denied();
        }
        if strikes.has("token_400") {
            let body = br#"{"error_description":"invalid grant","error":"invalid_grant"}"#;
            return json_response(StatusCode::BAD_REQUEST, body.to_vec());
        }
        let bytes = match self.body(headers, body).await {
            Ok(bytes) => bytes,
            Err(error) => return error.into_response(),
        };
        let params = Params::parse(query);
        let now = self.clock.now();
        self.read(|world| {
            self.credentials(|credentials| {
                let mut endpoint = oauth::Endpoint { world, credentials, now };
                match path {
                    "/oauth_auth.do" => endpoint.authorize(headers, &params, strikes.has("oauth_denied")),
                    "/oauth_token.do" => endpoint.token(headers, &params, &bytes),
                    "/oauth_revoke_token.do" => {
                        let form = Params::parse(&String::from_utf8_lossy(&bytes));
                        let source = if params.get("token").is_some() { &params } else { &form };
                        endpoint.revoke(source)
                    }
                    _ => html(StatusCode::NOT_FOUND, ERROR_PAGE),
                }
            })
        })
    }
}

/// Faults that answer in place of the API, before it has seen the request.
fn instead(strikes: &Strikes) -> Option<Reply> {
    if strikes.has("hibernating_200") {
        return Some(html(StatusCode::OK, HIBERNATING_PAGE));
    }
    if strikes.has("login_page_200") {
        return Some(html(StatusCode::OK, LOGIN_PAGE));
    }
    if strikes.has("accepted_202") {
        return Some(empty(StatusCode::ACCEPTED));
    }
    strikes.has("error_with_200").then(|| {
        let error = ApiError::new(
            StatusCode::OK,
            "Transaction cancelled: maximum execution time exceeded",
            Some("Transaction cancelled: maximum execution time exceeded".to_owned()),
        );
        error.into_response()
    })
}

impl Emulator for Instance {
    fn vendor(&self) -> Vendor {
        Vendor::ServiceNow
    }

    fn seed(&self) -> u64 {
        self.settings.seed
    }

    fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    fn faults(&self) -> &'static [FaultSpec] {
        FAULTS
    }

    fn admit<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, std::result::Result<Admission, Box<Response<Body>>>> {
        Box::pin(async move {
            let known =
                cookies::session_id(headers).filter(|id| self.credentials(|all| all.sessions.user_of(id).is_some()));
            let turn = match known {
                Some(id) => match self.queues.enter(id).await {
                    Some(turn) => Some(turn),
                    // wire §1.6: dropped, not processed.
                    None => return Err(Box::new(empty(StatusCode::ACCEPTED).map(Body::from))),
                },
                None => None,
            };
            match self.workers.enter().await {
                Some(permit) => Ok(Box::new((turn, permit)) as Admission),
                None => {
                    let answer = self.stock_answer(StockAnswer::TooManyRequests(None));
                    Err(Box::new(answer))
                }
            }
        })
    }

    fn respond(&self, request: Request<Body>, strikes: Strikes) -> BoxFuture<'_, Response<Body>> {
        Box::pin(self.answer(request, strikes))
    }

    fn stock_answer(&self, answer: StockAnswer) -> Response<Body> {
        let reply = match answer {
            StockAnswer::ServerError(status) => html(StockAnswer::server_error(status), ERROR_PAGE),
            StockAnswer::Unauthorized => ApiError::not_authenticated().into_response(),
            // wire §6.1: X-RateLimit-Reset is a moment of the node's clock, which may differ (§7), and a node
            // enforces its counts late: the moment can have passed. Retry-After is never negative.
            StockAnswer::TooManyRequests(Some(seconds)) => {
                let now = self.clock.now().timestamp();
                let wait = StockAnswer::wait(seconds);
                let verdict = Verdict {
                    rule: stable_id("sys_rate_limit_rules", "fault"),
                    limit: 100,
                    reset: now.saturating_add(seconds),
                    refused: Some(wait),
                    api: "Table API",
                };
                verdict.refusal(wait)
            }
            // wire §1.6: without X-RateLimit headers it is the semaphore. The text is U.
            StockAnswer::TooManyRequests(None) => {
                ApiError::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests", None).into_response()
            }
        };
        reply.map(Body::from)
    }

    fn catch_up(&self) -> u64 {
        let now = self.clock.now();
        let due = self.read(|world| world.replay.as_ref().is_some_and(|replay| replay.is_due(now)));
        if !due {
            return 0;
        }
        self.write(|world| super::event_log::catch_up(world, now))
    }

    fn counts(&self) -> BTreeMap<String, u64> {
        self.read(|world| {
            Schema::get()
                .tables()
                .iter()
                .filter(|table| !world.absent_tables.contains(&table.name()))
                .map(|table| (table.name().to_owned(), world.store.count(table.id) as u64))
                .collect()
        })
    }

    fn reset(&self) -> Result<()> {
        let fresh = self.settings.world()?;
        self.write(|world| *world = fresh);
        self.credentials(|all| *all = Credentials::new(&self.settings.logins, self.settings.seed));
        *lock(&self.limits) = RateLimiter::default();
        self.webhooks.clear();
        self.serial.store(0, Ordering::Relaxed);
        self.clock.rewind(self.settings.start);
        Ok(())
    }
}
