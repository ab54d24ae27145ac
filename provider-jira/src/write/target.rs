//! The issue that is written to, as much of it as a write must know.

use serde::Deserialize;
use serde_json::{Map, Value};
use ticketing_core::model::{NativeText, TextFormat};
use ticketing_core::{ErrorKind, Result, TicketId};

use crate::connection::Connection;
use crate::wire::Thing;

/// What every write asks of its issue.
const FIELDS: &[&str] = &["project", "issuetype", "status", "updated"];

/// An issue that is written to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) project: Thing,
    /// Service Management's: comments can be internal (wire A10).
    pub(crate) is_desk: bool,
    pub(crate) issue_type: Thing,
    pub(crate) status: Thing,
    /// The fields as they are now.
    pub(crate) fields: Map<String, Value>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    fields: Map<String, Value>,
}

impl Target {
    /// A field's value, where it is there and not null.
    pub(crate) fn some(&self, field: &str) -> Option<&Value> {
        self.fields.get(field).filter(|value| !value.is_null())
    }

    /// A text of the site's as it stands now.
    pub(crate) fn native(&self, field: &str) -> Option<NativeText> {
        native(self.some(field)?)
    }
}

/// A text of the site's in its own format.
pub(crate) fn native(value: &Value) -> Option<NativeText> {
    match value {
        Value::String(content) => Some(NativeText { format: TextFormat::Wiki, content: content.clone() }),
        Value::Object(_) => Some(NativeText { format: TextFormat::Adf, content: value.to_string() }),
        _ => None,
    }
}

/// The issue that an id or key means, and these of its fields; strongly consistent (wire A3.4).
///
/// # Errors
/// `NotFound` where there is none in the connection's projects.
pub(crate) async fn locate(connection: &Connection, id: &TicketId, also: &[&str]) -> Result<Target> {
    if !crate::tickets::may_be_issue(id.as_str()) {
        return Err(connection.no_ticket(id));
    }
    let fields: Vec<String> = FIELDS.iter().chain(also).map(|field| (*field).to_owned()).collect();
    let response = match connection.api.issue(id.as_str(), &fields).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(connection.no_ticket(id)),
        outcome => outcome?,
    };
    let Answer { id: own, key, fields } = response.json()?;
    let thing = |field: &str| -> Thing {
        fields.get(field).and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default()
    };
    let target = Target {
        is_desk: fields.get("project").is_some_and(|project| project["projectTypeKey"] == "service_desk"),
        project: thing("project"),
        issue_type: thing("issuetype"),
        status: thing("status"),
        id: own,
        key,
        fields,
    };
    if target.project.key.as_deref().is_some_and(|key| !connection.holds_project(key)) {
        return Err(connection.no_ticket(id));
    }
    Ok(target)
}
