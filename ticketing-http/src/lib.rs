//! What HTTP providers share: one way to send a request, and everything that must be right about it.
//!
//! The planes of a request, outer to inner: operation timeout → retry → rate gate → attempt timeout → auth → redacting trace
//! → transport. A provider holds an [`HttpClient`] per connection and knows of none of them; it says what a [`Request`] is
//! and how safe it is to repeat, and a [`Judge`] says what the vendor's answers mean.
//!
//! - [`HttpContext`]: transport, clock, randomness, address policy: handed in, never made by a provider.
//! - [`Address`] and [`AddressPolicy`]: where credentials may go, and nowhere else.
//! - [`auth`]: Basic, bearer, API key, OAuth with a token cache.
//! - `richtext`, with the feature of that name: Markdown to and from ADF, HTML and wiki markup.
//! - [`webhook`]: verifying what comes in.
//! - [`config`], [`raw`], [`Directory`], [`Written`]: what every provider would else write again.

mod address;
mod attempt;
pub mod auth;
mod body;
mod client;
pub mod config;
mod context;
mod decode;
mod directory;
mod random;
mod rate;
pub mod raw;
mod redact;
mod request;
mod response;
mod retry;
#[cfg(feature = "richtext")]
pub mod richtext;
mod shared_limits;
mod sleeper;
mod status;
mod transport;
pub mod webhook;
mod written;

pub use address::{Address, AddressPolicy};
pub use client::{HttpClient, HttpClientBuilder};
pub use context::{HttpContext, Timeouts};
pub use decode::{decode, decode_error};
pub use directory::Directory;
pub use http;
pub use random::{Random, SeededRandom, SystemRandom};
pub use rate::{RateGate, RatePermit, RateReading, RefusedFor, common_rate_headers};
pub use request::{Body, Idempotency, Request, path_segment};
pub use response::{ANONYMOUS, Answer, Judge, Response, StatusJudge, StreamedResponse};
pub use retry::{Attempt, Backoff, Decision, RetryBudget, RetryPolicy, parse_retry_after};
pub use sleeper::{Sleeper, TokioSleeper};
pub use status::error_for_status;
#[cfg(feature = "test-util")]
pub use transport::ServiceTransport;
pub use transport::{ReqwestTransport, ReqwestTransportBuilder, Transport, TransportError, TransportErrorKind};
pub use written::Written;
