//! People, projects and configuration as JSON, in each flavour's shape (wire A4.4, A7, A13).

use serde_json::{Value, json};

use super::call::Call;
use super::catalogue::{
    CATEGORIES, DEFAULT_PRIORITY, Field, IssueType, LINK_TYPES, OPTIONS, PRIORITIES, RESOLUTIONS, Transition, status_of,
};
use super::model::{Attachment, Component, Group, Project, User, Version};
use super::world::World;

fn avatars(call: &Call<'_>, what: &str) -> Value {
    let host = match (call.is_cloud(), what) {
        // Cloud keeps people's pictures on hosts of their own, wherever the site is.
        (true, "user") => "https://avatars.example.net",
        // Pictures are no links that a client follows: they stay where they are while those lead elsewhere.
        (false, "user") => call.home.as_str(),
        _ => call.site.as_str(),
    };
    let address = |size: &str| format!("{host}/avatars/{what}?size={size}");
    json!({ "48x48": address("48"), "24x24": address("24"), "16x16": address("16"), "32x32": address("32") })
}

/// A user: account id on Cloud, name and key on Data Center. A hidden address is absent.
pub(crate) fn user(call: &Call<'_>, user: &User) -> Value {
    let mut shown = if call.is_cloud() {
        json!({
            "self": call.link(&format!("user?accountId={}", crate::params::encode(&user.account_id))),
            "accountId": user.account_id,
            "accountType": user.account_type,
        })
    } else {
        json!({
            "self": call.link(&format!("user?username={}", crate::params::encode(&user.name))),
            "name": user.name,
            "key": user.key,
        })
    };
    let is_self = call.account() == Some(user.account_id.as_str());
    if is_self || !user.email_hidden {
        shown["emailAddress"] = json!(user.email);
    }
    shown["avatarUrls"] = avatars(call, "user");
    shown["displayName"] = json!(user.display_name);
    shown["active"] = json!(user.active);
    if let Some(zone) = user.zone {
        shown["timeZone"] = json!(zone.name());
    }
    shown
}

/// A user by account id; null for nobody.
pub(crate) fn user_by_id(call: &Call<'_>, world: &World, account: Option<&String>) -> Value {
    account.and_then(|id| world.user(id)).map_or(Value::Null, |own| user(call, own))
}

pub(crate) fn group(call: &Call<'_>, group: &Group) -> Value {
    let link = if call.is_cloud() {
        call.link(&format!("group?groupId={}", group.id))
    } else {
        call.link(&format!("group?groupname={}", crate::params::encode(&group.name)))
    };
    match call.is_cloud() {
        true => json!({ "name": group.name, "groupId": group.id, "self": link }),
        false => json!({ "name": group.name, "self": link }),
    }
}

pub(crate) fn status_category(call: &Call<'_>, id: u64) -> Value {
    let (id, key, color, name) = CATEGORIES.iter().find(|own| own.0 == id).unwrap_or(&CATEGORIES[0]);
    json!({ "self": call.link(&format!("statuscategory/{id}")), "id": id, "key": key, "colorName": color, "name": name })
}

pub(crate) fn status(call: &Call<'_>, id: u64) -> Value {
    let own = status_of(id);
    json!({
        "self": call.link(&format!("status/{id}")),
        "description": "",
        "iconUrl": format!("{}/images/icons/statuses/generic.png", call.site),
        "name": own.name,
        "id": id.to_string(),
        "statusCategory": status_category(call, own.category),
    })
}

pub(crate) fn priority(call: &Call<'_>, id: u64) -> Value {
    let Some((id, name, _)) = PRIORITIES.iter().find(|own| own.0 == id) else { return Value::Null };
    json!({
        "self": call.link(&format!("priority/{id}")),
        "iconUrl": format!("{}/images/icons/priorities/{}.svg", call.site, name.to_lowercase()),
        "name": name,
        "id": id.to_string(),
    })
}

/// With colour and default, as the list of priorities has it.
pub(crate) fn priority_in_full(call: &Call<'_>, id: u64) -> Value {
    let mut shown = priority(call, id);
    if let Some((_, name, color)) = PRIORITIES.iter().find(|own| own.0 == id) {
        shown["statusColor"] = json!(color);
        shown["description"] = json!(format!("{name} priority"));
        if call.is_cloud() {
            shown["isDefault"] = json!(id == DEFAULT_PRIORITY);
        }
    }
    shown
}

pub(crate) fn resolution(call: &Call<'_>, id: u64) -> Value {
    let Some((id, name)) = RESOLUTIONS.iter().find(|own| own.0 == id) else { return Value::Null };
    json!({ "self": call.link(&format!("resolution/{id}")), "id": id.to_string(), "description": "", "name": name })
}

pub(crate) fn issue_type(call: &Call<'_>, own: &IssueType) -> Value {
    let mut shown = json!({
        "self": call.link(&format!("issuetype/{}", own.id)),
        "id": own.id.to_string(),
        "description": "",
        "iconUrl": format!("{}/images/icons/issuetypes/generic.svg", call.site),
        "name": own.name,
        "subtask": own.level < 0,
        "avatarId": 10_300,
    });
    if call.is_cloud() {
        shown["hierarchyLevel"] = json!(own.level);
    }
    shown
}

/// As it stands inside an issue.
pub(crate) fn project(call: &Call<'_>, own: &Project) -> Value {
    let mut shown = json!({
        "self": call.link(&format!("project/{}", own.id)),
        "id": own.id.to_string(),
        "key": own.key,
        "name": own.name,
        "projectTypeKey": own.type_key,
        "avatarUrls": avatars(call, "project"),
    });
    if call.is_cloud() {
        shown["simplified"] = json!(false);
    }
    shown
}

/// As `GET /project/{key}` has it.
pub(crate) fn project_in_full(call: &Call<'_>, world: &World, own: &Project) -> Value {
    let mut shown = project(call, own);
    shown["expand"] = json!("description,lead,issueTypes,url,projectKeys,permissions,insight");
    shown["description"] = json!(own.description);
    shown["lead"] = user_by_id(call, world, Some(&own.lead));
    shown["components"] = own.components.iter().map(|one| component(call, own, one)).collect();
    shown["issueTypes"] =
        own.issue_types.iter().map(|id| issue_type(call, super::catalogue::issue_type_of(*id))).collect();
    shown["versions"] = own.versions.iter().map(|one| version(call, own, one)).collect();
    shown["assigneeType"] = json!("UNASSIGNED");
    shown["roles"] = json!({ "Administrators": call.link(&format!("project/{}/role/10002", own.id)) });
    if call.is_cloud() {
        shown["style"] = json!("classic");
        shown["isPrivate"] = json!(!own.public);
        shown["properties"] = json!({});
    }
    shown
}

pub(crate) fn component(call: &Call<'_>, project: &Project, own: &Component) -> Value {
    json!({
        "self": call.link(&format!("component/{}", own.id)),
        "id": own.id.to_string(),
        "name": own.name,
        "description": own.description,
        "assigneeType": "PROJECT_DEFAULT",
        "isAssigneeTypeValid": false,
        "project": project.key,
        "projectId": project.id,
    })
}

pub(crate) fn version(call: &Call<'_>, project: &Project, own: &Version) -> Value {
    let mut shown = json!({
        "self": call.link(&format!("version/{}", own.id)),
        "id": own.id.to_string(),
        "name": own.name,
        "archived": false,
        "released": own.released,
        "projectId": project.id,
    });
    if let Some(day) = own.release_date {
        shown["releaseDate"] = json!(day.to_string());
    }
    shown
}

pub(crate) fn link_type(call: &Call<'_>, id: u64) -> Value {
    let Some((id, name, inward, outward)) = LINK_TYPES.iter().find(|own| own.0 == id) else { return Value::Null };
    json!({
        "id": id.to_string(),
        "name": name,
        "inward": inward,
        "outward": outward,
        "self": call.link(&format!("issueLinkType/{id}")),
    })
}

pub(crate) fn option(call: &Call<'_>, id: u64) -> Value {
    let Some((_, id, _, value)) = OPTIONS.iter().find(|own| own.1 == id) else { return Value::Null };
    json!({ "self": call.link(&format!("customFieldOption/{id}")), "value": value, "id": id.to_string() })
}

/// wire A4.8.
pub(crate) fn attachment(call: &Call<'_>, world: &World, own: &Attachment) -> Value {
    let content = if call.is_cloud() {
        call.link(&format!("attachment/content/{}", own.id))
    } else {
        format!("{}/rest/api/2/attachment/content/{}/{}", call.base, own.id, crate::params::encode(&own.filename))
    };
    let mut shown = json!({
        "self": call.link(&format!("attachment/{}", own.id)),
        "id": own.id.to_string(),
        "filename": own.filename,
        "created": call.time(own.created),
        "size": own.content.size(),
        "mimeType": own.mime_type,
        "content": content,
    });
    if own.author.is_some() {
        shown["author"] = user_by_id(call, world, own.author.as_ref());
    }
    if own.mime_type.starts_with("image/") {
        shown["thumbnail"] = json!(call.link(&format!("attachment/thumbnail/{}", own.id)));
    }
    shown
}

/// `schema` of a field.
pub(crate) fn schema(field: &Field) -> Value {
    let mut shown = json!({ "type": field.schema.0 });
    if let Some(items) = field.schema.1 {
        shown["items"] = json!(items);
    }
    match (field.custom, field.number) {
        (Some(custom), Some(number)) => {
            shown["custom"] = json!(custom);
            shown["customId"] = json!(number);
        }
        _ => shown["system"] = json!(field.id),
    }
    shown
}

/// One entry of `GET /field`.
pub(crate) fn field(call: &Call<'_>, own: &Field) -> Value {
    let mut shown = json!({
        "id": own.id,
        "name": own.name,
        "custom": own.number.is_some(),
        "orderable": own.is_on_screens(),
        "navigable": true,
        "searchable": true,
        "clauseNames": own.clauses,
        "schema": schema(own),
    });
    if call.is_cloud() {
        shown["key"] = json!(own.id);
    }
    shown
}

/// wire A4.5.
pub(crate) fn transition(call: &Call<'_>, own: &Transition) -> Value {
    let mut shown = json!({
        "id": own.id.to_string(),
        "name": own.name,
        "to": status(call, own.to),
    });
    if call.is_cloud() {
        for (name, value) in [
            ("hasScreen", own.asks_resolution),
            ("isGlobal", own.from.is_empty()),
            ("isInitial", false),
            ("isAvailable", true),
            ("isConditional", false),
            ("isLooped", false),
        ] {
            shown[name] = json!(value);
        }
    }
    shown
}
