//! What differs from vendor to vendor: the sandbox, the connection, the pages, and the clients of other people.

mod jira;
mod servicenow;
mod zendesk;

use anyhow::{Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use jira::Jira;
pub(crate) use servicenow::ServiceNow;
pub(crate) use zendesk::Zendesk;

/// A vendor whose tickets are read.
pub(crate) trait Vendor: 'static {
    /// Its name, for the registry, the sandbox and the figures.
    const NAME: &'static str;
    /// What it calls its tickets.
    const TICKETS: &'static str;
    /// How many a reading reads.
    const COUNT: u64;
    /// Of them, those that a sandbox has anyhow.
    const COMPANY: u64;
    /// The fields that are asked for by name; none where a vendor sends them all.
    const FIELDS: &'static [&'static str];
    /// How many a page has, on every side.
    const PAGE: u32;
    /// Where a page of them is asked for.
    const PATH: &'static str;
    /// What a sandbox is set to before anything is measured: `PUT /_sandbox/settings`.
    const SETTINGS: Option<&'static str>;
    /// The moment at which a sandbox's clock stands, where a reading depends on what is long ago; clients read then too.
    const NOW: Option<&'static str>;
    /// Other people's clients.
    const CLIENTS: &'static [Client];

    /// A page, as anybody would write it by hand.
    type Page: Page;

    /// The administrator's connection.
    fn config(instance: &str) -> Value;

    /// A sandbox in process, with so many tickets beside the company's.
    ///
    /// # Errors
    /// What the sandbox says.
    fn sandbox(tickets: u64) -> Result<axum::Router>;

    /// A request for a page: fields, size, order and form are those that the provider asks for.
    fn request(client: &reqwest::Client, instance: &str, after: Option<&str>) -> reqwest::RequestBuilder;
}

/// A page in owned structs: every key that the vendor sends, and no other.
pub(crate) trait Page: Serialize + DeserializeOwned {
    /// Tickets on it.
    fn rows(&self) -> usize;

    /// Where the next page begins, for a reading that has `told` so many; `None`: this is the last.
    fn next(&self, told: usize) -> Option<String>;
}

/// Another client, and where its script and its pinned packages are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    /// As people say it; the script is `benches/clients/read_NAME`.
    pub(crate) name: &'static str,
    pub(crate) script: &'static str,
    /// Below `conformance-tests/witnesses/VENDOR/requirements/`: a text for pip, or a folder for npm.
    pub(crate) pins: &'static str,
}

impl Client {
    /// Whether Node.js runs it, and not Python.
    pub(crate) fn is_javascript(&self) -> bool {
        self.script.ends_with(".js")
    }
}

/// The struct has the page's keys and values, all of them and no others: written again, it is the page.
///
/// # Errors
/// If it is not.
pub(crate) fn check_page<V: Vendor>(body: &[u8]) -> Result<usize> {
    let page: V::Page = serde_json::from_slice(body)?;
    let (mut ours, mut theirs) = (serde_json::to_value(&page)?, serde_json::from_slice::<Value>(body)?);
    // What is null on one ticket may be missing from the next.
    without_nulls(&mut ours);
    without_nulls(&mut theirs);
    if let Some(place) = difference(&ours, &theirs) {
        bail!("the keys of a page are no longer those of `vendors/{}.rs`: {place}", V::NAME);
    }
    Ok(page.rows())
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

/// The first place where two values are not the same.
fn difference(one: &Value, other: &Value) -> Option<String> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => one.keys().chain(other.keys()).find_map(|key| {
            let (one, other) = (one.get(key).unwrap_or(&Value::Null), other.get(key).unwrap_or(&Value::Null));
            Some(format!("/{key}{}", difference(one, other)?))
        }),
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => one
            .iter()
            .zip(other)
            .enumerate()
            .find_map(|(at, (one, other))| Some(format!("/{at}{}", difference(one, other)?))),
        _ => (one != other).then(String::new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_another_key_is_none() {
        let page = |key: &str| format!(r#"{{"issues":[],"isLast":true,"{key}":"t"}}"#);
        assert_eq!(check_page::<Jira>(page("nextPageToken").as_bytes()).unwrap(), 0);
        assert!(check_page::<Jira>(page("total").as_bytes()).is_err());
        assert!(check_page::<ServiceNow>(br#"{"result":[{"sys_id":{"display_value":"","value":""}}]}"#).is_err());
    }
}
