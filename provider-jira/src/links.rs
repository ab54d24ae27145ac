//! Links between issues, the tree of parents and children, and links to the web (wire A4.9).

use serde::Deserialize;
use serde_json::{Value, json};
use ticketing_core::model::{Link, LinkCategory, LinkType, Native, Ref, RefType};
use ticketing_core::request::{AddLink, LinkTarget, ListLinks, RemoveLink};
use ticketing_core::{Delivery, Error, ErrorKind, LinkId, Operation, Page, Result, remedy};
use ticketing_http::decode_error;
use ticketing_http::{Idempotency, Request, path_segment};

use crate::connection::Connection;
use crate::wire::Thing;
use crate::write::{Target, locate};
use ticketing_http::config::shown;

/// What stands before the id of a link to the web.
const WEB: &str = "web:";
/// The ids of what the tree says; it is changed by a ticket's parent.
const TREE: &str = "tree:";

/// A link type, and how each end says it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct LinkKind {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    name: String,
    inward: String,
    outward: String,
}

/// What a phrase of a link type means; sites name their own as they like.
fn meaning(phrase: &str) -> LinkCategory {
    match phrase.trim().to_lowercase().as_str() {
        "relates to" => LinkCategory::RelatesTo,
        "blocks" => LinkCategory::Blocks,
        "is blocked by" => LinkCategory::BlockedBy,
        "duplicates" => LinkCategory::Duplicates,
        "is duplicated by" => LinkCategory::DuplicatedBy,
        "causes" => LinkCategory::Causes,
        "is caused by" => LinkCategory::CausedBy,
        "is parent of" | "is the parent of" => LinkCategory::ParentOf,
        "is child of" | "is the child of" => LinkCategory::ChildOf,
        _ => LinkCategory::Other,
    }
}

impl LinkKind {
    /// What the issue says of the other one, where the other stands outward or inward of it.
    fn says(&self, other_is_outward: bool) -> LinkCategory {
        let (own, inverse) =
            if other_is_outward { (&self.outward, &self.inward) } else { (&self.inward, &self.outward) };
        match (meaning(own), meaning(inverse).inverse()) {
            (LinkCategory::Other, other) => other,
            (own, _) => own,
        }
    }
}

/// One entry of an issue's links: one of the ends is there, and it is the other issue.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    #[serde(rename = "type", default)]
    kind: LinkKind,
    #[serde(default)]
    inward_issue: Option<Thing>,
    #[serde(default)]
    outward_issue: Option<Thing>,
}

fn reference(own: &Thing) -> Option<Ref> {
    let mut out = Ref::new(RefType::Ticket, own.id.clone()?);
    out.key.clone_from(&own.key);
    Some(out)
}

fn ticket_of(target: &Target) -> Ref {
    let mut out = Ref::new(RefType::Ticket, target.id.as_str());
    out.key = Some(target.key.clone()).filter(|key| !key.is_empty());
    out
}

fn link(target: &Target, id: String, category: LinkCategory, native: Native, other: Option<Ref>) -> Link {
    Link {
        id: LinkId::from(id),
        link_type: LinkType { category, native },
        ticket: ticket_of(target),
        target: other,
        url: None,
        title: None,
        created_at: None,
    }
}

/// One page of a ticket's links: they come at once.
pub(crate) async fn list(connection: &Connection, request: ListLinks) -> Result<Page<Link>> {
    let codec = connection.codec(Operation::ListLinks, &request.ticket);
    let offset: usize = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
    let (target, mut links) = between(connection, &request.ticket).await?;
    links.extend(to_the_web(connection, &target).await?);
    let size = request.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
    let next = offset.checked_add(size).filter(|end| *end < links.len()).map(|end| codec.cursor(&end)).transpose()?;
    Ok(Page::new(links.into_iter().skip(offset).take(size).collect(), next))
}

/// The links of an issue to others, and its place in the tree.
async fn between(connection: &Connection, id: &ticketing_core::TicketId) -> Result<(Target, Vec<Link>)> {
    let target = locate(connection, id, &["issuelinks", "parent", "subtasks"]).await?;
    let read = |value: Option<&Value>| value.cloned().unwrap_or_default();
    let broken = |error: serde_json::Error| {
        decode_error("", error).with_context(format!("the links of `{}`", shown(&target.key)))
    };
    let own: Option<Vec<Shown>> = serde_json::from_value(read(target.some("issuelinks"))).map_err(broken)?;
    let mut links = Vec::new();
    for one in own.unwrap_or_default() {
        // `outwardIssue` there: this issue says the type's outward phrase of that one.
        let (other, outward) = match (&one.outward_issue, &one.inward_issue) {
            (Some(other), _) => (other, true),
            (None, Some(other)) => (other, false),
            (None, None) => continue,
        };
        let category = one.kind.says(outward != remedy::is_removed("jira.link_direction"));
        let native = Native::named(&*one.kind.id, &*one.kind.name);
        links.push(link(&target, one.id, category, native, reference(other)));
    }
    let parent: Option<Thing> = serde_json::from_value(read(target.some("parent"))).map_err(broken)?;
    let children: Option<Vec<Thing>> = serde_json::from_value(read(target.some("subtasks"))).map_err(broken)?;
    let above = parent.into_iter().map(|own| (own, LinkCategory::ChildOf, "parent", "Parent"));
    let below =
        children.unwrap_or_default().into_iter().map(|own| (own, LinkCategory::ParentOf, "subtasks", "Sub-tasks"));
    for (other, category, id, name) in above.chain(below) {
        let Some(end) = reference(&other) else { continue };
        links.push(link(&target, format!("{TREE}{}:{}", id, end.id), category, Native::named(id, name), Some(end)));
    }
    Ok((target, links))
}

/// A link to the web.
#[derive(Debug, Deserialize)]
struct Remote {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    #[serde(default)]
    relationship: Option<String>,
    #[serde(default)]
    object: RemoteObject,
}

#[derive(Debug, Default, Deserialize)]
struct RemoteObject {
    #[serde(default)]
    url: String,
    #[serde(default)]
    title: Option<String>,
}

fn remote(target: &Target, own: Remote) -> Link {
    let relationship = own.relationship.filter(|text| !text.is_empty());
    let native = Native { id: "remotelink".to_owned(), name: relationship };
    let mut out = link(target, format!("{WEB}{}", own.id), LinkCategory::RelatesTo, native, None);
    out.url = Some(own.object.url);
    out.title = own.object.title.filter(|title| !title.is_empty());
    out
}

/// The links of an issue to the web; none where the site has no such list.
async fn to_the_web(connection: &Connection, target: &Target) -> Result<Vec<Link>> {
    let path = format!("/issue/{}/remotelink", path_segment(&target.id));
    let all: Vec<Remote> = match connection.api.read(&path, &[]).await {
        Err(error) if crate::error::is_closed(&error) => return Ok(Vec::new()),
        outcome => outcome?.json()?,
    };
    Ok(all.into_iter().map(|own| remote(target, own)).collect())
}

/// A new link. The site keeps no two of the same, so that a repeated attempt makes no second one.
pub(crate) async fn add(connection: &Connection, request: AddLink) -> Result<Link> {
    let other = match &request.target {
        LinkTarget::Ticket(id) => id,
        LinkTarget::Url { url, title } => return add_remote(connection, &request, url, title.as_deref()).await,
        _ => {
            return Err(Error::new(ErrorKind::Unsupported, "links lead to tickets and to the web").with_field("target"));
        }
    };
    if matches!(request.category, LinkCategory::ChildOf | LinkCategory::ParentOf) && request.native_type.is_none() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("`{}` is no link: a ticket has a parent", request.category),
        )
        .with_field("category")
        .with_hint("set the child's `parent`"));
    }
    let target = locate(connection, &request.ticket, &[]).await?;
    let other = locate(connection, other, &[]).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Error::invalid("target", error.message().to_owned()).with_hint("check the target's id or key")
        }
        _ => error,
    })?;
    if other.id == target.id {
        return Err(Error::invalid("target", "a ticket is not linked to itself").with_hint("name another ticket"));
    }
    let (kind, outward) = kind_of(connection, &request).await?;
    let (inward, out) = if outward { (&target, &other) } else { (&other, &target) };
    let body = json!({
        "type": { "id": kind.id },
        "inwardIssue": { "key": inward.key },
        "outwardIssue": { "key": out.key },
    });
    connection.note_written(&target.id);
    connection.note_written(&other.id);
    connection.api.write(Request::post, "/issueLink", Some(&body), Idempotency::Idempotent).await?;
    // The answer is empty: what the link's id is, the issue says.
    let (_, links) =
        between(connection, &target.id.as_str().into()).await.map_err(|error| error.with_applied(["link"]))?;
    let made = links.into_iter().find(|own| {
        own.link_type.native.id == kind.id
            && own.target.as_ref().is_some_and(|end| end.id == other.id)
            && own.link_type.category == kind.says(outward)
    });
    made.ok_or_else(|| {
        Error::new(ErrorKind::Conflict, format!("the site did not keep the link `{}`", request.category))
            .with_field("category")
            .with_delivery(Delivery::Answered)
    })
}

/// The link type that says a category, and whether the other issue stands outward of it.
async fn kind_of(connection: &Connection, request: &AddLink) -> Result<(LinkKind, bool)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        issue_link_types: Vec<LinkKind>,
    }
    let answer: Answer = connection.api.read("/issueLinkType", &[]).await?.json()?;
    let kinds = answer.issue_link_types;
    let named = |own: &&LinkKind| match &request.native_type {
        None => true,
        Some(native) => own.id == *native || own.name.to_lowercase() == native.to_lowercase(),
    };
    let told = || {
        let all: Vec<String> =
            kinds.iter().map(|own| format!("{} ({} / {})", own.name, own.outward, own.inward)).collect();
        format!("there are: {}", all.join(", "))
    };
    for outward in [true, false] {
        if let Some(kind) = kinds.iter().filter(named).find(|own| own.says(outward) == request.category) {
            return Ok((kind.clone(), outward));
        }
    }
    Err(match &request.native_type {
        Some(native) => Error::invalid(
            "native_type",
            format!("there is no link type `{}` that says `{}`", shown(native), request.category),
        )
        .with_hint(told()),
        None => {
            Error::new(ErrorKind::Unsupported, format!("the site has no link type that says `{}`", request.category))
                .with_field("category")
                .with_hint(told())
        }
    })
}

/// A link to the web: one for each address, so that twice is the same as once.
async fn add_remote(connection: &Connection, request: &AddLink, url: &str, title: Option<&str>) -> Result<Link> {
    if request.category != LinkCategory::RelatesTo {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!("a link to the web says `relates_to`, and not `{}`", request.category),
        )
        .with_field("category"));
    }
    let web = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    if web.is_none() {
        return Err(Error::invalid("target", "it is no address of the web")
            .with_hint("give one such as `https://example.com/page`"));
    }
    let target = locate(connection, &request.ticket, &[]).await?;
    let mut body = json!({ "globalId": global_id(url), "object": { "url": url, "title": title.unwrap_or(url) } });
    if let Some(native) = &request.native_type {
        body["relationship"] = json!(native);
    }
    let path = format!("/issue/{}/remotelink", path_segment(&target.id));
    connection.api.write(Request::post, &path, Some(&body), Idempotency::Idempotent).await?;
    let links = to_the_web(connection, &target).await.map_err(|error| error.with_applied(["link"]))?;
    links.into_iter().find(|own| own.url.as_deref() == Some(url)).ok_or_else(|| {
        Error::new(ErrorKind::Conflict, "the site did not keep the link")
            .with_field("target")
            .with_delivery(Delivery::Answered)
    })
}

/// What makes a second write of the same address an update; it has 255 characters at most.
fn global_id(url: &str) -> String {
    use sha2::{Digest as _, Sha256};
    if url.chars().count() <= 255 {
        return url.to_owned();
    }
    let hex: String = Sha256::digest(url.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// The end of a link of this ticket's.
pub(crate) async fn remove(connection: &Connection, request: RemoveLink) -> Result<()> {
    let id = request.id.as_str();
    let missing = || {
        Error::new(ErrorKind::NotFound, format!("the ticket has no link `{}`", shown(id)))
            .with_delivery(Delivery::Answered)
            .with_hint("list the ticket's links")
    };
    if id.starts_with(TREE) {
        return Err(Error::new(ErrorKind::Unsupported, "a parent is no link, and is not removed as one")
            .with_field("id")
            .with_hint("clear the child's `parent`"));
    }
    let path = if let Some(own) = id.strip_prefix(WEB) {
        let target = locate(connection, &request.ticket, &[]).await?;
        if !to_the_web(connection, &target).await?.iter().any(|link| link.id == request.id) {
            return Err(missing());
        }
        format!("/issue/{}/remotelink/{}", path_segment(&target.id), path_segment(own))
    } else {
        let (_, links) = between(connection, &request.ticket).await?;
        if !links.iter().any(|link| link.id == request.id) {
            return Err(missing());
        }
        format!("/issueLink/{}", path_segment(id))
    };
    match connection.api.write(Request::delete, &path, None, Idempotency::Idempotent).await {
        Ok(_) => Ok(()),
        // It was there a moment ago.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, inward: &str, outward: &str) -> LinkKind {
        let text = |text: &str| text.to_owned();
        LinkKind { id: text("1"), name: text(name), inward: text(inward), outward: text(outward) }
    }

    #[test]
    fn a_link_type_is_known_by_its_phrases_whatever_it_is_called() {
        let incident = kind("Problem/Incident", "is caused by", "causes");
        assert_eq!((incident.says(true), incident.says(false)), (LinkCategory::Causes, LinkCategory::CausedBy));
        let half = kind("Blocker", "is blocked by", "holds up");
        assert_eq!((half.says(true), half.says(false)), (LinkCategory::Blocks, LinkCategory::BlockedBy));
        let own = kind("Cloners", "is cloned by", "clones");
        assert_eq!((own.says(true), own.says(false)), (LinkCategory::Other, LinkCategory::Other));
    }
}
