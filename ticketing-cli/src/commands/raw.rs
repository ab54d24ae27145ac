//! `ticketing raw`.

use std::fmt;
use std::fs;
use std::io::{Read, Write};

use bytes::Bytes;
use clap::Args;
use serde::Serialize;
use serde_json::Value;
use ticketing::request::{RawMethod, RawRequest, RawResponse};

use crate::args::{Globals, parse};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Format, note, stdout};

/// Send a request in the vendor's own words, with the connection's credential and limits.
///
/// The answer's body goes to standard output as it comes; with --json, status, headers and body as one document. An
/// answer of 400 or more ends in an exit code of its own.
#[derive(Args)]
pub(crate) struct Raw {
    /// get, head, post, put, patch or delete
    #[arg(value_parser = method)]
    method: RawMethod,
    /// The path from the root, /api/now/table/incident; the host is the connection's own
    #[arg(value_parser = path)]
    path: String,
    /// A part of the query, unescaped; several by repeating
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse::pair)]
    query: Vec<(String, String)>,
    /// A further header; those that carry credentials are refused
    #[arg(long, value_name = "NAME: VALUE", value_parser = parse::header)]
    header: Vec<(String, String)>,
    /// The body; @FILE from a file, @- from standard input
    #[arg(long, value_name = "TEXT|@FILE")]
    body: Option<String>,
    /// Repeating it does no harm, so it may be tried again when it is lost
    #[arg(long)]
    idempotent: bool,
    /// Show status and headers on standard error
    #[arg(long, short)]
    include: bool,
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Path, query, headers and body are the vendor's own words, and may hold anything.
        f.debug_struct("Raw").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The answer as one document.
#[derive(Serialize)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

fn method(text: &str) -> Result<RawMethod, String> {
    parse::core(&text.to_ascii_lowercase())
}

fn path(text: &str) -> Result<String, String> {
    // The provider pins the host; this only says so before a configuration is even read.
    if !text.starts_with('/') || text.starts_with("//") {
        return Err("it is no path from the root; write it like /api/now/table/incident, without a host".to_owned());
    }
    Ok(text.to_owned())
}

impl Raw {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<()> {
        let client = globals.connection.connect().await?;
        let request = RawRequest::new(self.method, self.path.as_str())
            .with_query(self.query.clone())
            .with_headers(self.header.clone())
            .with_body(self.body.as_deref().map(body).transpose()?)
            .with_idempotent(self.idempotent);
        let response = client.send_raw(request).await?;
        if self.include {
            note(&format!("status: {}", response.status));
            response.headers.iter().for_each(|(name, value)| note(&format!("{name}: {value}")));
        }
        write(globals, &response)?;
        match Exit::of_http_status(response.status) {
            None => Ok(()),
            Some(exit) => Err(Failure::new(
                exit,
                format!("the vendor answered HTTP {}; its words are on standard output", response.status),
            )),
        }
    }
}

fn write(globals: &Globals, response: &RawResponse) -> Result<()> {
    match globals.output.format() {
        Format::Table => {
            let mut out = stdout();
            out.write_all(&response.body)?;
            Ok(out.flush()?)
        }
        Format::Json | Format::Jsonl => {
            let body = serde_json::from_slice(&response.body)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&response.body).into_owned()));
            globals.output.json_document(&Answer { status: response.status, headers: response.headers.clone(), body })
        }
    }
}

fn body(argument: &str) -> Result<Bytes> {
    let failed = |what: &str, error| Failure::usage(format!("--body: cannot read {what}: {error}"));
    match argument.strip_prefix('@') {
        None => Ok(argument.to_owned().into()),
        Some("-") => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| failed("standard input", error))?;
            Ok(bytes.into())
        }
        Some(path) => fs::read(path).map(Bytes::from).map_err(|error| failed(&format!("the file {path}"), error)),
    }
}
