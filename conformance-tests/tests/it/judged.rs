//! A transport that has each exchange of the suite looked at: what a provider sends, and what the sandbox answers, are held
//! against the vendor's own document.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use ticketing_core::request::ByteStream;
use ticketing_http::http::header::CONTENT_TYPE;
use ticketing_http::http::{HeaderMap, Request, Response};
use ticketing_http::{Body, Transport, TransportError};
use vendor_sandbox::Struck;

use crate::openapi::{Exchange, Judge};

/// A transport, and the judge of what goes through it.
#[derive(Debug)]
struct Judged {
    inner: Arc<dyn Transport>,
    judge: &'static Judge,
    /// What was wrong, for a provider that gets over the panic of its call.
    wrong: Mutex<Vec<String>>,
}

/// The transport, its exchanges judged; where there is no document, the transport.
pub(crate) fn judged(inner: Arc<dyn Transport>, judge: Option<&'static Judge>) -> Arc<dyn Transport> {
    match judge {
        Some(judge) => Arc::new(Judged { inner, judge, wrong: Mutex::default() }),
        None => inner,
    }
}

fn media_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(CONTENT_TYPE)?.to_str().ok()
}

#[async_trait]
impl Transport for Judged {
    async fn send(&self, request: Request<Body>) -> Result<Response<ByteStream>, TransportError> {
        let method = request.method().to_string();
        let uri = request.uri().clone();
        let content_type = media_type(request.headers()).map(str::to_owned);
        let body = match request.body() {
            Body::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        };
        let answered = self.inner.send(request).await;
        let (answered, answer) = match answered {
            // A fault is there to answer what no document has.
            Ok(response) if response.extensions().get::<Struck>().is_none() => {
                let (response, bytes) = read(response).await;
                let status = response.status().as_u16();
                (Ok(response), Some((status, bytes)))
            }
            other => (other, None),
        };
        let exchange = Exchange {
            method: &method,
            path: uri.path(),
            query: uri.query().unwrap_or_default(),
            content_type: content_type.as_deref(),
            body: body.as_deref(),
            answer: answer.as_ref().map(|(status, bytes)| (*status, &**bytes)),
        };
        let wrong = self.judge.wrong(&exchange);
        if !wrong.is_empty() {
            let told = format!("{method} {uri}\n  {}", wrong.join("\n  "));
            self.wrong.lock().unwrap().push(told.clone());
            panic!("not what the vendor's document says: {told}");
        }
        answered
    }
}

/// The whole body, and the response with it.
async fn read(response: Response<ByteStream>) -> (Response<ByteStream>, Bytes) {
    let (parts, body) = response.into_parts();
    let pieces: Vec<Bytes> = body.try_collect().await.unwrap();
    let bytes = Bytes::from(pieces.concat());
    let body = stream::iter([Ok(bytes.clone())]).boxed();
    (Response::from_parts(parts, body), bytes)
}

impl Drop for Judged {
    fn drop(&mut self) {
        let wrong = self.wrong.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !wrong.is_empty() && !std::thread::panicking() {
            panic!("not what the vendor's document says, and got over: {}", wrong.join("\n"));
        }
    }
}
