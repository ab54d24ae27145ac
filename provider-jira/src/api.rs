//! The endpoints, one function each: they say how safe a request is to repeat, and hand back the answer unread.

use serde::Deserialize;
use serde_json::{Value, json};
use ticketing_core::{Error, ErrorKind, Result};
use ticketing_http::http::header::ACCEPT;
use ticketing_http::http::{HeaderMap, HeaderName, HeaderValue};
use ticketing_http::{HttpClient, Idempotency, Request, Response, path_segment};
use tokio::sync::OnceCell;

use crate::auth::{Place, Route};
use crate::error::TO_ANYBODY;
use crate::rate::POINTS;

/// Which Jira it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Cloud,
    DataCenter,
}

/// What a site says of itself, asked once.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) flavour: Flavour,
    /// What stands before every path of the API.
    prefix: String,
    /// Where people go: `https://acme.atlassian.net`.
    pub(crate) browse: String,
}

impl Site {
    pub(crate) fn is_cloud(&self) -> bool {
        self.flavour == Flavour::Cloud
    }

    /// A path of the platform's API: v3 on Cloud, where rich text is ADF, v2 on Data Center (wire A1).
    pub(crate) fn platform(&self, path: &str) -> String {
        let version = if self.is_cloud() { "3" } else { "2" };
        format!("{}/rest/api/{version}{path}", self.prefix)
    }

    /// A path of Service Management's API (wire A10).
    pub(crate) fn desk(&self, path: &str) -> String {
        format!("{}/rest/servicedeskapi{path}", self.prefix)
    }
}

/// A search: which issues, in which order, and what of them.
#[derive(Debug, Clone)]
pub(crate) struct Search<'a> {
    pub(crate) jql: &'a str,
    pub(crate) fields: &'a [String],
    pub(crate) limit: u64,
    /// Where the page begins: a token on Cloud, an offset on Data Center.
    pub(crate) from: From<'a>,
    /// Issues of which the answer must be up to date (wire A3.4); Cloud alone.
    pub(crate) reconcile: &'a [u64],
}

/// Where a page of a search begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum From<'a> {
    Start,
    Token(&'a str),
    Offset(u64),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerInfo {
    #[serde(default)]
    deployment_type: Option<String>,
    #[serde(default)]
    base_url: Option<String>,
}

/// The endpoints of one site.
#[derive(Debug)]
pub(crate) struct Api {
    client: HttpClient,
    /// The site's own host, where that is another one than the API's.
    home: HttpClient,
    place: Place,
    site: OnceCell<Site>,
}

impl Api {
    pub(crate) fn new(client: HttpClient, home: HttpClient, place: Place) -> Self {
        Self { client, home, place, site: OnceCell::new() }
    }

    /// The headers that every request carries.
    pub(crate) fn headers() -> HeaderMap {
        HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/json")),
            // Parts of Service Management's API say that they may change; they have not for years (wire A10).
            (HeaderName::from_static("x-experimentalapi"), HeaderValue::from_static("opt-in")),
        ])
    }

    pub(crate) fn client(&self) -> &HttpClient {
        &self.client
    }

    /// What the site says of itself; asked once for each connection.
    pub(crate) async fn site(&self) -> Result<&Site> {
        self.site.get_or_try_init(|| self.learn()).await
    }

    /// A path of the site's own, as people write it; what stands before it is known without asking, except behind the gateway.
    pub(crate) async fn own(&self, path: &str) -> Result<String> {
        match self.place.route {
            Route::Host | Route::Gateway(Some(_)) => Ok(below(&self.place.prefix, path)),
            Route::Gateway(None) | Route::Either => Ok(below(&self.site().await?.prefix, path)),
        }
    }

    /// The site, where it is known already.
    pub(crate) fn known_site(&self) -> Option<&Site> {
        self.site.get()
    }

    /// True for a Data Center: as the site says it, or as long as it was not asked, as its address does.
    pub(crate) fn is_data_center(&self) -> bool {
        self.known_site().map_or_else(|| self.place.is_elsewhere(), |site| !site.is_cloud())
    }

    async fn learn(&self) -> Result<Site> {
        let home = format!("{}{}", self.place.home.as_str(), self.place.prefix);
        let cloud = |prefix: String| Site { flavour: Flavour::Cloud, prefix, browse: home.clone() };
        match &self.place.route {
            Route::Host => {
                let info = self.server_info(&self.client, &self.place.prefix).await?;
                Ok(Site { flavour: flavour(&info), prefix: self.place.prefix.clone(), browse: home })
            }
            Route::Gateway(None) => Ok(cloud(self.gateway_prefix().await?)),
            Route::Gateway(Some(_)) => {
                let info = self.server_info(&self.client, &self.place.prefix).await?;
                // The gateway is for programs; where people go, only the site can say.
                let browse = info.base_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
                Ok(Site { browse: browse.unwrap_or_default(), ..cloud(self.place.prefix.clone()) })
            }
            Route::Either => match flavour(&self.server_info(&self.home, &self.place.prefix).await?) {
                Flavour::Cloud => Ok(cloud(self.gateway_prefix().await?)),
                Flavour::DataCenter => {
                    Ok(Site { flavour: Flavour::DataCenter, prefix: self.place.prefix.clone(), browse: home })
                }
            },
        }
    }

    /// `GET /serverInfo`: the one thing that tells the flavours apart; v2 is on both (wire A1).
    async fn server_info(&self, client: &HttpClient, prefix: &str) -> Result<ServerInfo> {
        client.send(&Request::get(format!("{prefix}/rest/api/2/serverInfo"))).await?.json()
    }

    /// `GET /_edge/tenant_info` of the site: the id that it has behind the gateway (wire A1).
    async fn gateway_prefix(&self) -> Result<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Tenant {
            cloud_id: String,
        }
        let tenant: Tenant = self.home.send(&Request::get("/_edge/tenant_info")).await?.json()?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if tenant.cloud_id.is_empty() || !tenant.cloud_id.bytes().all(plain) {
            return Err(Error::new(ErrorKind::Decode, "the site's id is none"));
        }
        Ok(format!("/ex/jira/{}", tenant.cloud_id))
    }

    /// `GET` of a path of the platform's API.
    async fn get(&self, path: &str) -> Result<Response> {
        let site = self.site().await?;
        self.client.send(&Request::get(site.platform(path))).await
    }

    /// A read of the platform's API with a query.
    pub(crate) async fn read(&self, path: &str, query: &[(&str, &str)]) -> Result<Response> {
        let site = self.site().await?;
        let request = query
            .iter()
            .fold(Request::get(site.platform(path)), |request, (name, value)| request.with_query(name, value));
        match self.client.send(&request).await {
            // What a stranger may not see is no ticket that is gone.
            Err(error) if error.code() == Some(TO_ANYBODY) => {
                self.get("/myself").await?;
                Err(error)
            }
            outcome => outcome,
        }
    }

    /// A read of Service Management's API with a query.
    pub(crate) async fn read_desk(&self, path: &str, query: &[(&str, &str)]) -> Result<Response> {
        let site = self.site().await?;
        let request =
            query.iter().fold(Request::get(site.desk(path)), |request, (name, value)| request.with_query(name, value));
        self.client.send(&request).await
    }

    /// A request of the platform's API with a JSON body. Twice may be two, unless said otherwise.
    pub(crate) async fn write(
        &self,
        build: impl FnOnce(String) -> Request,
        path: &str,
        body: Option<&Value>,
        idempotency: Idempotency,
    ) -> Result<Response> {
        let site = self.site().await?;
        let mut request = build(site.platform(path));
        if let Some(body) = body {
            request = request.with_json(body)?;
        }
        self.client.send(&request.with_idempotency(idempotency)).await
    }

    /// `GET /issue/{idOrKey}` (wire A4.1).
    pub(crate) async fn issue(&self, id_or_key: &str, fields: &[String]) -> Result<Response> {
        let path = format!("/issue/{}", path_segment(id_or_key));
        self.read(&path, &[("fields", &fields.join(","))]).await
    }

    /// `POST /search/jql` on Cloud (wire A3.2), `POST /search` on Data Center (wire A3.3).
    pub(crate) async fn search(&self, search: &Search<'_>) -> Result<Response> {
        let site = self.site().await?;
        let mut body = json!({ "jql": search.jql, "maxResults": search.limit, "fields": search.fields });
        let path = match site.flavour {
            Flavour::Cloud => {
                if let From::Token(token) = search.from {
                    body["nextPageToken"] = json!(token);
                }
                if !search.reconcile.is_empty() {
                    body["reconcileIssues"] = json!(search.reconcile);
                }
                "/search/jql"
            }
            Flavour::DataCenter => {
                if let From::Offset(offset) = search.from {
                    body["startAt"] = json!(offset);
                }
                "/search"
            }
        };
        let request = Request::post(site.platform(path))
            .with_json(&body)?
            .with_idempotency(Idempotency::Safe)
            // One point a request, and one for each issue (wire A9).
            .with_cost(POINTS, 1.0 + search.limit.min(100) as f64);
        let response = self.client.send(&request).await?;
        if site.is_cloud() && response.header("x-aaccountid").is_none() {
            // Answered as to anybody, perhaps (wire A2.1): then there may be fewer issues than there are.
            self.get("/myself").await?;
        }
        Ok(response)
    }

    /// `POST /search/approximate-count` (wire A3.2); Cloud alone.
    pub(crate) async fn approximate_count(&self, jql: &str) -> Result<u64> {
        #[derive(Deserialize)]
        struct Count {
            count: u64,
        }
        let body = json!({ "jql": jql });
        let response = self.write(Request::post, "/search/approximate-count", Some(&body), Idempotency::Safe).await?;
        Ok(response.json::<Count>()?.count)
    }

    /// `POST /issue/bulkfetch` (wire A4.1): in ascending order of id, what cannot be read left out; Cloud alone.
    pub(crate) async fn bulk_fetch(&self, ids_or_keys: &[&str], fields: &[String]) -> Result<Response> {
        let body = json!({ "issueIdsOrKeys": ids_or_keys, "fields": fields });
        self.write(Request::post, "/issue/bulkfetch", Some(&body), Idempotency::Safe).await
    }
}

/// A path below what stands before all of them, unless it stands there already.
fn below(prefix: &str, path: &str) -> String {
    if prefix.is_empty() || path.starts_with(&format!("{prefix}/")) {
        return path.to_owned();
    }
    format!("{prefix}{path}")
}

fn flavour(info: &ServerInfo) -> Flavour {
    match info.deployment_type.as_deref() {
        Some("Cloud") => Flavour::Cloud,
        _ => Flavour::DataCenter,
    }
}
