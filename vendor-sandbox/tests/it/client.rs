//! A client for tests that speaks to a sandbox in process.

use std::collections::BTreeMap;

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use vendor_sandbox::ConnectionReset;
use vendor_sandbox::servicenow::Sandbox;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The connection broke before or in the middle of the answer.
    pub(crate) broken: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn result(&self) -> Value {
        self.json()["result"].clone()
    }

    pub(crate) fn rows(&self) -> Vec<Value> {
        match self.result() {
            Value::Array(rows) => rows,
            other => panic!("{} is no list", other),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn error(&self) -> (String, Value) {
        let json = self.json();
        assert_eq!(json["status"], "failure");
        let error = &json["error"];
        (error["message"].as_str().unwrap().to_owned(), error["detail"].clone())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A sandbox of any vendor.
pub(crate) trait Served {
    fn served(&self) -> axum::Router;
}

impl Served for Sandbox {
    fn served(&self) -> axum::Router {
        self.router()
    }
}

impl Served for vendor_sandbox::jira::Sandbox {
    fn served(&self) -> axum::Router {
        self.router()
    }
}

impl Served for vendor_sandbox::zendesk::Sandbox {
    fn served(&self) -> axum::Router {
        self.router()
    }
}

/// A request in the making.
pub(crate) struct Call {
    router: axum::Router,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

pub(crate) fn call(sandbox: &impl Served, method: &str, path: &str) -> Call {
    Call {
        router: sandbox.served(),
        method: method.to_owned(),
        path: path.to_owned(),
        headers: vec![
            ("authorization".to_owned(), basic("admin", "admin")),
            ("accept".to_owned(), "application/json".to_owned()),
        ],
        body: Vec::new(),
    }
}

impl Call {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(own, _)| own != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| own != name);
        self
    }

    pub(crate) fn user(self, user: &str) -> Self {
        let credential = basic(user, user);
        self.header("authorization", &credential)
    }

    pub(crate) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        for (name, value) in pairs {
            let separator = if self.path.contains('?') { '&' } else { '?' };
            let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            self.path = format!("{}{separator}{name}={value}", self.path);
        }
        self
    }

    pub(crate) fn json(self, body: Value) -> Self {
        let mut call = self.header("content-type", "application/json");
        call.body = body.to_string().into_bytes();
        call
    }

    pub(crate) fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(self.body)).unwrap();
        let response = self.router.oneshot(request).await.unwrap();
        let mut broken = response.extensions().get::<ConnectionReset>().is_some();
        let (parts, mut stream) = response.into_parts();
        let mut body = Vec::new();
        while let Some(frame) = stream.frame().await {
            match frame {
                Ok(frame) => body.extend_from_slice(frame.data_ref().unwrap()),
                Err(_) => {
                    broken = true;
                    break;
                }
            }
        }
        Answer { status: parts.status, headers: parts.headers, body, broken }
    }
}

pub(crate) async fn get(sandbox: &impl Served, path: &str) -> Answer {
    call(sandbox, "GET", path).send().await
}

/// The rows of a table that a query matches, with these fields.
pub(crate) async fn query(sandbox: &Sandbox, table: &str, query: &str, fields: &str) -> Vec<Value> {
    let answer = call(sandbox, "GET", &format!("/api/now/table/{table}"))
        .query(&[("sysparm_query", query), ("sysparm_fields", fields)])
        .send()
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.rows()
}

/// One field of every row, in order.
pub(crate) fn column(rows: &[Value], name: &str) -> Vec<String> {
    rows.iter().map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
}

/// The numbers of the incidents that a query matches, sorted.
pub(crate) async fn numbers(sandbox: &Sandbox, text: &str) -> Vec<String> {
    let mut numbers = column(&query(sandbox, "incident", text, "number").await, "number");
    numbers.sort();
    numbers
}

/// `sys_id` by number, of all tasks.
pub(crate) async fn ids(sandbox: &Sandbox) -> BTreeMap<String, String> {
    query(sandbox, "task", "", "number,sys_id")
        .await
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("number"), text("sys_id"))
        })
        .collect()
}

pub(crate) fn sandbox() -> Sandbox {
    Sandbox::builder().seed(1).build().unwrap()
}
