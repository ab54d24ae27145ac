//! Stateful emulators of the vendors' HTTP APIs that fail the way the vendors fail.
//!
//! Everything here works without an account and without a network: a sandbox is an axum router,
//! used in process by tests or served on a loopback port for people and for other programs. It is
//! deterministic by its seed and lives on a virtual clock that stands still until it is moved.
//!
//! Beside the vendor's API every sandbox answers on `/_sandbox/…`:
//!
//! | control | |
//! |---|---|
//! | `GET state` | clock, rows per table, faults |
//! | `POST clock` | `{"to":"2026-02-01T00:00:00Z"}`, `{"advance_seconds":60}` or `{"run":true}`; never backwards |
//! | `GET`, `PUT`, `DELETE faults` | `[{"name","rate","count","seed","path","method","parameter"}]`; `GET` lists the known ones |
//! | `GET`, `DELETE requests` | what was asked, with credentials digested |
//! | `POST reset` | back to the start |
//! | `GET`, `PUT settings` | Jira, Zendesk: lags, limits and caps; `{"limit_headers":false}` lifts Zendesk's limits |
//!
//! The emulators know nothing of the `ticketing` crates: they are built from the vendors' wire facts
//! alone, and every answer cites its source.

mod clock;
pub mod company;
mod content;
mod control;
mod delivery;
mod emulator;
mod error;
mod faults;
pub mod jira;
mod load;
mod multipart;
mod params;
mod pipeline;
mod random;
mod reply;
mod request_log;
mod serve;
pub mod servicenow;
mod tls;
mod vendor;
pub mod zendesk;

pub use clock::VirtualClock;
pub use control::{Control, SandboxState};
pub use emulator::{ConnectionReset, Struck};
pub use error::{Result, SandboxError};
pub use faults::{Fault, FaultSpec, Strike, Strikes};
pub use request_log::{REQUEST_LOG_CAPACITY, RecordedRequest};
pub use serve::Running;
pub use vendor::{Launch, Vendor};
