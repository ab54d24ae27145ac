//! The endpoints, one function each: they say how safe a request is to repeat, and hand back the answer unread.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use ticketing_core::request::AttachmentContent;
use ticketing_core::{Delivery, Error, ErrorKind, Result};
use ticketing_http::http::header::{ACCEPT, CONTENT_TYPE};
use ticketing_http::http::{HeaderMap, HeaderValue, StatusCode};
use ticketing_http::{Body, HttpClient, Idempotency, Request, Response, StreamedResponse};

use crate::query::{Order, Query};
use crate::wire::Layout;

/// Above this, instances and what stands before them refuse a URL (wire §1.6 "414": some at 2,048, most at 10,000 or later);
/// the request then travels inside a batch.
const LONGEST_TARGET: usize = 7_000;

/// Values to write: column to text. An empty text clears (wire §1.3).
pub(crate) type Values = Map<String, Value>;

/// The endpoints of one instance.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    client: HttpClient,
}

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    /// A table.
    Table(&'a str),
    /// Attachments, whose API has parameters of its own (wire §4.1).
    Attachments,
}

impl Target<'_> {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Table(name) => name,
            Self::Attachments => "sys_attachment",
        }
    }
}

/// A stretch of a list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) offset: u64,
    pub(crate) limit: u64,
    /// Count all that match; it costs the instance a `select count(*)`.
    pub(crate) count: bool,
}

/// The number of rows that match, before row ACLs: how wire §1.5 says it.
pub(crate) fn total(response: &Response) -> Option<u64> {
    response.header("x-total-count")?.trim().parse().ok()
}

fn shaped(request: Request, layout: &Layout) -> Request {
    // Labels and ids in one answer, without links that could lead elsewhere (wire §1.4).
    let request =
        request.with_query("sysparm_display_value", "all").with_query("sysparm_exclude_reference_link", "true");
    if layout.is_open() { request } else { request.with_query("sysparm_fields", &layout.joined()) }
}

impl Api {
    pub(crate) fn new(client: HttpClient) -> Self {
        Self { client }
    }

    /// The headers that every request carries: without `Accept` or `Content-Type`, some endpoints answer 400 (wire §1.5).
    pub(crate) fn headers() -> HeaderMap {
        HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/json")),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ])
    }

    /// `https://acme.service-now.com`, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.client.address().as_str()
    }

    pub(crate) fn client(&self) -> &HttpClient {
        &self.client
    }

    /// `GET /api/now/table/{table}`, or the attachments' list.
    pub(crate) async fn list(
        &self,
        target: Target<'_>,
        query: &Query,
        order: &[Order],
        layout: &Layout,
        window: Window,
    ) -> Result<Response> {
        let text = query.encode_ordered(order);
        let request = match target {
            Target::Table(table) => shaped(Request::get(format!("/api/now/table/{table}")), layout)
                .with_query("sysparm_suppress_pagination_header", "true")
                .with_query("sysparm_no_count", if window.count { "false" } else { "true" }),
            // Stray parameters could act as filters (wire §1.2).
            Target::Attachments => Request::get("/api/now/attachment"),
        };
        let request = request
            .with_query("sysparm_query", &text)
            .with_query("sysparm_limit", &window.limit.to_string())
            .with_query("sysparm_offset", &window.offset.to_string());
        self.read(request).await
    }

    /// `GET /api/now/table/{table}/{sys_id}`.
    pub(crate) async fn record(&self, table: &str, sys_id: &str, layout: &Layout) -> Result<Response> {
        self.read(shaped(Request::get(format!("/api/now/table/{table}/{sys_id}")), layout)).await
    }

    /// A read, in a batch where its URL is too long.
    async fn read(&self, request: Request) -> Result<Response> {
        let target = request.target();
        if target.len() <= LONGEST_TARGET {
            return self.client.send(&request).await;
        }
        self.read_in_batch(&target).await
    }

    /// `POST /api/now/v1/batch` with one read in it (wire §4.2): the outer 200 says nothing of the inner answer.
    async fn read_in_batch(&self, target: &str) -> Result<Response> {
        let body = json!({
            "batch_request_id": "1",
            "rest_requests": [{
                "id": "1",
                "method": "GET",
                "url": target,
                "headers": [{"name": "Accept", "value": "application/json"}],
                "exclude_response_headers": false,
            }],
        });
        let request = Request::post("/api/now/v1/batch").with_json(&body)?.with_idempotency(Idempotency::Idempotent);
        let outer = self.client.send(&request).await?;
        let batch: Batch = outer.json()?;
        let Some(inner) = batch.serviced_requests.into_iter().next() else {
            return Err(Error::new(ErrorKind::Unavailable, "the instance did not get to the request in its batch")
                .with_delivery(Delivery::Answered)
                .with_retry_after(std::time::Duration::ZERO));
        };
        let broken =
            || Error::new(ErrorKind::Decode, "the answer in the batch is broken").with_delivery(Delivery::Answered);
        let status = StatusCode::from_u16(inner.status_code).map_err(|_| broken())?;
        let body = STANDARD.decode(inner.body.as_bytes()).map_err(|_| broken())?;
        let mut headers = HeaderMap::new();
        for header in inner.headers {
            let name = ticketing_http::http::HeaderName::from_bytes(header.name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&header.value)) {
                headers.insert(name, value);
            }
        }
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        let answer = ticketing_http::Answer {
            status,
            headers: &headers,
            body: &body,
            streamed: false,
            now: self.client.context().clock().now(),
        };
        ticketing_http::Judge::judge(&crate::error::ServiceNowJudge, &answer)?;
        Ok(Response { status, headers, body: body.into() })
    }

    /// `POST /api/now/table/{table}`. Twice may be two.
    pub(crate) async fn insert(&self, table: &str, values: &Values, layout: &Layout) -> Result<Response> {
        let request = shaped(Request::post(format!("/api/now/table/{table}")), layout).with_json(values)?;
        self.client.send(&request).await
    }

    /// `PATCH /api/now/table/{table}/{sys_id}`. Setting fields twice is the same as once; a journal entry is written each
    /// time (wire §3.6), which `idempotency` says.
    pub(crate) async fn update(
        &self,
        table: &str,
        sys_id: &str,
        values: &Values,
        layout: &Layout,
        idempotency: Idempotency,
    ) -> Result<Response> {
        let request = shaped(Request::patch(format!("/api/now/table/{table}/{sys_id}")), layout)
            .with_json(values)?
            .with_idempotency(idempotency);
        self.client.send(&request).await
    }

    /// `DELETE /api/now/table/{table}/{sys_id}`. Twice is the same as once, and the second time answers 404.
    pub(crate) async fn delete(&self, table: &str, sys_id: &str) -> Result<()> {
        let request =
            Request::delete(format!("/api/now/table/{table}/{sys_id}")).with_idempotency(Idempotency::Idempotent);
        self.client.send(&request).await.map(drop)
    }

    /// `GET /api/now/attachment/{sys_id}`.
    pub(crate) async fn attachment(&self, sys_id: &str) -> Result<Response> {
        self.client.send(&Request::get(format!("/api/now/attachment/{sys_id}"))).await
    }

    /// `GET /api/now/attachment/{sys_id}/file`.
    pub(crate) async fn attachment_file(&self, sys_id: &str) -> Result<StreamedResponse> {
        let request = Request::get(format!("/api/now/attachment/{sys_id}/file"))
            .with_header(ACCEPT, HeaderValue::from_static("*/*"));
        self.client.stream(&request).await
    }

    /// `POST /api/now/attachment/file`. Twice is two files.
    pub(crate) async fn upload(
        &self,
        table: &str,
        sys_id: &str,
        file_name: &str,
        content_type: HeaderValue,
        content: AttachmentContent,
    ) -> Result<Response> {
        let request = Request::post("/api/now/attachment/file")
            .with_query("table_name", table)
            .with_query("table_sys_id", sys_id)
            .with_query("file_name", file_name)
            .with_body(content_type, Body::Stream(content));
        self.client.send(&request).await
    }

    /// `POST /api/sn_sc/servicecatalog/items/{sys_id}/order_now` (wire §4.5). Twice is two orders.
    pub(crate) async fn order_now(&self, item: &str, quantity: u64, variables: &Values) -> Result<Response> {
        let body = json!({"sysparm_quantity": quantity.to_string(), "variables": variables});
        let request = Request::post(format!("/api/sn_sc/servicecatalog/items/{item}/order_now")).with_json(&body)?;
        self.client.send(&request).await
    }

    /// `GET /api/sn_chg_rest/change/{sys_id}/nextstates` (wire §3.4).
    pub(crate) async fn next_states(&self, sys_id: &str) -> Result<Response> {
        self.client.send(&Request::get(format!("/api/sn_chg_rest/change/{sys_id}/nextstates"))).await
    }
}

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    serviced_requests: Vec<Serviced>,
}

#[derive(Deserialize)]
struct Serviced {
    status_code: u16,
    #[serde(default)]
    body: String,
    #[serde(default)]
    headers: Vec<ServicedHeader>,
}

#[derive(Deserialize)]
struct ServicedHeader {
    name: String,
    value: String,
}
