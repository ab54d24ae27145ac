//! A transport without sockets, so that time can stand still.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use ticketing_core::request::ByteStream;
use ticketing_http::http::{Request, Response};
use ticketing_http::{
    AddressPolicy, Body, HttpClient, HttpClientBuilder, HttpContext, SeededRandom, Transport, TransportError,
};
use tokio::time::Instant;

pub(crate) type Answered = Result<Response<ByteStream>, TransportError>;
type Handler = dyn Fn(Call) -> BoxFuture<'static, Answered> + Send + Sync;

/// A request that was sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Which one it was: 1 is the first.
    pub(crate) number: usize,
    pub(crate) url: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

/// Answers by a function of the request.
#[derive(Clone)]
pub(crate) struct Fake {
    handler: Arc<Handler>,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").finish_non_exhaustive()
    }
}

impl Fake {
    pub(crate) fn new(handler: impl Fn(Call) -> Answered + Send + Sync + 'static) -> Self {
        Self::slow(Duration::ZERO, handler)
    }

    /// Answers after this long.
    pub(crate) fn slow(delay: Duration, handler: impl Fn(Call) -> Answered + Send + Sync + 'static) -> Self {
        let handler = Arc::new(handler);
        let handler = move |call| {
            let handler = Arc::clone(&handler);
            async move {
                tokio::time::sleep(delay).await;
                handler(call)
            }
            .boxed()
        };
        Self { handler: Arc::new(handler), calls: Arc::default() }
    }

    /// Never answers.
    pub(crate) fn silent() -> Self {
        Self { handler: Arc::new(|_| futures::future::pending().boxed()), calls: Arc::default() }
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    pub(crate) fn context(&self) -> HttpContext {
        HttpContext::with_transport(AddressPolicy::strict(), Arc::new(self.clone()))
            .with_random(Arc::new(SeededRandom::new(7)))
    }

    pub(crate) fn client(&self) -> HttpClientBuilder {
        let context = self.context();
        let address = context.policy().check("instance", "acme.example.com", None).unwrap();
        HttpClient::builder(address, context)
    }
}

#[async_trait]
impl Transport for Fake {
    async fn send(&self, request: Request<Body>) -> Answered {
        let (parts, body) = request.into_parts();
        let body: Vec<Bytes> = body.open().try_collect().await.unwrap();
        let authorization = parts.headers.get("authorization").map_or("", |value| value.to_str().unwrap());
        let call = {
            let mut calls = self.calls.lock().unwrap();
            let call = Call {
                number: calls.len() + 1,
                url: parts.uri.to_string(),
                authorization: authorization.to_owned(),
                body: String::from_utf8(body.concat()).unwrap(),
                at: Instant::now(),
            };
            calls.push(call.clone());
            call
        };
        (self.handler)(call).await
    }
}

/// An answer with a JSON or HTML body, told apart by its first letter.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answered {
    let media = if body.starts_with('<') { "text/html" } else { "application/json" };
    let mut response = Response::builder().status(status).header("content-type", media);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    let body = Bytes::from(body.to_owned());
    Ok(response.body(futures::stream::iter([Ok(body)]).boxed()).unwrap())
}
