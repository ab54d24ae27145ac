//! Layers around a provider: one forwarding wrapper, and a function `around` per layer.
//!
//! Retrying is not a layer. It belongs below, where one HTTP request is sent: only there is it known whether the request
//! left, whether repeating it is safe and what the server said. Repeating an operation here would repeat the requests
//! that went well, and multiply the attempts.

mod capability_check;
mod concurrency;
mod fault;
mod intercepted;
mod read_only;
mod recorder;
#[cfg(test)]
mod tests;
mod trace;

pub use capability_check::CapabilityCheck;
pub use concurrency::ConcurrencyLimit;
pub use fault::{Fault, FaultInjection};
pub use intercepted::{Call, Intercept, Intercepted};
pub use read_only::ReadOnly;
pub use recorder::{RecordWrites, WriteRecord, WriteRecorder};
pub use trace::Trace;
