//! What is sent again, and when.
//!
//! Three signals decide together: was the request sent, is repeating it safe, what did the server say.

mod budget;
mod policy;
mod retry_after;

pub use budget::RetryBudget;
pub use policy::{Attempt, Backoff, Decision, RetryPolicy};
pub use retry_after::parse_retry_after;
