//! A comment under a key of the caller's is said once. The key is kept with the comment, as a property of it (wire A4.1), so that
//! another process finds it too; and comments are read from where they are written, so that a lost answer is looked for.

use std::sync::PoisonError;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use ticketing_core::model::{Comment, Visibility};
use ticketing_core::{Delivery, Error, Result, remedy};
use ticketing_http::{Idempotency, Request, path_segment};

use super::{LARGEST, Property, all, said, uncertain};
use crate::connection::Connection;
use crate::map::rich_text;
use crate::wire::list as lenient_list;
use crate::write::Target;

/// The property that holds a key.
const KEY: &str = "ticketing.idempotency";

/// The property of a comment under a key: a digest, as keys may be longer than what a property takes.
pub(super) fn mark(key: &str) -> Value {
    let digest: String = Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "key": KEY, "value": { "sha256": digest } })
}

/// A comment under a key: an uncertain one is looked for among the comments, which are read from where they are written.
pub(super) async fn once(
    connection: &Connection,
    target: &Target,
    path: &str,
    body: &Value,
    visibility: Visibility,
    key: &str,
) -> Result<Comment> {
    let place = format!("comment {} {key}", target.id);
    let written = || connection.keyed.lock().unwrap_or_else(PoisonError::into_inner);
    let known = written().get(&place).map(str::to_owned);
    let text = serde_json::value::to_raw_value(&body["body"]).ok().and_then(|raw| rich_text(&raw).ok().flatten());
    let text = text.map(|text| text.markdown).unwrap_or_default();
    let same = |own: &Comment| own.visibility == visibility && own.body.markdown.trim() == text.trim();
    let there = all(connection, target).await?;
    if let Some(found) = known.and_then(|id| there.iter().find(|own| own.id == id.as_str()).cloned()) {
        return Ok(found);
    }
    if let Some(found) = marked(connection, target, &there, key).await? {
        written().note(place, found.id.to_string());
        return Ok(found);
    }
    let now: Vec<String> = there.iter().filter(|own| same(own)).map(|own| own.id.to_string()).collect();
    // An earlier call under this key ended in the dark: what has come since then is its comment.
    let before = written().before(&place).map_or_else(|| now.clone(), <[String]>::to_vec);
    let fresh =
        |all: Vec<Comment>| all.into_iter().find(|own| same(own) && !before.iter().any(|id| own.id == id.as_str()));
    if let Some(found) = fresh(there) {
        written().note(place, found.id.to_string());
        return Ok(found);
    }
    written().begin(&place, before.clone());
    let mut attempt = 1;
    loop {
        let error = match said(connection, target, path, body, visibility).await {
            Ok(made) => {
                written().note(place, made.id.to_string());
                return Ok(made);
            }
            Err(error) => error,
        };
        if !error.maybe_applied() {
            written().forget(&place);
            return Err(error);
        }
        if remedy::is_removed("jira.comment_search") {
            return Err(uncertain(error));
        }
        let unclear =
            |_| uncertain(Error::new(error.kind(), error.message().to_owned()).with_delivery(Delivery::MaybeApplied));
        let now = all(connection, target).await.map_err(unclear)?;
        let by_key = marked(connection, target, &now, key).await.map_err(unclear)?;
        if let Some(found) = by_key.or_else(|| fresh(now)) {
            written().note(place, found.id.to_string());
            return Ok(found);
        }
        if attempt >= 3 || !error.is_retryable() {
            written().forget(&place);
            return Err(error.with_delivery(Delivery::Answered));
        }
        attempt += 1;
    }
}

/// A comment and its properties.
#[derive(Deserialize)]
struct Marked {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    #[serde(default, deserialize_with = "lenient_list")]
    properties: Vec<Property>,
}

/// The comment under a key, in whichever process it was said: Cloud shows properties by id alone, a Data Center in the list.
async fn marked(connection: &Connection, target: &Target, there: &[Comment], key: &str) -> Result<Option<Comment>> {
    #[derive(Deserialize)]
    struct Answer {
        #[serde(alias = "values")]
        comments: Vec<Marked>,
    }
    let wanted = mark(key);
    let is_wanted = |own: &Marked| own.properties.iter().any(|own| own.key == KEY && own.value == wanted["value"]);
    let site = connection.api.site().await?;
    let mut from = 0;
    for some in there.chunks(usize::try_from(LARGEST).unwrap_or(usize::MAX)) {
        let (start, limit) = (from.to_string(), some.len().to_string());
        let request = match site.is_cloud() {
            true => {
                let ids: Vec<u64> = some.iter().filter_map(|own| own.id.as_str().parse().ok()).collect();
                Request::post(site.platform("/comment/list"))
                    .with_json(&json!({ "ids": ids }))?
                    .with_idempotency(Idempotency::Safe)
            }
            false => Request::get(site.platform(&format!("/issue/{}/comment", path_segment(&target.id))))
                .with_query("startAt", &start)
                .with_query("maxResults", &limit)
                .with_query("orderBy", "created"),
        };
        let answer: Answer = connection.api.client().send(&request.with_query("expand", "properties")).await?.json()?;
        if let Some(found) = answer.comments.iter().find(|own| is_wanted(own)) {
            return Ok(there.iter().find(|own| own.id == found.id.as_str()).cloned());
        }
        from += some.len();
    }
    Ok(None)
}
