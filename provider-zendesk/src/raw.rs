//! The way around the model: on the connection's own host, with its credential and limits.

use std::sync::Arc;

use ticketing_core::Result;
use ticketing_core::request::{RawRequest, RawResponse};
use ticketing_http::{StatusJudge, raw};

use crate::connection::Connection;

/// A request in the vendor's own words.
pub(crate) async fn send(connection: &Connection, request: RawRequest) -> Result<RawResponse> {
    let client = connection.api.client();
    let request = raw::request(client.address(), request, &[])?;
    // Outside of the APIs, a page is what was asked for.
    let response = match request.path().starts_with("/api/") {
        true => client.send(&request).await?,
        false => client.with_judge(Arc::new(StatusJudge)).send(&request).await?,
    };
    Ok(raw::response(response))
}
