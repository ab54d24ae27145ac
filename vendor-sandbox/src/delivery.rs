//! What a vendor sends out by itself: one HTTP request to a loopback address, and nowhere else.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::body::Bytes;
use http::header::HOST;
use http::{HeaderMap, Method, Request};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::error::{Result, SandboxError};

/// How long a receiver may take; a sandbox need not wait as long as a vendor does.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Where to send.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    host: String,
    path: String,
}

impl Target {
    /// Only plain http to a loopback address: a sandbox must not call out.
    pub(crate) fn of(url: &str) -> Result<Self> {
        let refuse = || {
            let reason = format!("{url:?} is not http://127.0.0.1:PORT/…: webhooks go to loopback only");
            SandboxError::invalid("url", reason)
        };
        let uri: http::Uri = url.parse().map_err(|_| refuse())?;
        let host = uri.host().ok_or_else(refuse)?;
        let ip: IpAddr = match host {
            "localhost" => IpAddr::from([127, 0, 0, 1]),
            host => host.trim_matches(['[', ']']).parse().map_err(|_| refuse())?,
        };
        if uri.scheme_str() != Some("http") || !ip.is_loopback() {
            return Err(refuse());
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self {
            address: SocketAddr::new(ip, uri.port_u16().unwrap_or(80)),
            host: uri.authority().map(ToString::to_string).unwrap_or_default(),
            path: path.to_owned(),
        })
    }
}

/// Sends, and gives the receiver's status; `None` when it could not be reached or took too long.
pub(crate) async fn send(target: &Target, method: &Method, headers: HeaderMap, body: String) -> Option<u16> {
    tokio::time::timeout(TIMEOUT, exchange(target, method, headers, body)).await.ok().flatten()
}

async fn exchange(target: &Target, method: &Method, headers: HeaderMap, body: String) -> Option<u16> {
    let stream = TcpStream::connect(target.address).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let driver = tokio::spawn(async move {
        let _ = connection.await;
    });
    let mut request = Request::builder()
        .method(method)
        .uri(&target.path)
        .header(HOST, &target.host)
        .body(Full::new(Bytes::from(body)))
        .ok()?;
    request.headers_mut().extend(headers);
    let response = sender.send_request(request).await.ok();
    driver.abort();
    Some(response?.status().as_u16())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_accepted() {
        for good in ["http://127.0.0.1:9/x", "http://localhost:9", "http://[::1]:9/"] {
            assert!(Target::of(good).is_ok(), "{good}");
        }
        for bad in ["https://127.0.0.1/", "http://example.com/", "http://10.0.0.1/", "x"] {
            assert!(Target::of(bad).is_err(), "{bad}");
        }
    }
}
