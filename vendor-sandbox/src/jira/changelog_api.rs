//! The changelog of an issue (wire A4.9).

use serde_json::{Value, json};

use super::answer::{ApiError, Reply, ok};
use super::call::Call;
use super::model::{ChangeSet, Issue};
use super::paging::Window;
use super::show;
use super::world::World;

/// Entries per page at most, and inside an issue.
const PAGE: usize = 100;

fn entry(call: &Call<'_>, world: &World, own: &ChangeSet) -> Value {
    // Data Center names people by key where Cloud has account ids.
    let value = |field: Option<&str>, value: &Option<String>| match (field, value) {
        (Some("assignee" | "reporter"), Some(account)) if !call.is_cloud() => {
            json!(world.user(account).map(|user| user.key.clone()))
        }
        _ => json!(value),
    };
    let items: Vec<Value> = own
        .items
        .iter()
        .map(|item| {
            let field = item.field_id.as_deref();
            let mut shown = json!({
                "field": item.field,
                "fieldtype": item.field_type,
                "from": value(field, &item.from),
                "fromString": item.from_string,
                "to": value(field, &item.to),
                "toString": item.to_string,
            });
            if let Some(id) = field.filter(|_| call.is_cloud()) {
                shown["fieldId"] = json!(id);
            }
            shown
        })
        .collect();
    let mut shown = json!({ "id": own.id.to_string(), "created": call.time(own.at), "items": items });
    if own.author.is_some() {
        shown["author"] = show::user_by_id(call, world, own.author.as_ref());
    }
    shown
}

/// `GET /issue/{id}/changelog`, oldest first. Cloud only: Data Center has `expand=changelog` alone.
pub(crate) fn list(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.issue(world, id_or_key)?;
    let window = Window::read(call, PAGE, PAGE)?;
    let shown = window.cut(&own.history).iter().map(|change| entry(call, world, change)).collect();
    Ok(ok(&window.page(call, own.history.len(), shown)))
}

/// `expand=changelog`: newest first on Cloud, and truncated (wire A4.9).
pub(crate) fn embedded(call: &Call<'_>, world: &World, own: &Issue) -> Value {
    let mut shown: Vec<Value> = own.history.iter().map(|change| entry(call, world, change)).collect();
    if call.is_cloud() {
        shown.reverse();
        shown.truncate(PAGE);
    }
    json!({ "startAt": 0, "maxResults": shown.len(), "total": own.history.len(), "histories": shown })
}
