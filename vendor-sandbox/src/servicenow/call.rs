//! One authenticated request on its way to an API.

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use super::acl::RowGuard;
use super::answer::ApiError;
use super::params::Params;
use super::properties;
use super::query::{Compiler, TieBreak, parse};
use super::records::WriteOptions;
use super::schema::TableId;
use super::session::Session;
use super::world::World;
use crate::emulator::FORWARDED_PROTO;
use crate::faults::Strikes;
use crate::random::mix;

/// A request with its caller.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Decoded path segments after `/api/`.
    pub(crate) segments: Vec<String>,
    pub(crate) path: String,
    pub(crate) params: Params,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) session: Session,
    pub(crate) strikes: &'a Strikes,
    pub(crate) now: DateTime<Utc>,
    pub(crate) seed: u64,
    /// The n-th request of the sandbox: what makes each unordered answer another one.
    pub(crate) serial: u64,
}

impl Call<'_> {
    /// `https://host` of links: the instance's property, not the host that was called (wire §1.4).
    pub(crate) fn link_base(&self, world: &World) -> String {
        if let Some(strike) = self.strikes.get("foreign_link_host") {
            let host = strike.text("attacker.example.net");
            return format!("https://{host}");
        }
        let own = properties::get(&world.store, "glide.servlet.uri").trim_end_matches('/');
        let replace = properties::is_true(&world.store, "glide.rest.replace_request_host_with_property");
        let called = self.headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
        match called {
            Some(host) if !replace || own.is_empty() => {
                let scheme = self.headers.get(FORWARDED_PROTO).and_then(|scheme| scheme.to_str().ok());
                format!("{}://{host}", scheme.unwrap_or("http"))
            }
            _ => own.to_owned(),
        }
    }

    pub(crate) fn compiler<'w>(&'w self, world: &'w World) -> Compiler<'w> {
        Compiler {
            store: &world.store,
            choices: &world.choices,
            acl: &world.acl,
            session: &self.session,
            now: self.now,
        }
    }

    pub(crate) fn tie_break(&self) -> TieBreak {
        let ties = match self.strikes.get("unordered_shuffle") {
            Some(strike) => strike.random,
            None => self.seed,
        };
        TieBreak { shuffle: mix(self.seed ^ mix(self.serial)), ties }
    }

    /// The row rules for this caller, ready to test rows of a table.
    pub(crate) fn guard(&self, world: &World, table: TableId) -> RowGuard {
        // Row rules look at fields that the caller may not be allowed to see.
        let open = super::acl::Acl::default();
        let compiler = Compiler { acl: &open, ..self.compiler(world) };
        let mut guard = RowGuard::default();
        for rule in world.acl.row_rules(&self.session, table) {
            let filter = compiler.compile(rule.table, &rule.query, false);
            guard.add(rule.table, rule.denial, filter);
        }
        // Faults may hide rows too: by query, or a share of all rows.
        for (name, denial) in
            [("hidden_rows", super::acl::RowDenial::Hidden), ("empty_rows", super::acl::RowDenial::Empty)]
        {
            let query = self.strikes.get(name).and_then(|strike| strike.parameter.get("query")).and_then(Value::as_str);
            if let Some(query) = query {
                let filter = compiler.compile(table, &parse(query), false);
                guard.add(table, denial, filter);
            }
        }
        guard
    }

    pub(crate) fn write_options(&self) -> WriteOptions {
        WriteOptions {
            input_display_value: self.params.flag("sysparm_input_display_value"),
            keep_system_fields: self.params.flag("sysparm_suppress_auto_sys_field"),
        }
    }

    /// 406 for an `Accept` without JSON (D: r_RESTAPIHTTPResponseCodes). The product also speaks
    /// XML; this emulator does not.
    pub(crate) fn check_accept(&self) -> Result<(), ApiError> {
        let Some(accept) = self.headers.get(ACCEPT) else {
            // D: c_TableAPI: the default is JSON.
            return Ok(());
        };
        let accept = String::from_utf8_lossy(accept.as_bytes());
        let fits = accept.split(',').any(|range| {
            let kind = range.split(';').next().unwrap_or_default().trim();
            matches!(kind, "" | "*/*" | "application/*" | "application/json" | "text/json")
        });
        if fits {
            return Ok(());
        }
        Err(ApiError::new(StatusCode::NOT_ACCEPTABLE, "Not acceptable", Some(format!("{accept} is not supported"))))
    }

    /// The body as a JSON object; 415 for another declared format.
    pub(crate) fn json_body(&self) -> Result<serde_json::Map<String, Value>, ApiError> {
        if let Some(kind) = self.headers.get(CONTENT_TYPE) {
            let kind = String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase();
            let kind = kind.split(';').next().unwrap_or_default().trim();
            // S:aiosnow sends no type of its own, so the HTTP library's default arrives.
            let fits = matches!(kind, "" | "text/plain" | "application/octet-stream") || kind.ends_with("json");
            if !fits {
                return Err(ApiError::new(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "Unsupported media type",
                    Some(format!("{kind} is not supported")),
                ));
            }
        }
        let text = String::from_utf8_lossy(&self.body);
        if text.trim().is_empty() {
            return Ok(serde_json::Map::new());
        }
        // D: the page's own examples quote keys and values with apostrophes.
        let value: Value = serde_json::from_str(&text)
            .or_else(|error| serde_json::from_str(&single_quotes(&text)).map_err(|_| error))
            .map_err(|error| ApiError::bad_request("Exception while reading request", Some(error.to_string())))?;
        match value {
            Value::Object(object) => Ok(object),
            // D: c_RESTAPI: one record only, extra ones are ignored.
            Value::Array(items) => match items.into_iter().next() {
                Some(Value::Object(object)) => Ok(object),
                _ => Ok(serde_json::Map::new()),
            },
            _ => {
                Err(ApiError::bad_request("Exception while reading request", Some("Expected a JSON object".to_owned())))
            }
        }
    }
}

/// `{'a':'b'}` with the quotes that JSON wants.
fn single_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (inside, character) {
            (_, '\\') => {
                if let Some(next) = characters.next() {
                    if next != '\'' {
                        out.push('\\');
                    }
                    out.push(next);
                }
            }
            (None, '\'' | '"') => {
                inside = Some(character);
                out.push('"');
            }
            (Some(quote), _) if quote == character => {
                inside = None;
                out.push('"');
            }
            (Some('\''), '"') => out.push_str("\\\""),
            _ => out.push(character),
        }
    }
    out
}
