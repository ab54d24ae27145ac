//! Values on their way into an issue: `fields` sets, `update` adds and removes (wire A4.1).

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value};

use super::adf;
use super::answer::ApiError;
use super::call::Call;
use super::catalogue::{Field, ISSUE_TYPES, Kind, OPTIONS, PRIORITIES, RESOLUTIONS};
use super::model::{Custom, Issue};
use super::rich_text::RichText;
use super::world::World;

/// Characters of a summary.
const SUMMARY_LIMIT: usize = 255;

/// Where values come from: which fields may be set differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Screen {
    Create,
    Edit,
    /// A transition, and whether its screen asks for a resolution.
    Transition(bool),
}

impl Screen {
    fn shows(self, field: &Field) -> bool {
        match self {
            Self::Create | Self::Edit => field.is_on_screens(),
            Self::Transition(asks) => {
                asks && (matches!(field.id, "resolution" | "assignee")
                    || field.number == Some(super::catalogue::RESOLUTION_NOTES))
            }
        }
    }
}

/// Why a value is refused.
#[derive(Debug)]
pub(crate) enum Refused {
    /// A message for the field.
    Field(String),
    /// The whole request (wire A6: `INVALID_INPUT` with no location).
    Request(String),
}

fn refuse<T>(message: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Field(message.into()))
}

/// Rich text in the shape of the API version.
pub(crate) fn rich_text(call: &Call<'_>, value: &Value, not_adf: &str) -> Result<Option<RichText>, Refused> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if !call.speaks_adf() => {
            Ok(Some(RichText::Wiki(text.clone())).filter(|_| !text.is_empty()))
        }
        Value::Object(_) if call.speaks_adf() => {
            if !adf::is_valid(value) {
                return Err(Refused::Request("INVALID_INPUT".to_owned()));
            }
            Ok(Some(RichText::Adf(value.clone())))
        }
        _ => refuse(not_adf),
    }
}

/// The text as the flavour keeps it: ADF on Cloud, markup on Data Center.
pub(crate) fn kept(call: &Call<'_>, text: RichText) -> RichText {
    match (call.is_cloud(), text) {
        (true, RichText::Wiki(text)) => RichText::Adf(super::wiki::to_adf(&text)),
        (_, text) => text,
    }
}

/// wire A4.1: `{"accountId"}` on Cloud, `{"name"}` on Data Center. `Some(None)` unassigns.
pub(crate) fn user(call: &Call<'_>, world: &World, value: &Value) -> Result<Option<String>, Refused> {
    if value.is_null() {
        return Ok(None);
    }
    if call.is_cloud() {
        let id = value["accountId"].as_str().or_else(|| value["id"].as_str());
        return match id {
            None if value["accountId"].is_null() && value.get("accountId").is_some() => Ok(None),
            None => refuse("Specify a valid 'accountId' for user"),
            Some("-1") => Ok(None),
            Some(id) => match world.user(id) {
                Some(user) => Ok(Some(user.account_id.clone())),
                None => refuse(format!("User '{id}' does not exist.")),
            },
        };
    }
    match value["name"].as_str() {
        None if value.get("name").is_some() => Ok(None),
        None => refuse("data was not an object with a name"),
        Some("" | "-1") => Ok(None),
        Some(name) => match world.user_named(name) {
            Some(user) => Ok(Some(user.account_id.clone())),
            None => refuse(format!("User '{name}' does not exist.")),
        },
    }
}

/// Whether somebody can have issues of a project: active agents who may browse it.
pub(crate) fn is_assignable(world: &World, account: &str, project: u64) -> bool {
    let hidden = world.project(project).is_some_and(|project| project.hidden_from.iter().any(|own| own == account));
    world.user(account).is_some_and(|user| user.active && user.is_agent()) && !hidden
}

/// An id from `{"id"}`, `{"name"}`, `{"value"}` or `{"key"}`.
fn chosen(value: &Value, find: impl Fn(Option<u64>, Option<&str>) -> Option<u64>) -> Option<u64> {
    let id = value["id"].as_str().and_then(|id| id.parse().ok()).or_else(|| value["id"].as_u64());
    let name = ["name", "value", "key"].iter().find_map(|member| value[*member].as_str());
    find(id, name)
}

fn named<'n>(mut all: impl Iterator<Item = (u64, &'n str)>, id: Option<u64>, name: Option<&str>) -> Option<u64> {
    let fits =
        |own: &(u64, &str)| id.map_or(name.is_some_and(|name| name.eq_ignore_ascii_case(own.1)), |id| id == own.0);
    all.find(fits).map(|own| own.0)
}

fn option(field: &Field, parent: Option<u64>, value: &Value) -> Option<u64> {
    let own = OPTIONS.iter().filter(|own| Some(own.0) == field.number && own.2 == parent).map(|own| (own.1, own.3));
    chosen(value, |id, name| named(own.clone(), id, name))
}

/// The labels of an array; blanks are refused (wire A4.1).
fn labels(value: &Value) -> Result<Vec<String>, Refused> {
    let Some(list) = value.as_array() else { return refuse("data was not an array") };
    let mut labels: Vec<String> = Vec::new();
    for one in list {
        let Some(label) = one.as_str() else { return refuse("string expected at index 0") };
        if label.contains(char::is_whitespace) {
            return refuse(format!("The label '{label}' contains spaces which is invalid."));
        }
        if !labels.iter().any(|own| own == label) {
            labels.push(label.to_owned());
        }
    }
    Ok(labels)
}

fn members(world: &World, issue: &Issue, field: &Field, value: &Value) -> Result<Vec<u64>, Refused> {
    let Some(list) = value.as_array() else { return refuse("data was not an array") };
    let project = world.project(issue.project);
    list.iter()
        .map(|one| {
            let found = chosen(one, |id, name| {
                let project = project?;
                if field.kind == Kind::Components {
                    named(project.components.iter().map(|own| (own.id, own.name.as_str())), id, name)
                } else {
                    named(project.versions.iter().map(|own| (own.id, own.name.as_str())), id, name)
                }
            });
            let kind = if field.kind == Kind::Components { "Component" } else { "Version" };
            let name = one["name"].as_str().or(one["id"].as_str()).unwrap_or_default();
            found.ok_or_else(|| Refused::Field(format!("{kind} name '{name}' is not valid")))
        })
        .collect()
}

fn day(value: &Value) -> Result<Option<NaiveDate>, Refused> {
    match value.as_str() {
        None if value.is_null() => Ok(None),
        Some("") => Ok(None),
        Some(text) => match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            Ok(day) => Ok(Some(day)),
            Err(_) => refuse(format!("Error parsing date string: {text}")),
        },
        None => refuse("Operation value must be a string"),
    }
}

/// wire A12: `2026-04-28T15:31:13.533+0200`; a colon in the offset is taken too.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let parsed =
        DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z").or_else(|_| DateTime::parse_from_rfc3339(text));
    parsed.ok().map(|at| at.with_timezone(&Utc))
}

fn custom(call: &Call<'_>, world: &World, field: &Field, value: &Value) -> Result<Option<Custom>, Refused> {
    if value.is_null() {
        return Ok(None);
    }
    let invalid_option = || Refused::Field("Specify a valid value for the option".to_owned());
    Ok(Some(match field.kind {
        Kind::Text => match value.as_str() {
            Some("") => return Ok(None),
            Some(text) if text.chars().count() > 255 => {
                return refuse("The entered text is too long. It exceeds the allowed limit of 255 characters.");
            }
            Some(text) => Custom::Text(text.to_owned()),
            None => return refuse("Operation value must be a string"),
        },
        Kind::RichText => {
            let text = rich_text(
                call,
                value,
                "Operation value must be an Atlassian Document (see the Atlassian Document Format)",
            )?;
            return Ok(text.map(|text| Custom::Rich(kept(call, text))));
        }
        Kind::Number => match value {
            Value::Number(number) => Custom::Number(number.clone()),
            _ => return refuse("Operation value must be a number"),
        },
        Kind::Date => return Ok(day(value)?.map(Custom::Date)),
        Kind::Moment => match value.as_str().and_then(moment) {
            Some(at) => Custom::Moment(at),
            None => return refuse("Operation value must be a string, expected format: yyyy-MM-dd'T'HH:mm:ss.SSSZ"),
        },
        Kind::Choice => Custom::Choice(option(field, None, value).ok_or_else(invalid_option)?),
        Kind::Choices => {
            let list = value.as_array().ok_or_else(|| Refused::Field("data was not an array".to_owned()))?;
            let ids: Vec<u64> =
                list.iter().map(|one| option(field, None, one).ok_or_else(invalid_option)).collect::<Result<_, _>>()?;
            if ids.is_empty() {
                return Ok(None);
            }
            Custom::Choices(ids)
        }
        Kind::Cascade => {
            let parent = option(field, None, value).ok_or_else(invalid_option)?;
            let child = match value.get("child").filter(|child| !child.is_null()) {
                Some(child) => Some(option(field, Some(parent), child).ok_or_else(invalid_option)?),
                None => None,
            };
            Custom::Cascade(parent, child)
        }
        Kind::Users => {
            let list = value.as_array().ok_or_else(|| Refused::Field("data was not an array".to_owned()))?;
            let accounts: Vec<Option<String>> =
                list.iter().map(|one| user(call, world, one)).collect::<Result<_, _>>()?;
            Custom::Users(accounts.into_iter().flatten().collect())
        }
        Kind::Group => {
            let found = value["groupId"].as_str().and_then(|id| world.group(id));
            let found = found.or_else(|| value["name"].as_str().and_then(|name| world.group_named(name)));
            match found {
                Some(group) => Custom::Group(group.id.clone()),
                None => return refuse("Group does not exist."),
            }
        }
        Kind::Organizations => {
            let list = value.as_array().ok_or_else(|| Refused::Field("data was not an array".to_owned()))?;
            let id = |one: &Value| {
                one.as_u64().or_else(|| one.as_str()?.parse().ok()).or_else(|| one["id"].as_str()?.parse().ok())
            };
            let ids: Option<Vec<u64>> =
                list.iter().map(|one| id(one).filter(|id| world.organization(*id).is_some())).collect();
            Custom::Organizations(ids.ok_or_else(|| Refused::Field("Organization does not exist.".to_owned()))?)
        }
        _ => {
            return refuse(format!(
                "Field '{}' cannot be set. It is not on the appropriate screen, or unknown.",
                field.id
            ));
        }
    }))
}

/// Sets one field.
fn set(call: &Call<'_>, world: &World, issue: &mut Issue, field: &Field, value: &Value) -> Result<(), Refused> {
    let not_adf = "Operation value must be an Atlassian Document (see the Atlassian Document Format)";
    match field.id {
        "summary" => match value.as_str() {
            Some(text) if text.trim().is_empty() => return refuse("You must specify a summary of the issue."),
            Some(text) if text.contains(['\n', '\r']) => {
                return refuse("The summary is invalid because it contains newline characters.");
            }
            Some(text) if text.chars().count() > SUMMARY_LIMIT => {
                return refuse("Summary must be less than 255 characters.");
            }
            Some(text) => text.clone_into(&mut issue.summary),
            None => return refuse("You must specify a summary of the issue."),
        },
        "description" => issue.description = rich_text(call, value, not_adf)?.map(|text| kept(call, text)),
        "environment" => issue.environment = rich_text(call, value, not_adf)?.map(|text| kept(call, text)),
        "priority" => {
            let found = chosen(value, |id, name| named(PRIORITIES.iter().map(|own| (own.0, own.1)), id, name));
            match found {
                None if value.is_null() => issue.priority = None,
                None => return refuse("The priority selected is invalid."),
                found => issue.priority = found,
            }
        }
        "resolution" => {
            let found = chosen(value, |id, name| named(RESOLUTIONS.iter().map(|own| (own.0, own.1)), id, name));
            match found {
                Some(id) => issue.resolution = Some(id),
                None => return refuse("The resolution selected is invalid."),
            }
        }
        "issuetype" => {
            let found = chosen(value, |id, name| named(ISSUE_TYPES.iter().map(|own| (own.id, own.name)), id, name));
            let offered = |id: &u64| world.project(issue.project).is_some_and(|own| own.issue_types.contains(id));
            match found.filter(offered) {
                Some(id) => issue.issue_type = id,
                None => return refuse("The issue type selected is invalid."),
            }
        }
        "labels" => issue.labels = labels(value)?,
        "duedate" => issue.due = day(value)?,
        "assignee" | "reporter" => {
            let account = user(call, world, value)?;
            if let Some(account) = &account
                && field.id == "assignee"
                && !is_assignable(world, account, issue.project)
            {
                let name = world.user(account).map_or("", |user| user.display_name.as_str());
                return refuse(format!("User '{name}' cannot be assigned issues."));
            }
            *(if field.id == "assignee" { &mut issue.assignee } else { &mut issue.reporter }) = account;
        }
        "components" => issue.components = members(world, issue, field, value)?,
        "fixVersions" => issue.fix_versions = members(world, issue, field, value)?,
        "versions" => issue.versions = members(world, issue, field, value)?,
        "parent" => return parent(call, world, issue, value),
        _ => match (field.number, custom(call, world, field, value)?) {
            (Some(number), Some(value)) => drop(issue.custom.insert(number, value)),
            (Some(number), None) => drop(issue.custom.remove(&number)),
            (None, _) => {}
        },
    }
    Ok(())
}

/// A parent is one level up and in the same project (sub-tasks) or anywhere (epics).
fn parent(call: &Call<'_>, world: &World, issue: &mut Issue, value: &Value) -> Result<(), Refused> {
    let level = super::catalogue::issue_type_of(issue.issue_type).level;
    let clears = value.is_null() || value["none"] == true;
    if clears {
        if level < 0 {
            return refuse("Sub-tasks must have a parent issue.");
        }
        issue.parent = None;
        return Ok(());
    }
    let wanted = value["key"].as_str().or_else(|| value["id"].as_str()).unwrap_or_default();
    let found = world.issue_at(wanted).filter(|own| call.sees(world, own) && own.id != issue.id);
    let Some(found) = found else { return refuse("Could not find issue by id or key.") };
    let above = super::catalogue::issue_type_of(found.issue_type).level;
    if above != level + 1 || (level < 0 && found.project != issue.project) {
        return refuse("Given parent issue does not belong to appropriate hierarchy.");
    }
    issue.parent = Some(found.id);
    Ok(())
}

/// `update`: a list of operations for one field.
fn operate(
    call: &Call<'_>,
    world: &World,
    issue: &mut Issue,
    field: &Field,
    operations: &Value,
) -> Result<(), Refused> {
    let Some(operations) = operations.as_array() else { return refuse("data was not an array") };
    for operation in operations {
        let Some((verb, value)) = operation.as_object().and_then(|own| own.iter().next()) else {
            return refuse("Operation must be an object");
        };
        match (verb.as_str(), field.kind) {
            ("set", _) => set(call, world, issue, field, value)?,
            ("add", Kind::Labels) => {
                for label in labels(&Value::Array(vec![value.clone()]))? {
                    if !issue.labels.contains(&label) {
                        issue.labels.push(label);
                    }
                }
            }
            ("remove", Kind::Labels) => issue.labels.retain(|own| Some(own.as_str()) != value.as_str()),
            ("add" | "remove", Kind::Components | Kind::Versions) => {
                let ids = members(world, issue, field, &Value::Array(vec![value.clone()]))?;
                let own = match field.id {
                    "components" => &mut issue.components,
                    "versions" => &mut issue.versions,
                    _ => &mut issue.fix_versions,
                };
                own.retain(|id| !ids.contains(id));
                if verb == "add" {
                    own.extend(ids);
                }
            }
            ("add" | "remove", Kind::Choices) => {
                let id = option(field, None, value)
                    .ok_or_else(|| Refused::Field("Specify a valid value for the option".to_owned()))?;
                let number = field.number.unwrap_or_default();
                let mut ids = match issue.custom.remove(&number) {
                    Some(Custom::Choices(ids)) => ids,
                    _ => Vec::new(),
                };
                ids.retain(|own| *own != id);
                if verb == "add" {
                    ids.push(id);
                }
                if !ids.is_empty() {
                    issue.custom.insert(number, Custom::Choices(ids));
                }
            }
            _ => return refuse(format!("Field does not support the operation '{verb}'")),
        }
    }
    Ok(())
}

/// Applies `fields` and `update`; everything that is wrong is named at once, and nothing is applied.
pub(crate) fn apply(
    call: &Call<'_>,
    world: &World,
    issue: &mut Issue,
    screen: Screen,
    fields: &Map<String, Value>,
    update: &Map<String, Value>,
) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    let mut note = |name: &str, outcome: Result<(), Refused>| match outcome {
        Ok(()) => Ok(()),
        Err(Refused::Field(message)) => {
            errors.push((name.to_owned(), message));
            Ok(())
        }
        Err(Refused::Request(message)) => Err(ApiError::bad_request(message)),
    };
    // The type decides what else fits, so it goes first.
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_by_key(|name| *name != "issuetype");
    for name in names {
        if matches!(name.as_str(), "project") {
            continue;
        }
        let outcome = match Field::find(name).filter(|field| screen.shows(field)) {
            Some(_) if update.contains_key(name) => {
                refuse(format!("Field '{name}' cannot appear in both 'fields' and 'update'"))
            }
            Some(field) => set(call, world, issue, field, &fields[name]),
            None => refuse(format!("Field '{name}' cannot be set. It is not on the appropriate screen, or unknown.")),
        };
        note(name, outcome)?;
    }
    for (name, operations) in update.iter().filter(|(name, _)| !matches!(name.as_str(), "comment" | "issuelinks")) {
        let outcome = match Field::find(name).filter(|field| screen.shows(field)) {
            Some(field) => operate(call, world, issue, field, operations),
            None => refuse(format!("Field '{name}' cannot be set. It is not on the appropriate screen, or unknown.")),
        };
        note(name, outcome)?;
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::fields(errors)) }
}
