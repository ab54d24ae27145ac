//! The emulated account: everything between a request and its answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::future::BoxFuture;
use http::header::HOST;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::answer::{ApiError, ERROR_PAGE, LOGIN_PAGE, Reply, html, set_header};
use super::call::Call;
use super::credentials::{Credentials, Presented};
use super::faults::FAULTS;
use super::rate_limit::{self, RateLimiter};
use super::settings::{AccountSettings, Settings};
use super::webhooks::Webhooks;
use super::world::World;
use super::{oauth, routes};
use crate::Vendor;
use crate::clock::VirtualClock;
use crate::emulator::{Admission, Emulator, StockAnswer, lock};
use crate::error::Result;
use crate::faults::{FaultSpec, Strikes};
use crate::params::Params;
use crate::random::stable_id;
use crate::serve::Scheme;

/// Bytes of a request body, uploads apart.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// One emulated Zendesk account.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) settings: Settings,
    pub(crate) clock: VirtualClock,
    world: RwLock<World>,
    credentials: Mutex<Credentials>,
    limits: Mutex<RateLimiter>,
    account_settings: Mutex<AccountSettings>,
    pub(crate) webhooks: Webhooks,
}

impl Account {
    pub(crate) fn new(settings: Settings) -> Self {
        let world = settings.world();
        Self {
            clock: VirtualClock::new(settings.start),
            credentials: Mutex::new(Credentials::new(&settings.passwords, settings.seed, &world)),
            world: RwLock::new(world),
            limits: Mutex::default(),
            account_settings: Mutex::new(settings.account.clone()),
            webhooks: Webhooks::default(),
            settings,
        }
    }

    /// Looks at the data.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the data, and tells the webhooks about it.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let (result, happened) = {
            let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
            let result = change(&mut world);
            (result, std::mem::take(&mut world.happened))
        };
        self.webhooks.report(happened, self.clock.now());
        result
    }

    pub(crate) fn credentials<T>(&self, change: impl FnOnce(&mut Credentials) -> T) -> T {
        change(&mut lock(&self.credentials))
    }

    pub(crate) fn account_settings(&self) -> AccountSettings {
        lock(&self.account_settings).clone()
    }

    pub(crate) fn set_account_settings(&self, settings: AccountSettings) {
        *lock(&self.account_settings) = settings;
    }

    async fn answer(&self, request: Request<Body>, strikes: Strikes) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let scheme = parts.extensions.get::<Scheme>().map_or("http", |scheme| scheme.0);
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.or(parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or("localhost");
        let origin = format!("{scheme}://{host}");
        let query = parts.uri.query().unwrap_or_default();
        let path = parts.uri.path();
        if let Some(reply) = self.around(&parts.method, path, query, &strikes).await {
            return reply.map(Body::from);
        }
        let limit = self.body_limit(path);
        let Ok(bytes) = axum::body::to_bytes(body, limit).await else {
            let error = ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", "Attachment too large");
            return error.into_response().map(Body::from);
        };
        if path == "/oauth/tokens" {
            let now = self.clock.now();
            return self
                .read(|world| self.credentials(|all| oauth::token(world, all, &parts.method, &bytes, now)))
                .map(Body::from);
        }
        let is_head = parts.method == Method::HEAD;
        let method = if is_head { Method::GET } else { parts.method };
        let mut response = self.call(method, path, query, origin, &parts.headers, bytes, &strikes);
        if is_head {
            *response.body_mut() = Body::empty();
        }
        response
    }

    fn body_limit(&self, path: &str) -> usize {
        if path.starts_with("/api/v2/uploads") {
            return usize::try_from(self.account_settings().upload_limit).unwrap_or(usize::MAX);
        }
        MAX_BODY
    }

    /// What is answered beside the API: pages for people, consent, outages.
    async fn around(&self, method: &Method, path: &str, query: &str, strikes: &Strikes) -> Option<Reply> {
        if strikes.has("login_page_200") {
            return Some(html(StatusCode::OK, LOGIN_PAGE));
        }
        if let Some(strike) = strikes.get("maintenance") {
            let mut reply = html(StatusCode::SERVICE_UNAVAILABLE, ERROR_PAGE);
            set_header(&mut reply, "retry-after", &strike.number(30).to_string());
            return Some(reply);
        }
        if let Some(hang) = strikes.get("token_hang") {
            tokio::time::sleep(Duration::from_millis(hang.number(600_000))).await;
        }
        if strikes.has("token_500") {
            return Some(html(StatusCode::INTERNAL_SERVER_ERROR, ERROR_PAGE));
        }
        if strikes.has("token_html") {
            return Some(html(StatusCode::OK, LOGIN_PAGE));
        }
        if strikes.has("refresh_400") {
            return Some(oauth::invalid_grant());
        }
        if path == "/oauth/authorizations/new" && *method == Method::GET {
            let (params, now) = (Params::parse(query), self.clock.now());
            let denied = strikes.has("oauth_denied");
            return Some(self.read(|world| self.credentials(|all| oauth::authorize(world, all, &params, now, denied))));
        }
        let known = path.starts_with("/api/") || path.starts_with("/attachments/") || path.starts_with("/zdn/");
        if known || path == "/oauth/tokens" {
            return None;
        }
        // The agents' interface and the help centre.
        let status = if path.starts_with("/agent") || path == "/" { StatusCode::OK } else { StatusCode::NOT_FOUND };
        Some(html(status, LOGIN_PAGE))
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a request")]
    fn call(
        &self,
        method: Method,
        path: &str,
        query: &str,
        origin: String,
        headers: &HeaderMap,
        body: Bytes,
        strikes: &Strikes,
    ) -> Response<Body> {
        let now = self.clock.now();
        let (presented, user) = self.read(|world| {
            let presented = self.credentials(|all| all.identify(world, headers, now));
            let user = match &presented {
                _ if strikes.has("anonymous_200") => None,
                Presented::ApiToken(id) | Presented::OAuth(id, _) => {
                    world.users.get(id).filter(|user| user.active && !user.suspended).cloned()
                }
                Presented::Nothing | Presented::Bad => None,
            };
            (presented, user)
        });
        let path_below = path.strip_prefix("/api/v2/").or(path.strip_prefix('/')).unwrap_or_default();
        let segments: Vec<String> = path_below
            .trim_end_matches('/')
            .trim_end_matches(".json")
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let base = match strikes.get("foreign_link_host") {
            Some(strike) => format!("https://{}", strike.text("attacker.example.net")),
            None => origin,
        };
        let call = Call {
            method,
            segments,
            path: path.to_owned(),
            params: Params::parse(query),
            headers,
            body,
            user,
            strikes,
            now,
            seed: self.settings.seed,
            settings: self.account_settings(),
            base,
        };
        if !path.starts_with("/api/") {
            return super::attachment_api::file(self, &call, path);
        }
        let page = call.params.get("page").and_then(|page| page.parse().ok()).unwrap_or(1);
        let by = call.user.as_ref().map(|user| user.id);
        let standings = lock(&self.limits).count(&call.settings, &call.method, &call.segments, page, by, now);
        if let Some(refusal) = rate_limit::refusal(&standings) {
            return refusal.map(Body::from);
        }
        let mut reply = self.dispatch(&call, &presented).unwrap_or_else(ApiError::into_response);
        if call.strikes.has("created_but_500") {
            reply = html(StatusCode::INTERNAL_SERVER_ERROR, ERROR_PAGE);
        }
        self.decorate(&mut reply, &call);
        // A limit that a fault pretends has said how much is left.
        if call.settings.limit_headers && reply.status() != StatusCode::TOO_MANY_REQUESTS {
            rate_limit::mark(&mut reply, &standings);
        }
        reply.map(Body::from)
    }

    fn dispatch(&self, call: &Call<'_>, presented: &Presented) -> std::result::Result<Reply, ApiError> {
        if let Some(strike) = call.strikes.get("rate_endpoint") {
            return Ok(rate_limit::endpoint_refusal(strike.number(5)));
        }
        if call.strikes.has("not_in_plan") {
            return Err(ApiError::invalid_endpoint());
        }
        if !call.path.starts_with("/api/v2/") {
            return Err(ApiError::invalid_endpoint());
        }
        if let Presented::OAuth(_, scopes) = presented
            && call.user.is_some()
        {
            oauth::check_scope(scopes, &call.method, &call.segments)?;
        }
        // wire B8: a write may meet a lock.
        if call.strikes.has("conflict") {
            return Err(ApiError::new(StatusCode::CONFLICT, "DatabaseConflict", "Database collision"));
        }
        routes::dispatch(self, call)
    }

    /// wire B1.1, S12: the headers of every answer.
    fn decorate(&self, reply: &mut Reply, call: &Call<'_>) {
        let request = &stable_id("request", &format!("{}:{}:{}", call.seed, call.path, call.now))[..16];
        set_header(reply, "x-zendesk-api-version", "v2");
        set_header(reply, "x-zendesk-zorg", "yes");
        set_header(reply, "x-request-id", &format!("{request}-SEA"));
        set_header(reply, "cache-control", "max-age=0, private, must-revalidate");
        if let Some(strike) = call.strikes.get("api_warn").filter(|_| reply.status().is_success()) {
            set_header(
                reply,
                "x-zendesk-api-warn",
                strike.text("Removed restricted keys [\"unknown\"] from parameters"),
            );
        }
    }
}

impl Emulator for Account {
    fn vendor(&self) -> Vendor {
        Vendor::Zendesk
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

    fn admit<'a>(&'a self, _: &'a HeaderMap) -> BoxFuture<'a, std::result::Result<Admission, Box<Response<Body>>>> {
        Box::pin(async { Ok(Box::new(()) as Admission) })
    }

    fn respond(&self, request: Request<Body>, strikes: Strikes) -> BoxFuture<'_, Response<Body>> {
        Box::pin(self.answer(request, strikes))
    }

    fn stock_answer(&self, answer: StockAnswer) -> Response<Body> {
        let reply = match answer {
            StockAnswer::ServerError(status) => html(StockAnswer::server_error(status), ERROR_PAGE),
            StockAnswer::Unauthorized => ApiError::unauthorized().into_response(),
            StockAnswer::TooManyRequests(seconds) => rate_limit::too_many_requests(seconds.map(StockAnswer::wait)),
        };
        reply.map(Body::from)
    }

    fn catch_up(&self) -> u64 {
        0
    }

    fn counts(&self) -> BTreeMap<String, u64> {
        self.read(|world| {
            let live = || world.tickets().filter(|ticket| ticket.deleted.is_none());
            let comments = live().map(|ticket| ticket.comments.len() as u64).sum();
            BTreeMap::from([
                ("tickets".to_owned(), live().count() as u64),
                ("deleted_tickets".to_owned(), world.tickets().count() as u64 - live().count() as u64),
                ("comments".to_owned(), comments),
                ("attachments".to_owned(), world.attachments.len() as u64),
                ("users".to_owned(), world.users.len() as u64),
                ("groups".to_owned(), world.groups.len() as u64),
                ("organizations".to_owned(), world.organizations.len() as u64),
            ])
        })
    }

    fn reset(&self) -> Result<()> {
        let fresh = self.settings.world();
        let credentials = Credentials::new(&self.settings.passwords, self.settings.seed, &fresh);
        self.write(|world| *world = fresh);
        self.credentials(|all| *all = credentials);
        *lock(&self.limits) = RateLimiter::default();
        self.webhooks.clear();
        self.set_account_settings(self.settings.account.clone());
        self.clock.rewind(self.settings.start);
        Ok(())
    }
}
