//! Users, groups, organisations and brands as documents (`wire/jira-zendesk.md` §B7).

use serde_json::{Map, Value};
use ticketing_core::model::{
    Account, Collection, CollectionCategory, CollectionType, Contact, FieldData, FieldType, FieldValue, Fields, Group,
    Native, Ref, RefType, Removal, RemovalReason, Timestamp, User, UserType,
};
use ticketing_core::{
    AccountId, CollectionId, ContactId, Delivery, Error, ErrorKind, GroupId, Result, UserId, Version,
};

use crate::wire::{BrandRow, GroupRow, Named, OrganizationRow, UserRow};

/// True for an end-user: a customer's person.
pub(crate) fn is_contact(row: &UserRow) -> bool {
    row.role.as_deref() == Some("end-user")
}

/// A reference to somebody who was side-loaded.
pub(crate) fn person_ref(named: &Named) -> Ref {
    let ref_type = if named.role.as_deref() == Some("end-user") { RefType::Contact } else { RefType::User };
    Ref { id: named.id.to_string(), key: named.external_id.clone(), name: named.name.clone(), ref_type }
}

fn id_of(row: &UserRow) -> Result<String> {
    row.id.map(|id| id.to_string()).ok_or_else(|| {
        let named = row.name.as_deref().unwrap_or_default();
        Error::new(ErrorKind::Decode, format!("the user `{named}` has no id")).with_delivery(Delivery::Answered)
    })
}

fn version(at: Option<Timestamp>) -> Option<Version> {
    at.map(|at| Version::from(ticketing_core::model::format_timestamp(at)))
}

fn active(row: &UserRow) -> Option<bool> {
    match (row.active, row.suspended) {
        (None, None) => None,
        (active, suspended) => Some(active.unwrap_or(true) && !suspended.unwrap_or(false)),
    }
}

/// How a user went, where it did: deleted users are kept as inactive (§B7).
fn gone(row: &UserRow) -> Option<Removal> {
    (row.active == Some(false)).then_some(Removal { at: None, reason: Some(RemovalReason::Deleted), moved_to: None })
}

/// A user row as a user.
///
/// # Errors
/// `Decode` where it does not say who it is.
pub(crate) fn user(row: UserRow, base: &str) -> Result<User> {
    let id = id_of(&row)?;
    let mut user = User::new(UserId::from(id.as_str()), row.name.clone().unwrap_or_default());
    user.user_type = if is_contact(&row) { UserType::Contact } else { UserType::User };
    user.active = active(&row);
    user.deleted = gone(&row);
    // There are no login names; the id that a single sign-on or another system knows the user by comes nearest.
    user.username.clone_from(&row.external_id);
    user.account = row.organization_id.map(|id| Ref::new(RefType::Account, id.to_string()));
    user.avatar_url = row.photo.as_ref().and_then(|photo| photo.content_url.clone());
    user.url = Some(format!("{base}/agent/users/{id}"));
    user.fields = person_fields(&row);
    user.created_at = row.created_at;
    user.updated_at = row.updated_at;
    user.version = version(row.updated_at);
    user.email = row.email;
    user.phone = row.phone;
    user.time_zone = row.iana_time_zone;
    user.locale = row.locale;
    Ok(user)
}

/// A user row as a contact.
///
/// # Errors
/// `Decode` where it does not say who it is.
pub(crate) fn contact(row: UserRow, base: &str) -> Result<Contact> {
    let id = id_of(&row)?;
    let mut contact = Contact::new(ContactId::from(id.as_str()), row.name.clone().unwrap_or_default());
    contact.active = active(&row);
    contact.deleted = gone(&row);
    contact.account = row.organization_id.map(|id| Ref::new(RefType::Account, id.to_string()));
    contact.url = Some(format!("{base}/agent/users/{id}"));
    contact.fields = person_fields(&row);
    if let Some(external) = row.external_id {
        contact.fields.insert("external_id".into(), FieldValue::new(FieldType::String, external));
    }
    contact.created_at = row.created_at;
    contact.updated_at = row.updated_at;
    contact.version = version(row.updated_at);
    contact.email = row.email;
    contact.phone = row.phone;
    contact.time_zone = row.iana_time_zone;
    contact.locale = row.locale;
    Ok(contact)
}

fn person_fields(row: &UserRow) -> Fields {
    let mut fields = own_fields(row.user_fields.as_ref());
    let texts = [("role", &row.role), ("alias", &row.alias), ("details", &row.details), ("notes", &row.notes)];
    for (id, text) in texts {
        if let Some(text) = text {
            fields.insert(id.into(), FieldValue::new(FieldType::String, text.as_str()));
        }
    }
    if let Some(tags) = row.tags.as_ref().filter(|tags| !tags.is_empty()) {
        fields.insert("tags".into(), FieldValue::new(FieldType::String, tags.clone()));
    }
    fields
}

/// Fields of the customer's own making, by their keys; their types are not described with them.
fn own_fields(own: Option<&Map<String, Value>>) -> Fields {
    let typed = own.into_iter().flatten().filter_map(|(key, value)| {
        let (field_type, data) = match value {
            Value::Null => return None,
            Value::Bool(flag) => (FieldType::Boolean, FieldData::Bool(*flag)),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => (FieldType::Integer, FieldData::Integer(whole)),
                None => (FieldType::Decimal, FieldData::Text(number.to_string())),
            },
            Value::String(text) => (FieldType::String, FieldData::Text(text.clone())),
            other => (FieldType::Other, serde_json::from_value(other.clone()).ok()?),
        };
        Some((key.as_str().into(), FieldValue::new(field_type, data).custom()))
    });
    typed.collect()
}

/// A group row as a group.
pub(crate) fn group(row: GroupRow) -> Group {
    let mut group = Group::new(GroupId::from(row.id.to_string()), row.name.unwrap_or_default());
    group.description = row.description;
    group.active = row.deleted.map(|deleted| !deleted);
    if let Some(public) = row.is_public {
        group.fields.insert("is_public".into(), FieldValue::new(FieldType::Boolean, public));
    }
    group.created_at = row.created_at;
    group.updated_at = row.updated_at;
    group.version = version(row.updated_at);
    group
}

/// An organisation as an account.
pub(crate) fn account(row: OrganizationRow, base: &str) -> Account {
    let mut account = Account::new(AccountId::from(row.id.to_string()), row.name.unwrap_or_default());
    account.key = row.external_id;
    account.description = row.details;
    account.domains = row.domain_names;
    account.url = Some(format!("{base}/agent/organizations/{}", row.id));
    account.fields = own_fields(row.organization_fields.as_ref());
    if let Some(notes) = row.notes {
        account.fields.insert("notes".into(), FieldValue::new(FieldType::Text, notes));
    }
    if let Some(tags) = row.tags.filter(|tags| !tags.is_empty()) {
        account.fields.insert("tags".into(), FieldValue::new(FieldType::String, tags));
    }
    if let Some(group) = row.group_id {
        account.fields.insert("group_id".into(), FieldValue::new(FieldType::Group, group.to_string()));
    }
    account.created_at = row.created_at;
    account.updated_at = row.updated_at;
    account.version = version(row.updated_at);
    account.deleted =
        row.deleted_at.map(|at| Removal { at: Some(at), reason: Some(RemovalReason::Deleted), moved_to: None });
    account
}

/// A brand as a collection.
pub(crate) fn brand(row: BrandRow) -> Collection {
    let desk = CollectionType { category: CollectionCategory::Desk, native: Native::named("brand", "Brand") };
    let mut out = Collection::new(CollectionId::from(row.id.to_string()), row.name.unwrap_or_default(), desk);
    out.key = row.subdomain;
    out.active = row.active.map(|active| active && row.is_deleted != Some(true));
    out.url = row.brand_url;
    out.created_at = row.created_at;
    out.updated_at = row.updated_at;
    out.version = version(row.updated_at);
    out
}
