//! People, groups, organisations and projects as writes name them.

use std::sync::Arc;

use serde_json::{Value, json};
use ticketing_core::{AccountSelector, CollectionSelector, Error, ErrorKind, GroupSelector, Result, UserSelector};
use ticketing_http::path_segment;

use crate::api::Flavour;
use crate::connection::Connection;
use crate::query::filter::Named;
use crate::resolve;
use crate::wire::{Person, Project};
use ticketing_http::config::shown;

/// A user in a write: an account id on Cloud, a name on Data Center (wire A4.1).
pub(crate) fn user_value(flavour: Flavour, own: &Named) -> Value {
    match flavour {
        Flavour::Cloud => json!({ "accountId": own.id }),
        Flavour::DataCenter => json!({ "name": own.name }),
    }
}

/// Somebody as an issue names them.
pub(crate) fn named(person: &Person) -> Option<Named> {
    let id = person.id()?.to_owned();
    Some(Named { name: person.name.clone().unwrap_or_else(|| id.clone()), id })
}

/// What is named in a write and is not there makes the write a wrong one: the ticket itself may well be there.
fn wrong(error: Error) -> Error {
    if error.kind() != ErrorKind::NotFound {
        return error;
    }
    let out = Error::invalid(error.field().unwrap_or_default(), error.message().to_owned());
    match error.hint() {
        Some(hint) => out.with_hint(hint.to_owned()),
        None => out,
    }
}

/// Who a selector means. An ambiguous one is an error that lists the candidates.
///
/// # Errors
/// `InvalidRequest`, naming the field, where that is nobody, or several.
pub(crate) async fn user(connection: &Connection, field: &str, selector: &UserSelector) -> Result<Named> {
    match resolve::existing_user(connection, field, selector).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if let UserSelector::Email(email) = selector
                && let Some(found) = behind_a_hidden_address(connection, email).await?
            {
                return Ok(found);
            }
            Err(wrong(error))
        }
        outcome => outcome,
    }
}

/// An address that its profile hides is matched as a whole alone, and is not in the answer (wire A7); Cloud alone.
async fn behind_a_hidden_address(connection: &Connection, email: &str) -> Result<Option<Named>> {
    if !connection.api.site().await?.is_cloud() || !email.contains('@') {
        return Ok(None);
    }
    let found: Vec<Person> =
        connection.api.read("/user/search", &[("query", email), ("maxResults", "2")]).await?.json()?;
    let hidden = |person: &Person| person.email_address.as_deref().is_none_or(str::is_empty);
    Ok(match found.as_slice() {
        [one] if hidden(one) => named(one),
        _ => None,
    })
}

/// A group in a write.
///
/// # Errors
/// `InvalidRequest`, naming the field, where there is none such.
pub(crate) async fn group(connection: &Connection, field: &str, selector: &GroupSelector) -> Result<Value> {
    let own = resolve::existing_group(connection, field, selector).await.map_err(wrong)?;
    Ok(match connection.api.site().await?.flavour {
        Flavour::Cloud => json!({ "groupId": own.id }),
        Flavour::DataCenter => json!({ "name": own.name }),
    })
}

/// The number of an organisation of Service Management's, which is how issues name it (wire A10).
///
/// # Errors
/// `InvalidRequest`, naming the field, where there is none such, or several.
pub(crate) async fn organization(connection: &Connection, field: &str, selector: &AccountSelector) -> Result<Value> {
    let own = resolve::existing_account(connection, field, selector).await.map_err(wrong)?;
    own.id.parse::<u64>().map(Value::from).map_err(|error| {
        Error::new(ErrorKind::Decode, format!("the organisation `{}` has no number", shown(&own.id))).with_source(error)
    })
}

/// A project of the connection's.
///
/// # Errors
/// `InvalidRequest`, naming `collection`, where there is none such.
pub(crate) async fn project(connection: &Connection, selector: &CollectionSelector) -> Result<Arc<Project>> {
    let wanted = match selector {
        CollectionSelector::Id(id) => id.as_str(),
        CollectionSelector::Key(key) => key.as_str(),
        other => return Err(Error::invalid("collection", format!("the selector `{other}` is not known here"))),
    };
    let none = || {
        let hint = match connection.projects.is_empty() {
            true => "list the collections to see which there are".to_owned(),
            false => format!("the connection has: {}", connection.projects.join(", ")),
        };
        Error::invalid("collection", format!("there is no project `{}`, or it may not be seen", shown(wanted)))
            .with_hint(hint)
    };
    let now = connection.clock.now();
    if let Some(known) = connection.learned.projects.get(wanted, now) {
        return Ok(known);
    }
    let found: Project = match connection.api.read(&format!("/project/{}", path_segment(wanted)), &[]).await {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidRequest) => return Err(none()),
        outcome => outcome?.json()?,
    };
    if !connection.holds_project(&found.key) {
        return Err(none());
    }
    Ok(connection.learned.projects.keep(wanted.to_owned(), now, found))
}
