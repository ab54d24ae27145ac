//! Who we are, which Jira it is, and what works less well than it could.

use chrono_tz::Tz;
use serde::Deserialize;
use ticketing_core::model::StatusCategory;
use ticketing_core::{Check, CollectionSelector, Error, ErrorKind, Result};

use crate::connection::Connection;
use crate::map::{moment, person_ref};
use crate::permissions;
use crate::resolve;
use crate::wire::Person;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerTime {
    #[serde(default)]
    server_time: Option<String>,
}

/// The credential's user, and the vendor's time when it answered.
pub(crate) async fn myself(connection: &Connection) -> Result<(Person, Option<chrono::DateTime<chrono::Utc>>)> {
    let response = connection.api.read("/myself", &[]).await?;
    let person = response.json()?;
    if let Some(at) = response.date() {
        return Ok((person, Some(at)));
    }
    // Some proxy swallowed it; the site says so in words as well (wire A1).
    let info: ServerTime = connection.api.read("/serverInfo", &[]).await?.json()?;
    Ok((person, info.server_time.as_deref().and_then(moment)))
}

/// The time zone of the user's profile, in which dates in queries are read (wire A5).
pub(crate) fn zone_of(person: &Person) -> Option<Tz> {
    person.time_zone.as_deref()?.parse().ok()
}

/// Who am I, does the credential work, how far is the vendor's clock from ours, and what to mend.
pub(crate) async fn check(connection: &Connection) -> Result<Check> {
    let (person, vendor_time) = myself(connection).await?;
    let me = person_ref(&person)
        .ok_or_else(|| Error::new(ErrorKind::Decode, "the site does not say who the credential belongs to"))?;
    let mut out = Check::new(Some(me));
    out.compare_clocks(vendor_time, connection.clock.now());
    out.time_zone = person.time_zone.clone();
    if person.active == Some(false) {
        out.warnings.push("the user is inactive: its credential may end at any time".to_owned());
    }
    out.warnings.extend(permissions::learn(connection).await?);
    connection.catalogue.forget().await;
    // A field that `mapping.fields` names and that is not there is found out here.
    connection.catalogue.columns().await?;
    for key in &connection.projects {
        let selector = CollectionSelector::Key(key.clone());
        if resolve::collection(connection, "projects", &selector).await?.is_none() {
            out.warnings.push(format!("there is no project `{key}`, or it may not be read: correct `projects`"));
        }
    }
    for own in connection.catalogue.statuses().await?.iter() {
        if connection.mapping.status(&own.id, Some(&own.name), own.category_key()) == StatusCategory::Unknown {
            out.warnings.push(format!(
                "the status {} ({}) has no category: add \"{}\" to `mapping.status`",
                own.id, own.name, own.id
            ));
        }
    }
    Ok(out)
}
