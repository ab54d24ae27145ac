//! Ticket fields, forms, custom statuses, brands and tags as JSON: wire B4, B7.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{ApiError, Document, Reply, ok};
use super::call::Call;
use super::catalogue::{self, ASSET, BRAND, CustomStatus, FIELDS, FORM, Field, STATUSES};
use super::paging::Page;
use super::world::World;

/// When the account was set up.
const SET_UP: &str = "2026-01-01T08:00:00Z";

/// One ticket field (wire B7; members as the OAS lists them).
fn field(call: &Call<'_>, own: &Field) -> Value {
    let mut shown = json!({
        "url": call.url(&format!("ticket_fields/{}", own.id)),
        "id": own.id,
        "type": own.kind,
        "title": own.title,
        "raw_title": own.title,
        "description": own.title,
        "raw_description": own.title,
        "position": own.id - catalogue::FIELD,
        "active": true,
        "required": own.required,
        "collapsed_for_agents": false,
        "regexp_for_validation": (own.kind == "regexp").then_some(ASSET),
        "title_in_portal": own.title,
        "raw_title_in_portal": own.title,
        "visible_in_portal": false,
        "editable_in_portal": false,
        "required_in_portal": false,
        "agent_can_edit": true,
        "tag": own.tag,
        "created_at": SET_UP,
        "updated_at": SET_UP,
        "removable": own.removable,
        "key": null,
        "agent_description": null,
    });
    match own.kind {
        "tagger" | "multiselect" => {
            let options = own.options.iter().zip(1..).map(|((name, value), number)| {
                json!({ "id": own.id * 10 + number, "name": name, "raw_name": name, "value": value, "default": false })
            });
            shown["custom_field_options"] = options.collect();
        }
        "tickettype" | "priority" => {
            shown["system_field_options"] =
                own.options.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        }
        "status" => {
            let options = [("Open", "open"), ("Pending", "pending"), ("On-hold", "hold"), ("Solved", "solved")];
            shown["system_field_options"] =
                options.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
            shown["sub_type_id"] = json!(1);
        }
        "custom_status" => {
            shown["custom_statuses"] = STATUSES.iter().filter(|own| own.active).map(|own| status(call, own)).collect();
        }
        _ => {}
    }
    shown
}

/// `GET /ticket_fields`.
pub(crate) fn fields(call: &Call<'_>) -> Result<Reply, ApiError> {
    call.agent()?;
    let all = FIELDS.iter().map(|own| ((0, own.id), field(call, own))).collect();
    let page = Page::of(call, all)?;
    let document = page.document("ticket_fields");
    Ok(page.finish(document))
}

fn by_id<T>(id: &str, find: impl FnOnce(u64) -> Option<T>) -> Result<T, ApiError> {
    id.parse().ok().and_then(find).ok_or_else(ApiError::not_found)
}

/// `GET /ticket_fields/{id}`.
pub(crate) fn one_field(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    Ok(ok(&json!({ "ticket_field": field(call, by_id(id, catalogue::field)?) })))
}

/// `GET /ticket_fields/count`.
pub(crate) fn count_fields(call: &Call<'_>) -> Result<Reply, ApiError> {
    call.agent()?;
    Ok(super::ticket_api::counted(call, FIELDS.len()))
}

/// `GET /ticket_fields/{id}/options`.
pub(crate) fn options(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    let own = by_id(id, catalogue::field)?;
    let options = field(call, own)["custom_field_options"].as_array().cloned().unwrap_or_default();
    let all = options.into_iter().map(|own| ((0, own["id"].as_u64().unwrap_or(0)), own)).collect();
    let page = Page::of(call, all)?;
    let document = page.document("custom_field_options");
    Ok(page.finish(document))
}

/// The one form: every field.
pub(crate) fn form(call: &Call<'_>) -> Value {
    json!({
        "url": call.url(&format!("ticket_forms/{FORM}")),
        "id": FORM,
        "name": "Default Ticket Form",
        "raw_name": "Default Ticket Form",
        "display_name": "Default Ticket Form",
        "raw_display_name": "Default Ticket Form",
        "end_user_visible": true,
        "position": 1,
        "ticket_field_ids": FIELDS.iter().map(|own| own.id).collect::<Vec<_>>(),
        "active": true,
        "default": true,
        "in_all_brands": true,
        "restricted_brand_ids": [],
        "end_user_conditions": [],
        "agent_conditions": [],
        "created_at": SET_UP,
        "updated_at": SET_UP,
    })
}

/// `GET /ticket_forms`.
pub(crate) fn forms(call: &Call<'_>) -> Result<Reply, ApiError> {
    call.agent()?;
    let page = Page::of(call, vec![((0, FORM), form(call))])?;
    let document = page.document("ticket_forms");
    Ok(page.finish(document))
}

/// `GET /ticket_forms/{id}`.
pub(crate) fn one_form(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    by_id(id, |id| (id == FORM).then_some(()))?;
    Ok(ok(&json!({ "ticket_form": form(call) })))
}

/// wire B4.
pub(crate) fn status(call: &Call<'_>, own: &CustomStatus) -> Value {
    json!({
        "url": call.url(&format!("custom_statuses/{}", own.id)),
        "id": own.id,
        "status_category": own.category.name(),
        "agent_label": own.agent_label,
        "raw_agent_label": own.agent_label,
        "end_user_label": own.end_user_label,
        "raw_end_user_label": own.end_user_label,
        "description": "",
        "raw_description": "",
        "end_user_description": "",
        "raw_end_user_description": "",
        "active": own.active,
        "default": own.default,
        "created_at": SET_UP,
        "updated_at": SET_UP,
    })
}

/// `GET /custom_statuses`: no pages (wire B2).
pub(crate) fn statuses(call: &Call<'_>) -> Result<Reply, ApiError> {
    call.agent()?;
    let wanted = |name: &str| call.params.get(name);
    let categories: Option<Vec<&str>> = wanted("status_categories").map(|list| list.split(',').collect());
    let all = STATUSES.iter().filter(|own| {
        categories.as_ref().is_none_or(|categories| categories.contains(&own.category.name()))
            && wanted("active").is_none_or(|active| own.active == (active == "true"))
            && wanted("default").is_none_or(|default| own.default == (default == "true"))
    });
    let all: Vec<Value> = all.map(|own| status(call, own)).collect();
    Ok(ok(&json!({ "custom_statuses": all })))
}

/// `GET /custom_statuses/{id}`.
pub(crate) fn one_status(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    Ok(ok(&json!({ "custom_status": status(call, by_id(id, catalogue::custom_status)?) })))
}

fn brand(call: &Call<'_>) -> Value {
    json!({
        "url": call.url(&format!("brands/{BRAND}")),
        "id": BRAND,
        "name": "Sandbox",
        "brand_url": call.base,
        "subdomain": "sandbox",
        "host_mapping": null,
        "has_help_center": false,
        "help_center_state": "disabled",
        "active": true,
        "default": true,
        "is_deleted": false,
        "logo": null,
        "ticket_form_ids": [FORM],
        "signature_template": "{{agent.signature}}",
        "created_at": SET_UP,
        "updated_at": SET_UP,
    })
}

/// `GET /brands`.
pub(crate) fn brands(call: &Call<'_>) -> Result<Reply, ApiError> {
    call.agent()?;
    let page = Page::of(call, vec![((0, BRAND), brand(call))])?;
    let document = page.document("brands");
    Ok(page.finish(document))
}

/// `GET /brands/{id}`.
pub(crate) fn one_brand(call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    call.agent()?;
    by_id(id, |id| (id == BRAND).then_some(()))?;
    Ok(ok(&json!({ "brand": brand(call) })))
}

/// Every tag of a ticket, with how many tickets have it; the most used first (wire B7).
fn counted_tags(world: &World) -> Vec<(String, u64)> {
    let mut counts = BTreeMap::<&str, u64>::new();
    for tag in world.tickets().filter(|ticket| ticket.deleted.is_none()).flat_map(|ticket| &ticket.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    let mut all: Vec<(String, u64)> = counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect();
    all.sort_by_key(|own| std::cmp::Reverse(own.1));
    all
}

/// `GET /tags`.
pub(crate) fn tags(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let all = counted_tags(world).into_iter().zip(1..);
    let all = all.map(|((name, count), place)| ((0, place), json!({ "name": name, "count": count }))).collect();
    let page = Page::of(call, all)?;
    let document = page.document("tags");
    Ok(page.finish(document))
}

/// `GET /autocomplete/tags?name=`.
pub(crate) fn autocomplete_tags(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    call.agent()?;
    let name = call.params.get("name").unwrap_or_default();
    if name.chars().count() < 2 {
        return Err(ApiError::bad_request("InvalidValue", "name must be at least 2 characters"));
    }
    let found: Vec<String> =
        counted_tags(world).into_iter().map(|own| own.0).filter(|tag| tag.starts_with(name)).collect();
    let mut document = Document::new();
    document.put("tags", &found);
    document.put("count", &found.len());
    document.put("next_page", &Value::Null);
    document.put("previous_page", &Value::Null);
    Ok(document.reply())
}
