//! The way around the model: on the connection's own site, with its credential and limits.

use std::sync::Arc;

use ticketing_core::Result;
use ticketing_core::request::{RawRequest, RawResponse};
use ticketing_http::raw;

use crate::connection::Connection;
use crate::error::PageJudge;

/// A request in the vendor's own words. Its path is the site's, `/rest/api/3/issue/HELP-1`; where the site stands below
/// another path (the gateway's, a Data Center's own), that is put before it.
pub(crate) async fn send(connection: &Connection, request: RawRequest) -> Result<RawResponse> {
    let client = connection.api.client();
    let request = raw::request(client.address(), request, &[])?;
    let path = connection.api.own(request.path()).await?;
    // Whatever is asked for, a file or a page, is what was asked for.
    let response = client.with_judge(Arc::new(PageJudge)).send(&request.with_path(path)).await?;
    Ok(raw::response(response))
}
