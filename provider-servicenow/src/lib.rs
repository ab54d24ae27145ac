#![doc = include_str!("docs.md")]

mod config;
pub mod query;
mod error;
mod mapping;
mod wire;

pub use config::{AuthConfig, Config};
pub use error::ServiceNowError;
pub use mapping::Mapping;
