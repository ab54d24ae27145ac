//! Comments (wire A4.6): restricted to roles or groups, internal on a service desk (A10).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{ApiError, Reply, created, no_content, ok};
use super::call::Call;
use super::edit::{self, Refused};
use super::issue_json::comment;
use super::model::{Comment, Issue, Visibility};
use super::paging::Window;
use super::site::Site;
use super::world::{Permission, World};

/// Comments per page at most.
const PAGE: usize = 5_000;

const MISSING: &str = "Can not find a comment for the id";

/// Reads a comment to be added; its id is set when it is.
pub(crate) fn read(call: &Call<'_>, world: &World, issue: &Issue, body: &Value) -> Result<Comment, ApiError> {
    call.may(world, Permission::AddComments, "You do not have the permission to comment on this issue.")?;
    let account = call.account().map(str::to_owned);
    let mut own = Comment {
        id: 0,
        author: account.clone(),
        update_author: account,
        body: super::rich_text::RichText::Wiki(String::new()),
        created: call.now,
        updated: call.now,
        visibility: None,
        internal: false,
        properties: BTreeMap::new(),
    };
    write(call, world, issue, body, &mut own)?;
    Ok(own)
}

/// Gives a new comment its id.
pub(crate) fn numbered(world: &mut World, mut own: Comment) -> Comment {
    own.id = world.new_id();
    own
}

/// wire A4.6: a plain string in v3 is refused with empty `errorMessages`.
fn write(call: &Call<'_>, world: &World, issue: &Issue, body: &Value, own: &mut Comment) -> Result<(), ApiError> {
    let invalid = "Comment body is not valid!";
    match edit::rich_text(call, &body["body"], invalid) {
        Ok(Some(text)) => own.body = edit::kept(call, text),
        Ok(None) => return Err(ApiError::field("comment", "Comment body can not be empty!")),
        Err(Refused::Field(message)) => return Err(ApiError::field("comment", message)),
        Err(Refused::Request(message)) => return Err(ApiError::bad_request(message)),
    }
    if let Some(wanted) = body.get("visibility").filter(|wanted| !wanted.is_null()) {
        own.visibility = Some(visibility(call, world, wanted)?);
    }
    let is_desk = world.project(issue.project).is_some_and(super::model::Project::is_service_desk);
    for property in body.get("properties").and_then(Value::as_array).into_iter().flatten() {
        let Some(key) = property["key"].as_str() else { continue };
        if key == "sd.public.comment" {
            // wire A10: {"internal":true}; some clients send the text "true".
            let flag = &property["value"]["internal"];
            own.internal = is_desk && (*flag == true || *flag == "true");
        } else {
            own.properties.insert(key.to_owned(), property["value"].clone());
        }
    }
    Ok(())
}

fn visibility(call: &Call<'_>, world: &World, wanted: &Value) -> Result<Visibility, ApiError> {
    let text = |name: &str| wanted[name].as_str();
    match text("type") {
        Some("role") => {
            let known = [("Administrators", "10002"), ("Service Desk Team", "10101")];
            let found = known.iter().find(|own| text("value") == Some(own.0) || text("identifier") == Some(own.1));
            let message = format!("Role: {} does not exist.", text("value").unwrap_or_default());
            let (name, id) = found.ok_or_else(|| ApiError::field("commentLevel", message))?;
            Ok(Visibility { kind: "role", value: (*name).to_owned(), identifier: (*id).to_owned() })
        }
        Some("group") => {
            let found = text("identifier").and_then(|id| world.group(id)).or_else(|| world.group_named(text("value")?));
            let message = format!("Group: {} does not exist.", text("value").unwrap_or_default());
            let group = found.ok_or_else(|| ApiError::field("commentLevel", message))?;
            // As for roles: nobody writes what they could not read.
            if !call.account().is_some_and(|account| group.members.iter().any(|own| own == account)) {
                let message = format!("You are currently not a member of the group: {}.", group.name);
                return Err(ApiError::field("commentLevel", message));
            }
            Ok(Visibility { kind: "group", value: group.name.clone(), identifier: group.id.clone() })
        }
        _ => Err(ApiError::field("commentLevel", "The comment visibility type is not valid.")),
    }
}

fn with_html(call: &Call<'_>) -> bool {
    call.params.get("expand").is_some_and(|expand| expand.contains("renderedBody"))
}

/// `GET /issue/{idOrKey}/comment`.
pub(crate) fn list(call: &Call<'_>, world: &World, id_or_key: &str) -> Result<Reply, ApiError> {
    let own = call.issue(world, id_or_key)?;
    let mut visible: Vec<&Comment> = own.comments.iter().filter(|one| call.sees_comment(world, one)).collect();
    match call.params.get("orderBy") {
        None | Some("created" | "+created") => {}
        Some("-created") => visible.reverse(),
        Some(other) => return Err(ApiError::bad_request(format!("The orderBy field '{other}' is not supported."))),
    }
    // wire A4.6: 100 by default; Data Center gives all.
    let window = Window::read(call, if call.is_cloud() { 100 } else { PAGE }, PAGE)?;
    let html = with_html(call);
    let shown: Vec<Value> = window.cut(&visible).iter().map(|one| comment(call, world, own, one, html)).collect();
    Ok(ok(&json!({
        "startAt": window.start, "maxResults": window.size, "total": visible.len(), "comments": shown,
    })))
}

/// `POST /comment/list`: by id, a page (wire A4.6).
pub(crate) fn by_ids(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let ids: Vec<u64> =
        body.get("ids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64).collect();
    let window = Window::read(call, 1_000, 1_000)?;
    let mut shown = Vec::new();
    for own in world.issues().filter(|own| call.sees(world, own)) {
        let wanted = own.comments.iter().filter(|one| ids.contains(&one.id) && call.sees_comment(world, one));
        shown.extend(wanted.map(|one| comment(call, world, own, one, with_html(call))));
    }
    let page = window.cut(&shown).to_vec();
    Ok(ok(&window.page(call, shown.len(), page)))
}

fn find<'i>(call: &Call<'_>, world: &World, own: &'i Issue, id: &str) -> Result<&'i Comment, ApiError> {
    let found = own.comments.iter().find(|one| one.id.to_string() == id && call.sees_comment(world, one));
    found.ok_or_else(|| ApiError::not_found(format!("{MISSING}: {id}.")))
}

/// `GET /issue/{idOrKey}/comment/{id}`.
pub(crate) fn get(call: &Call<'_>, world: &World, id_or_key: &str, id: &str) -> Result<Reply, ApiError> {
    let own = call.issue(world, id_or_key)?;
    Ok(ok(&comment(call, world, own, find(call, world, own, id)?, with_html(call))))
}

/// `POST /issue/{idOrKey}/comment`: 201. Without the internal flag it is public (wire A10).
pub(crate) fn add(site: &Site, call: &Call<'_>, id_or_key: &str) -> Result<Reply, ApiError> {
    let body = Value::Object(call.json()?);
    site.write(|world| {
        let own = call.issue(world, id_or_key)?.clone();
        let new = read(call, world, &own, &body)?;
        let new = numbered(world, new);
        let id = new.id.to_string();
        let author = call.account().map(str::to_owned);
        world.change(own.id, author.as_deref(), call.now, |own| own.comments.push(new));
        let own = call.issue(world, id_or_key)?;
        Ok(created(&comment(call, world, own, find(call, world, own, &id)?, with_html(call))))
    })
}

/// wire A4.6: authors edit their own; administrators edit all.
fn may_change(call: &Call<'_>, own: &Comment) -> Result<(), ApiError> {
    let user = call.user()?;
    if user.admin || own.author.as_ref() == Some(&user.account_id) {
        return Ok(());
    }
    Err(ApiError::bad_request(format!("You do not have the permission to edit this comment: {}.", own.id)))
}

/// `PUT /issue/{idOrKey}/comment/{id}`: 200.
pub(crate) fn edit(site: &Site, call: &Call<'_>, id_or_key: &str, id: &str) -> Result<Reply, ApiError> {
    let body = Value::Object(call.json()?);
    site.write(|world| {
        let own = call.issue(world, id_or_key)?.clone();
        let mut changed = find(call, world, &own, id)?.clone();
        may_change(call, &changed)?;
        write(call, world, &own, &body, &mut changed)?;
        changed.updated = call.now;
        changed.update_author = call.account().map(str::to_owned);
        let author = call.account().map(str::to_owned);
        world.change(own.id, author.as_deref(), call.now, |own| {
            for one in own.comments.iter_mut().filter(|one| one.id == changed.id) {
                one.clone_from(&changed);
            }
        });
        let own = call.issue(world, id_or_key)?;
        Ok(ok(&comment(call, world, own, find(call, world, own, id)?, with_html(call))))
    })
}

/// `DELETE /issue/{idOrKey}/comment/{id}`: 204.
pub(crate) fn delete(site: &Site, call: &Call<'_>, id_or_key: &str, id: &str) -> Result<Reply, ApiError> {
    site.write(|world| {
        let own = call.issue(world, id_or_key)?.clone();
        let gone = find(call, world, &own, id)?;
        may_change(call, gone)?;
        let (gone, author) = (gone.id, call.account().map(str::to_owned));
        world.change(own.id, author.as_deref(), call.now, |own| own.comments.retain(|one| one.id != gone));
        Ok(no_content())
    })
}
