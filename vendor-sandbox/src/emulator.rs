//! What every emulated vendor has to provide; everything around it is shared.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Body;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response, StatusCode};

use crate::Vendor;
use crate::clock::VirtualClock;
use crate::error::Result;
use crate::faults::{FaultSpec, Strikes};

/// Put on a response to say: the connection breaks before anything is answered.
///
/// On a socket the sandbox really closes the connection. In process, a transport turns a response
/// that carries this extension into a connection error; its status and body mean nothing. A
/// connection that breaks in the middle of an answer is a body that ends in an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionReset;

/// Put on a response that faults have made or changed: it is not what the vendor would have said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Struck;

/// How the caller came, `http` or `https`: as the balancer in front of a vendor's servers tells them.
pub(crate) const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Answers that shared faults need in the vendor's own shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StockAnswer {
    /// 500, 502 or 503 with the vendor's HTML page.
    ServerError(u16),
    /// The credential is refused this time.
    Unauthorized,
    /// 429, to be waited for so many seconds, negative where that moment has passed; or without any header.
    TooManyRequests(Option<i64>),
}

impl StockAnswer {
    /// 500, 502 and 503 as a status.
    pub(crate) fn server_error(status: u16) -> StatusCode {
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Seconds to wait: a moment that has passed is no time to wait.
    pub(crate) fn wait(seconds: i64) -> u64 {
        u64::try_from(seconds).unwrap_or(0)
    }
}

/// A lock that does not mind a holder that panicked.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the vendor's queue, given back when dropped.
pub(crate) type Admission = Box<dyn Any + Send>;

/// One emulated vendor behind the shared control, fault and serving layers.
pub(crate) trait Emulator: Debug + Send + Sync + 'static {
    fn vendor(&self) -> Vendor;
    fn seed(&self) -> u64;
    fn clock(&self) -> &VirtualClock;
    /// Faults that only this vendor knows.
    fn faults(&self) -> &'static [FaultSpec];
    /// Waits for a free worker, or gives the vendor's answer to a request too many.
    fn admit<'a>(
        &'a self,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, std::result::Result<Admission, Box<Response<Body>>>>;
    fn respond(&self, request: Request<Body>, strikes: Strikes) -> BoxFuture<'_, Response<Body>>;
    fn stock_answer(&self, answer: StockAnswer) -> Response<Body>;
    /// Applies whatever was due between the last call and the clock's present time, and says how
    /// many events that were.
    fn catch_up(&self) -> u64;
    /// Rows per table or records per kind.
    fn counts(&self) -> BTreeMap<String, u64>;
    /// Puts data and clock back to where they were after building.
    fn reset(&self) -> Result<()>;
}
