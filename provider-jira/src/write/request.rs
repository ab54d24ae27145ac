//! Requests of Service Management's by request type: made any other way, an issue is not in the portal (wire A10).

use serde::Deserialize;
use serde_json::{Map, Value, json};
use ticketing_core::request::CreateTicket;
use ticketing_core::{Delivery, Error, ErrorKind, FieldId, Result, TypeSelector};
use ticketing_http::{Idempotency, Request, path_segment};

use super::create::{TicketIds, uncertain};
use super::draft::Draft;
use super::in_our_words;
use crate::catalogue::Shape;
use crate::connection::Connection;
use crate::wire::Project;
use ticketing_http::config::shown;

/// A request type, and what its form asks for.
#[derive(Debug)]
pub(super) struct Form {
    desk: String,
    id: String,
    pub(super) name: String,
    pub(super) issue_type: String,
    /// The catalogue field that named it.
    pub(super) named_by: Option<FieldId>,
    fields: Vec<FormField>,
}

/// What a request is raised with.
#[derive(Debug)]
pub(super) struct Answers {
    values: Map<String, Value>,
    reporter: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormField {
    field_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    default_values: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    #[serde(default = "Vec::new")]
    values: Vec<T>,
    #[serde(default)]
    is_last_page: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Desk {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    #[serde(default)]
    project_key: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestType {
    #[serde(deserialize_with = "crate::wire::text")]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "crate::wire::some_text")]
    issue_type_id: Option<String>,
}

async fn all<T: serde::de::DeserializeOwned>(connection: &Connection, path: &str) -> Result<Vec<T>> {
    let mut out = Vec::new();
    let mut stretches = crate::people::Stretches::default();
    loop {
        let start = out.len().to_string();
        let response = connection.api.read_desk(path, &[("start", &start), ("limit", "50")]).await?;
        stretches.check(&response)?;
        let page: Page<T> = response.json()?;
        let over = page.is_last_page || page.values.is_empty();
        out.extend(page.values);
        if over {
            return Ok(out);
        }
    }
}

/// The form that a new ticket is to go through; `None` where it names no request type.
///
/// # Errors
/// `InvalidRequest` where it names one that there is not.
pub(super) async fn form(connection: &Connection, project: &Project, request: &CreateTicket) -> Result<Option<Form>> {
    let columns = connection.catalogue.columns().await?;
    let field = columns.all().iter().find(|column| column.shape == Shape::RequestType).map(|column| column.id.clone());
    let given = field.as_ref().and_then(|id| Some((id, request.fields.get(id)?)));
    let is_desk = project.project_type_key.as_deref() == Some("service_desk");
    let (place, wanted, by_type) = match (given, &request.ticket_type) {
        (Some((id, data)), _) => {
            let place = format!("fields.{id}");
            let text = data
                .as_text()
                .ok_or_else(|| Error::invalid(place.clone(), "it takes the id or name of a request type"))?;
            (place, text, false)
        }
        (None, Some(TypeSelector::Native(native))) if is_desk => ("type".to_owned(), native.as_str(), true),
        _ => return Ok(None),
    };
    if !is_desk {
        return Err(Error::invalid(place, format!("`{}` is no service project", project.key)).with_hint("leave it out"));
    }
    if by_type {
        // An issue type goes before a request type of the same name.
        let types = connection.catalogue.issue_types().await?;
        if types.iter().any(|own| own.id == wanted || own.name.to_lowercase() == wanted.to_lowercase()) {
            return Ok(None);
        }
    }
    let desks: Vec<Desk> = all(connection, "/servicedesk").await?;
    let Some(desk) = desks.into_iter().find(|desk| desk.project_key == project.key) else {
        return Err(Error::new(
            ErrorKind::PermissionDenied,
            format!("the service desk of `{}` may not be seen", project.key),
        )
        .with_delivery(Delivery::Answered));
    };
    let types: Vec<RequestType> =
        all(connection, &format!("/servicedesk/{}/requesttype", path_segment(&desk.id))).await?;
    let same = |own: &&RequestType| own.name.to_lowercase() == wanted.to_lowercase();
    let found = types.iter().find(|own| own.id == wanted && !by_type).or_else(|| types.iter().find(same));
    let Some(found) = found else {
        // As a type, it may be neither: the issue types are told then.
        return match by_type {
            true => Ok(None),
            false => {
                let told: Vec<&str> = types.iter().map(|own| own.name.as_str()).collect();
                Err(Error::invalid(place, format!("there is no request type `{}`", shown(wanted)))
                    .with_hint(format!("there are: {}", told.join(", "))))
            }
        };
    };
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Fields {
        #[serde(default = "Vec::new")]
        request_type_fields: Vec<FormField>,
    }
    let path = format!("/servicedesk/{}/requesttype/{}/field", path_segment(&desk.id), path_segment(&found.id));
    let fields: Fields = connection.api.read_desk(&path, &[]).await?.json()?;
    Ok(Some(Form {
        desk: desk.id,
        id: found.id.clone(),
        name: found.name.clone(),
        issue_type: found.issue_type_id.clone().unwrap_or_default(),
        named_by: field.filter(|_| !by_type),
        fields: fields.request_type_fields,
    }))
}

/// What a form asks for, taken out of the draft; what stays in there is written onto the issue afterwards.
///
/// # Errors
/// `InvalidRequest`, naming the field, where the form needs one that is not given.
pub(super) fn answers(form: &Form, draft: &mut Draft) -> Result<Answers> {
    let mut values = Map::new();
    for field in &form.fields {
        if let Some(value) = draft.fields.remove(&field.field_id) {
            values.insert(field.field_id.clone(), value);
        } else if field.required && field.default_values.is_empty() {
            let key = match field.field_id.as_str() {
                "description" => "description".to_owned(),
                id => format!("fields.{id}"),
            };
            return Err(Error::invalid(key, format!("the request type `{}` needs `{}`", form.name, field.name)));
        }
    }
    Ok(Answers { values, reporter: draft.fields.remove("reporter") })
}

/// Raises a request.
pub(super) async fn raise(connection: &Connection, form: &Form, answers: Answers) -> Result<TicketIds> {
    let Answers { values, reporter } = answers;
    let mut body = json!({ "serviceDeskId": form.desk, "requestTypeId": form.id, "requestFieldValues": values });
    if connection.api.site().await?.is_cloud() {
        // Without it, texts are taken for wiki markup.
        body["isAdfRequest"] = json!(true);
    }
    if let Some(reporter) = reporter {
        body["raiseOnBehalfOf"] =
            reporter.get("accountId").or_else(|| reporter.get("name")).cloned().unwrap_or_default();
    }
    let site = connection.api.site().await?;
    let post = Request::post(site.desk("/request")).with_json(&body)?.with_idempotency(Idempotency::Unsafe);
    let response = connection.api.client().send(&post).await.map_err(uncertain)?;
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Raised {
        #[serde(deserialize_with = "crate::wire::text")]
        issue_id: String,
        #[serde(default)]
        issue_key: String,
    }
    let Raised { issue_id: id, issue_key: key } =
        response.json().map_err(|error| error.with_delivery(Delivery::MaybeApplied))?;
    Ok(TicketIds { id, key })
}

/// Writes what a request's form has no place for onto its issue.
pub(super) async fn write_rest(connection: &Connection, made: &TicketIds, rest: &Draft) -> Result<()> {
    if rest.is_empty() {
        return Ok(());
    }
    let path = format!("/issue/{}", path_segment(&made.id));
    let written = connection.api.write(Request::put, &path, Some(&rest.body()), Idempotency::Idempotent).await;
    in_our_words(connection, written).await.map(drop)
}
