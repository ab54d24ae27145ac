//! The emulated site: everything between a request and its answer.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use axum::body::{Body, Bytes};
use chrono_tz::Tz;
use futures::future::BoxFuture;
use http::header::HOST;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::answer::{ApiError, ERROR_PAGE, LOGIN_PAGE, Reply, empty, html, ok, set_header};
use super::call::{Call, Caller};
use super::credentials::{Credentials, Presented};
use super::faults::FAULTS;
use super::paging::Walks;
use super::rate_limit::{self, RateLimiter, Refusal, Seen, shown_limit};
use super::seed_company::uuid;
use super::settings::{Flavour, OtherSite, Settings, SiteSettings};
use super::shown::Shown;
use super::world::World;
use super::{attachment_api, oauth, routes};
use crate::Vendor;
use crate::clock::VirtualClock;
use crate::emulator::{Admission, Emulator, StockAnswer, lock};
use crate::error::Result;
use crate::faults::{FaultSpec, Strikes};
use crate::params::{Params, encode};
use crate::random::stable_id;
use crate::serve::Scheme;

/// Bytes of a request body, uploads apart.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// One emulated Jira site.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) settings: Settings,
    pub(crate) clock: VirtualClock,
    world: RwLock<World>,
    credentials: Mutex<Credentials>,
    limits: Mutex<RateLimiter>,
    site_settings: Mutex<SiteSettings>,
    shown: Mutex<Shown>,
}

/// The parts of an address that decide how a request is understood.
#[derive(Debug)]
struct Address {
    /// `http://127.0.0.1:4010`.
    origin: String,
    /// Below the gateway's `/ex/jira/{cloudId}`.
    gateway: bool,
    path: String,
}

impl Site {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            clock: VirtualClock::new(settings.start),
            world: RwLock::new(settings.world()),
            credentials: Mutex::new(Credentials::new(&settings.passwords, settings.seed)),
            limits: Mutex::default(),
            shown: Mutex::default(),
            site_settings: Mutex::new(settings.site.clone()),
            settings,
        }
    }

    /// Looks at the data.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the data.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world.write().unwrap_or_else(PoisonError::into_inner);
        self.shown(Shown::forget);
        change(&mut world)
    }

    /// Notes where a search is, which changes nothing that anybody sees.
    pub(crate) fn walk<T>(&self, open: impl FnOnce(&mut Walks) -> T) -> T {
        open(&mut self.world.write().unwrap_or_else(PoisonError::into_inner).walks)
    }

    /// Issues as they were shown last; for those who hold the data, so that it does not change meanwhile.
    pub(crate) fn shown<T>(&self, look: impl FnOnce(&mut Shown) -> T) -> T {
        look(&mut lock(&self.shown))
    }

    pub(crate) fn credentials<T>(&self, change: impl FnOnce(&mut Credentials) -> T) -> T {
        change(&mut lock(&self.credentials))
    }

    pub(crate) fn site_settings(&self) -> SiteSettings {
        lock(&self.site_settings).clone()
    }

    pub(crate) fn set_site_settings(&self, settings: SiteSettings) {
        *lock(&self.site_settings) = settings;
    }

    /// The id by which the gateway knows the site.
    pub(crate) fn cloud_id(&self) -> String {
        uuid("cloud", &self.settings.seed.to_string())
    }

    fn is_cloud(&self) -> bool {
        self.settings.flavour == Flavour::Cloud
    }

    async fn answer(&self, request: Request<Body>, strikes: Strikes) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let scheme = parts.extensions.get::<Scheme>().map_or("http", |scheme| scheme.0);
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.or(parts.uri.authority().map(http::uri::Authority::as_str)).unwrap_or("localhost");
        let origin = format!("{scheme}://{host}");
        let query = parts.uri.query().unwrap_or_default();
        let path = parts.uri.path();
        if path.starts_with(attachment_api::MEDIA) {
            return self.read(|world| attachment_api::media(world, path, query, &parts.headers, self.clock.now()));
        }
        if let Some(reply) = self.around(&parts.method, path, query, &parts.headers, &origin, &strikes).await {
            return reply.map(Body::from);
        }
        let bytes = match axum::body::to_bytes(body, self.body_limit(path)).await {
            Ok(bytes) => bytes,
            Err(_) => return attachment_api::too_large().into_response().map(Body::from),
        };
        if self.is_cloud() && path == "/oauth/token" {
            let now = self.clock.now();
            return self.credentials(|all| oauth::token(all, &parts.method, &bytes, now)).map(Body::from);
        }
        let address = match self.address(path, origin) {
            Ok(address) => address,
            Err(reply) => return (*reply).map(Body::from),
        };
        let is_head = parts.method == Method::HEAD;
        let method = if is_head { Method::GET } else { parts.method };
        let mut response = match self.call(method, &address, query, &parts.headers, bytes, &strikes) {
            Ok(call) => self.dispatch(&call),
            Err(reply) => (*reply).map(Body::from),
        };
        if is_head {
            *response.body_mut() = Body::empty();
        }
        response
    }

    fn body_limit(&self, path: &str) -> usize {
        let uploads = path.ends_with("/attachments") || path.ends_with("/attachTemporaryFile");
        let limit = usize::try_from(self.site_settings().upload_limit).unwrap_or(usize::MAX);
        // Room for the form around the file; the file itself is measured where it is stored.
        if uploads { limit.saturating_add(MAX_BODY) } else { MAX_BODY }
    }

    /// What is answered beside the API: other hosts of the vendor, login pages, outages.
    async fn around(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        origin: &str,
        strikes: &Strikes,
    ) -> Option<Reply> {
        let now = self.clock.now();
        if strikes.has("login_page_200") {
            return Some(html(StatusCode::OK, LOGIN_PAGE));
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
        if strikes.has("refresh_403") {
            return Some(oauth::invalid_refresh());
        }
        let is_cloud = self.is_cloud();
        match path {
            "/_edge/tenant_info" if is_cloud => Some(ok(&serde_json::json!({ "cloudId": self.cloud_id() }))),
            "/authorize" if is_cloud => {
                let params = Params::parse(query);
                Some(self.credentials(|all| oauth::authorize(all, &params, now, strikes.has("oauth_denied"))))
            }
            "/oauth/token/accessible-resources" if is_cloud => {
                let presented = self.read(|world| self.credentials(|all| all.identify(world, headers, now)));
                Some(match presented {
                    Presented::OAuth(_, scopes) => {
                        let (id, url, name) = (self.cloud_id(), origin.to_owned(), "sandbox".to_owned());
                        let mut sites = vec![OtherSite { id, url, name }];
                        sites.extend(self.site_settings().other_sites);
                        oauth::accessible_resources(&scopes, &sites)
                    }
                    _ => ApiError::gateway(StatusCode::UNAUTHORIZED, "Unauthorized").into_response(),
                })
            }
            "/oauth/token" if is_cloud => None,
            _ if path.starts_with("/rest/") || (is_cloud && path.starts_with("/ex/jira/")) => None,
            // wire A8: pages for people.
            "/" if *method == Method::GET => Some(html(StatusCode::OK, LOGIN_PAGE)),
            _ if path.starts_with("/browse/") => Some(html(StatusCode::OK, LOGIN_PAGE)),
            _ if *method == Method::GET => Some(html(StatusCode::NOT_FOUND, LOGIN_PAGE)),
            _ => Some(html(StatusCode::NOT_FOUND, ERROR_PAGE)),
        }
    }

    fn address(&self, path: &str, origin: String) -> std::result::Result<Address, Box<Reply>> {
        let Some(rest) = path.strip_prefix("/ex/jira/") else {
            return Ok(Address { origin, gateway: false, path: path.to_owned() });
        };
        let (cloud_id, rest) = rest.split_once('/').unwrap_or((rest, ""));
        if cloud_id != self.cloud_id() {
            return Err(refuse(ApiError::gateway(StatusCode::NOT_FOUND, "Not Found")));
        }
        Ok(Address { origin, gateway: true, path: format!("/{rest}") })
    }

    /// Who asks; a refusal where the vendor refuses before it looks at the request.
    fn caller(
        &self,
        address: &Address,
        headers: &HeaderMap,
        strikes: &Strikes,
    ) -> std::result::Result<Caller, Box<Reply>> {
        if strikes.has("anonymous_200") {
            return Ok(Caller::default());
        }
        let now = self.clock.now();
        let presented = self.read(|world| self.credentials(|all| all.identify(world, headers, now)));
        let named = |account: &str, scopes| {
            let user = self.read(|world| world.user(account).filter(|user| user.active).cloned());
            Caller { user, scopes }
        };
        let unauthorized = || Err(refuse(ApiError::gateway(StatusCode::UNAUTHORIZED, "Unauthorized")));
        match (presented, self.settings.flavour, address.gateway) {
            (Presented::OAuth(account, scopes), Flavour::Cloud, true) => Ok(named(&account, Some(scopes))),
            // wire A2.1: scoped tokens go through the gateway as Basic.
            (Presented::Basic(account), _, _) | (Presented::Personal(account), Flavour::DataCenter, _) => {
                Ok(named(&account, None))
            }
            (_, Flavour::Cloud, true) => unauthorized(),
            (Presented::Nothing, _, _) => Ok(Caller::default()),
            // wire A2.2: a 3LO token sent to the site host is a 401.
            (_, Flavour::Cloud, false) => Err(refuse(ApiError::not_authenticated())),
            // wire A2.3: a bad bearer yields 200 as anonymous.
            (Presented::BadBearer | Presented::OAuth(..), Flavour::DataCenter, _) => Ok(Caller::default()),
            (_, Flavour::DataCenter, _) => {
                let mut reply = ApiError::not_authenticated().into_response();
                set_header(&mut reply, "x-seraph-loginreason", "AUTHENTICATED_FAILED");
                set_header(&mut reply, "www-authenticate", "OAuth realm=\"sandbox\"");
                Err(Box::new(reply))
            }
        }
    }

    fn call<'a>(
        &self,
        method: Method,
        address: &Address,
        query: &str,
        headers: &'a HeaderMap,
        body: Bytes,
        strikes: &'a Strikes,
    ) -> std::result::Result<Call<'a>, Box<Reply>> {
        let now = self.clock.now();
        let caller = self.caller(address, headers, strikes)?;
        let segments: Vec<String> = address
            .path
            .trim_start_matches("/rest/")
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        if let Some(scopes) = &caller.scopes {
            oauth::check_scope(scopes, &method, &segments).map_err(refuse)?;
        }
        let settings = self.site_settings();
        let seen = Seen { method: &method, segments: &segments, by_oauth: caller.scopes.is_some(), now };
        if let Some(refusal) = lock(&self.limits).count(&settings, &seen).or_else(|| struck(strikes)) {
            return Err(Box::new(refusal.answer(self.settings.flavour, now)));
        }
        let origin = match strikes.get("foreign_link_host") {
            Some(strike) => format!("https://{}", strike.text("attacker.example.net")),
            None => address.origin.clone(),
        };
        let zone: Tz = caller.user.as_ref().and_then(|user| user.zone).unwrap_or(self.settings.zone);
        Ok(Call {
            method,
            segments,
            resource: address.path.clone(),
            params: Params::parse(query),
            headers,
            body,
            caller,
            strikes,
            now,
            seed: self.settings.seed,
            flavour: self.settings.flavour,
            settings,
            base: if address.gateway { format!("{origin}/ex/jira/{}", self.cloud_id()) } else { origin.clone() },
            site: origin,
            home: address.origin.clone(),
            zone,
        })
    }

    fn dispatch(&self, call: &Call<'_>) -> Response<Body> {
        let refusal = if call.strikes.has("gone") {
            Some(super::search_api::removed(call))
        } else if call.strikes.has("conflict") {
            Some(ApiError::new(StatusCode::CONFLICT, "The issue is being edited by somebody else."))
        } else if call.strikes.has("not_visible") {
            Some(ApiError::no_issue())
        } else {
            None
        };
        let mut response = match refusal {
            Some(error) => error.into_response().map(Body::from),
            None => match routes::streamed(self, call) {
                Some(response) => response,
                None => routes::dispatch(self, call).unwrap_or_else(ApiError::into_response).map(Body::from),
            },
        };
        if call.strikes.has("created_but_500") {
            response = html(StatusCode::INTERNAL_SERVER_ERROR, ERROR_PAGE).map(Body::from);
        }
        self.decorate(&mut response, call);
        response
    }

    /// wire A1, A2.3, A9: the headers of every answer.
    fn decorate(&self, response: &mut Response<Body>, call: &Call<'_>) {
        let mut marks = Reply::new(Bytes::new());
        let request = &stable_id("request", &format!("{}:{}:{}", call.seed, call.resource, call.now))[..32];
        if call.is_cloud() {
            set_header(&mut marks, "atl-traceid", request);
            set_header(&mut marks, "x-arequestid", request);
            if let Some(account) = call.account() {
                set_header(&mut marks, "x-aaccountid", &encode(account));
            }
            let limits = lock(&self.limits);
            let limit = call.settings.burst.unwrap_or_else(|| shown_limit(&call.method, &call.segments));
            let left = limits.left(&call.settings, &call.method, &call.segments, call.now);
            set_header(&mut marks, "x-ratelimit-limit", &limit.to_string());
            set_header(&mut marks, "x-ratelimit-remaining", &left.to_string());
            // wire A9: less than a fifth is left.
            if left * 5 < limit || call.strikes.has("near_limit") {
                set_header(&mut marks, "x-ratelimit-nearlimit", "true");
            }
        } else {
            let name = call.caller.user.as_ref().map_or("anonymous", |user| user.name.as_str());
            set_header(&mut marks, "x-ausername", name);
            set_header(&mut marks, "x-anodeid", "node1");
            set_header(&mut marks, "x-arequestid", &request[..16]);
        }
        response.headers_mut().extend(marks.into_parts().0.headers);
    }

    /// wire A9: points for the objects that an answer returned.
    pub(crate) fn spend(&self, call: &Call<'_>, objects: usize) {
        if call.caller.scopes.is_some() {
            lock(&self.limits).add_points(u32::try_from(objects).unwrap_or(u32::MAX));
        }
    }
}

fn refuse(error: ApiError) -> Box<Reply> {
    Box::new(error.into_response())
}

/// Limits that a fault pretends.
fn struck(strikes: &Strikes) -> Option<Refusal> {
    for (name, reason, default, limit) in [
        ("rate_burst", "jira-burst-based", 1, 100),
        ("rate_quota", "jira-quota-tenant-based", 600, 65_000),
        ("rate_per_issue", "jira-per-issue-on-write", 2, 20),
    ] {
        if let Some(strike) = strikes.get(name) {
            return Some(Refusal { reason, retry_after: strike.number(default), limit });
        }
    }
    // wire A9: a Data Center whose quota is 0.
    let absurd = Refusal { reason: "jira-burst-based", retry_after: 9_223_372_036_854_775_807, limit: 0 };
    strikes.has("absurd_retry_after").then_some(absurd)
}

impl Emulator for Site {
    fn vendor(&self) -> Vendor {
        Vendor::Jira
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
            StockAnswer::Unauthorized => ApiError::not_authenticated().into_response(),
            StockAnswer::TooManyRequests(Some(seconds)) => {
                let retry_after = StockAnswer::wait(seconds);
                let refusal = Refusal { reason: "jira-burst-based", retry_after, limit: 100 };
                refusal.answer(self.settings.flavour, self.clock.now())
            }
            StockAnswer::TooManyRequests(None) => {
                let mut reply = empty(StatusCode::TOO_MANY_REQUESTS);
                *reply.body_mut() = Bytes::from(rate_limit::body().body().to_string());
                reply
            }
        };
        reply.map(Body::from)
    }

    fn catch_up(&self) -> u64 {
        0
    }

    fn counts(&self) -> BTreeMap<String, u64> {
        self.read(|world| {
            let comments = world.issues().map(|issue| issue.comments.len() as u64).sum();
            let attachments = world.issues().map(|issue| issue.attachments.len() as u64).sum();
            BTreeMap::from([
                ("issues".to_owned(), world.issue_count() as u64),
                ("comments".to_owned(), comments),
                ("attachments".to_owned(), attachments),
                ("links".to_owned(), world.links.len() as u64),
                ("users".to_owned(), world.users.len() as u64),
                ("groups".to_owned(), world.groups.len() as u64),
                ("projects".to_owned(), world.projects.len() as u64),
                ("organizations".to_owned(), world.organizations.len() as u64),
            ])
        })
    }

    fn reset(&self) -> Result<()> {
        let fresh = self.settings.world();
        self.write(|world| *world = fresh);
        self.credentials(|all| *all = Credentials::new(&self.settings.passwords, self.settings.seed));
        *lock(&self.limits) = RateLimiter::default();
        self.set_site_settings(self.settings.site.clone());
        self.clock.rewind(self.settings.start);
        Ok(())
    }
}
