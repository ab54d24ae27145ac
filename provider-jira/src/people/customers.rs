//! Service Management's organisations and customers, as accounts and contacts (wire A10).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use ticketing_core::model::{Account, Contact, Ref, RefType};
use ticketing_core::request::{ListAccounts, ListContacts};
use ticketing_core::{AccountId, ContactId, Operation, Page, Result};
use ticketing_http::path_segment;

use super::{Stretches, cut, item, offset_of, raw_of};
use crate::connection::{Connection, Part};
use crate::wire::{Person, text};

/// Records to a page of Service Management's (wire A10).
const SIZE: u64 = 50;

/// A page of Service Management's (wire A10).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeskPage<'a> {
    #[serde(borrow)]
    values: Vec<&'a RawValue>,
    #[serde(default)]
    is_last_page: Option<bool>,
}

/// An organisation, or whatever else is an id and a name.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Organization {
    #[serde(deserialize_with = "text")]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) name: String,
}

#[derive(Deserialize)]
struct Desk {
    #[serde(deserialize_with = "text")]
    id: String,
}

/// Every record of a list of Service Management's, as it came.
async fn all(connection: &Connection, path: &str) -> Result<Vec<Box<RawValue>>> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut stretches = Stretches::default();
    loop {
        let (from, limit) = (start.to_string(), SIZE.to_string());
        let response = connection.api.read_desk(path, &[("start", &from), ("limit", &limit)]).await?;
        stretches.check(&response)?;
        let page: DeskPage<'_> = response.json()?;
        let received = page.values.len() as u64;
        out.extend(page.values.into_iter().map(ToOwned::to_owned));
        if received == 0 || page.is_last_page == Some(true) {
            return Ok(out);
        }
        start += received;
    }
}

/// Every request type of every service desk, as id and name; none where there is no Service Management.
pub(crate) async fn request_types(connection: &Connection) -> Result<Vec<Organization>> {
    let desks = connection.if_open(Part::ServiceDesk, all(connection, "/servicedesk").await)?;
    let mut out: Vec<Organization> = Vec::new();
    for raw in desks.unwrap_or_default() {
        let desk: Desk = item("service desk", &raw)?;
        for raw in all(connection, &format!("/servicedesk/{}/requesttype", path_segment(&desk.id))).await? {
            let own: Organization = item("request type", &raw)?;
            if !out.iter().any(|known| known.id == own.id) {
                out.push(own);
            }
        }
    }
    Ok(out)
}

fn note<T>(connection: &Connection, outcome: Result<T>) -> Result<T> {
    match &outcome {
        Err(error) if crate::error::is_closed(error) => connection.note_closed(Part::ServiceDesk),
        Ok(_) => connection.note_open(Part::ServiceDesk),
        Err(_) => {}
    }
    outcome
}

/// Every organisation.
pub(crate) async fn organizations(connection: &Connection) -> Result<Vec<Organization>> {
    let rows = note(connection, all(connection, "/organization").await)?;
    rows.iter().map(|raw| item("organisation", raw)).collect()
}

/// One page of accounts.
pub(crate) async fn accounts(connection: &Connection, request: ListAccounts) -> Result<Page<Account>> {
    let codec = connection.codec(Operation::ListAccounts, &(request.include_inactive, request.include_raw));
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let mut accounts = Vec::new();
    for raw in note(connection, all(connection, "/organization").await)? {
        let own: Organization = item("organisation", &raw)?;
        let mut account = Account::new(AccountId::from(own.id), own.name);
        account.raw = raw_of(&raw, request.include_raw);
        accounts.push(account);
    }
    cut(&codec, accounts, offset, Connection::page_size(request.page_size))
}

/// The ids of all accounts.
pub(crate) async fn account_ids(connection: &Connection) -> Result<Vec<String>> {
    Ok(organizations(connection).await?.into_iter().map(|own| own.id).collect())
}

/// Every customer of every service desk, with the organisation that has them.
async fn everybody(connection: &Connection, with_raw: bool) -> Result<Vec<Contact>> {
    let mut belongs: BTreeMap<String, Ref> = BTreeMap::new();
    for own in organizations(connection).await? {
        for raw in all(connection, &format!("/organization/{}/user", path_segment(&own.id))).await? {
            let person: Person = item("customer", &raw)?;
            if let Some(id) = person.id() {
                let account = Ref::new(RefType::Account, own.id.as_str()).with_name(own.name.as_str());
                belongs.entry(id.to_owned()).or_insert(account);
            }
        }
    }
    let mut contacts: BTreeMap<String, Contact> = BTreeMap::new();
    for raw in note(connection, all(connection, "/servicedesk").await)? {
        let desk: Desk = item("service desk", &raw)?;
        for raw in all(connection, &format!("/servicedesk/{}/customer", path_segment(&desk.id))).await? {
            let person: Person = item("customer", &raw)?;
            let Some(id) = person.id() else { continue };
            let mut contact =
                Contact::new(ContactId::from(id), person.display_name.clone().unwrap_or_else(|| id.to_owned()));
            contact.email = person.email_address.clone().filter(|email| !email.is_empty());
            contact.active = person.active;
            contact.time_zone = person.time_zone.clone();
            contact.account = belongs.get(id).cloned();
            contact.raw = raw_of(&raw, with_raw);
            contacts.insert(id.to_owned(), contact);
        }
    }
    Ok(contacts.into_values().collect())
}

/// One page of contacts.
pub(crate) async fn contacts(connection: &Connection, request: ListContacts) -> Result<Page<Contact>> {
    let codec = connection.codec(Operation::ListContacts, &(request.include_inactive, request.include_raw));
    let offset = offset_of(&codec, request.cursor.as_ref())?;
    let mut contacts = everybody(connection, request.include_raw).await?;
    contacts.retain(|contact| request.include_inactive || contact.active != Some(false));
    cut(&codec, contacts, offset, Connection::page_size(request.page_size))
}

/// The ids of all contacts.
pub(crate) async fn contact_ids(connection: &Connection) -> Result<Vec<String>> {
    Ok(everybody(connection, false).await?.into_iter().map(|contact| contact.id.to_string()).collect())
}
