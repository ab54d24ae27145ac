//! The vendor-neutral contract for talking to ticketing systems.

mod clock;
mod error;
mod operation;
mod secret;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{Delivery, Error, ErrorKind, NativeError, Result, Retry};
pub use operation::{Access, Operation};
pub use secret::Secret;
