//! A transport that notes the answer about tickets, and can go on answering with what it noted.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use ticketing_http::http::{HeaderMap, Request, Response, StatusCode};
use ticketing_http::{Body, Transport, TransportError};

/// One answer to a request for tickets.
#[derive(Debug, Clone)]
pub(crate) struct Noted {
    status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Notes the last answer about tickets; once frozen, gives it to every such question without asking anybody.
#[derive(Debug)]
pub(crate) struct Canned {
    inner: Arc<dyn Transport>,
    /// Where tickets are asked for.
    path: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    noted: Option<Noted>,
    frozen: bool,
}

impl Canned {
    pub(crate) fn new(inner: Arc<dyn Transport>, path: &'static str) -> Self {
        Self { inner, path, state: Mutex::default() }
    }

    /// From now on, the last answer is everybody's.
    pub(crate) fn freeze(&self) -> Option<Noted> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.frozen = true;
        state.noted.clone()
    }

    fn known(&self) -> Option<Noted> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.noted.clone().filter(|_| state.frozen)
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, request: Request<Body>) -> Result<Response<ticketing::request::ByteStream>, TransportError> {
        if request.uri().path() != self.path {
            return self.inner.send(request).await;
        }
        let noted = match self.known() {
            Some(noted) => noted,
            None => {
                let (parts, body) = self.inner.send(request).await?.into_parts();
                let broken = |error| {
                    TransportError::new(ticketing_http::TransportErrorKind::Broken, "the body broke").with_source(error)
                };
                let pieces: Vec<Bytes> = body.try_collect().await.map_err(broken)?;
                let noted = Noted { status: parts.status, headers: parts.headers, body: pieces.concat().into() };
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.noted = Some(noted.clone());
                noted
            }
        };
        let mut response = Response::new(stream::iter([Ok(noted.body)]).boxed());
        *response.status_mut() = noted.status;
        *response.headers_mut() = noted.headers;
        Ok(response)
    }
}
