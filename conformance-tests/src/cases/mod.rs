//! The cases, by room. Each is named by what it shows, and takes any harness.

pub mod attachments;
pub mod canonical;
pub mod capabilities;
pub mod catalogue;
pub mod census;
pub mod changes;
pub mod comments;
pub mod configuration;
pub mod contracts;
pub mod create;
pub mod credentials;
pub mod errors;
pub mod filters;
pub mod links;
pub mod oddities;
pub mod paging;
pub mod people;
pub mod raw;
pub mod secrets;
pub mod snapshots;
pub mod sorts;
pub mod statuses;
pub mod tickets;
pub mod uncertain;
pub mod update;
pub mod webhooks;
