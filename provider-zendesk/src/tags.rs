//! Tags: the account's list of them, and what a tag can be (`wire/jira-zendesk.md` §B3.2).

use serde::Deserialize;
use ticketing_core::model::Tag;
use ticketing_core::request::ListTags;
use ticketing_core::{Error, Operation, Page, Result};

use crate::api::Window;
use crate::connection::Connection;
use crate::wire::rows;

#[derive(Deserialize)]
struct TagRow {
    name: String,
}

/// One page of tags: the most used ones of the last two months.
pub(crate) async fn list(connection: &Connection, request: ListTags) -> Result<Page<Tag>> {
    let codec = connection.codec(Operation::ListTags, &());
    let after: Option<String> = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?;
    let window = Window::new(Connection::page_size(request.page_size), after.as_deref());
    let response = connection.api.tags(window).await?;
    let page = rows::<TagRow>(&response.body, "tags")?;
    let next = page.next.map(|next| codec.cursor(&next)).transpose()?;
    Ok(Page::new(page.items.into_iter().map(|(row, _)| Tag { name: row.name, id: None }).collect(), next))
}

/// Refuses what the account would store as another tag, or as several: tags are lower-case words.
pub(crate) fn check(tags: &[String]) -> Result<()> {
    match tags.iter().find(|tag| !is_tag(tag)) {
        None => Ok(()),
        Some(tag) => {
            let shown: String = tag.chars().take(80).flat_map(char::escape_debug).collect();
            Err(Error::invalid("tags", format!("`{shown}` is no tag of this account"))
                .with_hint("a tag is one word in lower case: write a_b for A b"))
        }
    }
}

/// True for what the account stores as it is.
pub(crate) fn is_tag(tag: &str) -> bool {
    !tag.is_empty()
        && tag.to_lowercase() == *tag
        && !tag.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, ',' | '"' | '\\'))
}
