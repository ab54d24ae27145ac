//! The fields of issues: what each holds, and which core key it is.

use ticketing_core::model::FieldType;
use ticketing_core::{Error, FieldId, Result};

use crate::mapping::{HOLDABLE, Mapping};
use crate::wire::FieldInfo;
use ticketing_http::config::shown;

/// Jira's own fields that are core keys.
const CORE: &[(&str, &str)] = &[
    ("summary", "title"),
    ("description", "description"),
    ("status", "status"),
    ("statusCategory", "status"),
    ("resolution", "status"),
    ("priority", "priority"),
    ("issuetype", "type"),
    ("assignee", "assignees"),
    ("reporter", "requester"),
    ("creator", "creator"),
    ("project", "collections"),
    ("parent", "parent"),
    ("labels", "tags"),
    ("created", "created_at"),
    ("updated", "updated_at"),
    ("resolutiondate", "resolved_at"),
    ("duedate", "due"),
    ("watches", "watchers"),
    ("issuekey", "key"),
];

/// Fields that are lists of their own, each with an operation for it, and what is computed from others.
const ELSEWHERE: &[&str] = &[
    "attachment",
    "comment",
    "worklog",
    "issuelinks",
    "subtasks",
    "votes",
    "thumbnail",
    "progress",
    "aggregateprogress",
    "aggregatetimeestimate",
    "aggregatetimeoriginalestimate",
    "aggregatetimespent",
    "workratio",
    "lastViewed",
    "timetracking",
    "issuerestriction",
    "statuscategorychangedate",
];

/// Service Management's organisations of a request.
const ORGANIZATIONS: &str = "com.atlassian.servicedesk:sd-customer-organizations";

/// What a field's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A text, as it is.
    Text,
    /// ADF or wiki markup.
    Rich,
    Number,
    /// Seconds.
    Seconds,
    Date,
    Moment,
    /// An object with an id and a name: option, priority, component, version.
    Named,
    /// Two options, the second below the first.
    Cascade,
    User,
    Group,
    Project,
    Issue,
    Organization,
    /// Service Management's request type, with the type inside.
    RequestType,
    /// Anything else: the vendor's JSON.
    Other,
}

/// One field.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) id: FieldId,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) custom: bool,
    pub(crate) shape: Shape,
    pub(crate) multiple: bool,
    /// The vendor's own type: `array of option`, or the custom field's.
    pub(crate) native_type: String,
    /// What stands for it in JQL; empty: it cannot be searched.
    pub(crate) clauses: Vec<String>,
    /// The core key that it is delivered under.
    pub(crate) core: Option<&'static str>,
}

impl Column {
    fn new(info: FieldInfo, mapping: &Mapping) -> Self {
        let schema = info.schema.unwrap_or_default();
        let multiple = schema.kind == "array";
        let kind = if multiple { schema.items.as_deref().unwrap_or("any") } else { schema.kind.as_str() };
        let custom_type = schema.custom.as_deref().unwrap_or_default();
        let shape = match (kind, info.id.as_str()) {
            ("string", "description" | "environment") => Shape::Rich,
            ("string", _) if custom_type.ends_with(":textarea") => Shape::Rich,
            ("string", _) => Shape::Text,
            ("number", "timeestimate" | "timeoriginalestimate" | "timespent") => Shape::Seconds,
            ("number", _) => Shape::Number,
            ("date", _) => Shape::Date,
            ("datetime", _) => Shape::Moment,
            ("option-with-child", _) => Shape::Cascade,
            (
                "option" | "priority" | "resolution" | "status" | "issuetype" | "component" | "version"
                | "securitylevel",
                _,
            ) => Shape::Named,
            ("user", _) => Shape::User,
            ("group", _) => Shape::Group,
            ("project", _) => Shape::Project,
            ("issuelink", _) => Shape::Issue,
            ("sd-customerorganization", _) => Shape::Organization,
            ("sd-customerrequesttype", _) => Shape::RequestType,
            _ => Shape::Other,
        };
        let own = CORE.iter().find(|(id, _)| *id == info.id).map(|(_, core)| *core);
        let held = || {
            HOLDABLE.iter().copied().find(|key| {
                mapping.field(key).is_some_and(|wanted| wanted == info.id || wanted.eq_ignore_ascii_case(&info.name))
            })
        };
        let core = own.or_else(|| (custom_type == ORGANIZATIONS).then_some("account")).or_else(held);
        let native_type = match (custom_type, multiple) {
            ("", true) => format!("array of {kind}"),
            ("", false) => kind.to_owned(),
            (custom, _) => custom.to_owned(),
        };
        Self {
            id: FieldId::from(info.id),
            name: info.name,
            description: info.description.filter(|text| !text.is_empty()),
            custom: info.custom,
            shape,
            multiple,
            native_type,
            clauses: info.clause_names,
            core,
        }
    }

    /// The type of its value.
    pub(crate) fn field_type(&self) -> FieldType {
        match self.shape {
            Shape::Text => FieldType::String,
            Shape::Rich => FieldType::Text,
            Shape::Number => FieldType::Decimal,
            Shape::Seconds => FieldType::Duration,
            Shape::Date => FieldType::Date,
            Shape::Moment => FieldType::Datetime,
            Shape::Named | Shape::Cascade | Shape::RequestType => FieldType::Choice,
            Shape::User => FieldType::User,
            Shape::Group => FieldType::Group,
            Shape::Project => FieldType::Collection,
            Shape::Issue => FieldType::Ticket,
            Shape::Organization => FieldType::Account,
            Shape::Other => FieldType::Other,
        }
    }

    /// True where its values stand under a ticket's `fields`.
    pub(crate) fn is_catalogued(&self) -> bool {
        self.core.is_none() && !ELSEWHERE.contains(&self.id.as_str())
    }

    /// What stands for it in JQL: `cf[10030]` for a custom field, whose name may be another's too (wire A5).
    pub(crate) fn clause(&self) -> Option<&str> {
        let by_number = self.clauses.iter().find(|name| name.starts_with("cf["));
        by_number.or_else(|| self.clauses.first()).map(String::as_str)
    }
}

/// Every field of the site's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    all: Vec<Column>,
}

impl Columns {
    /// From the site's list.
    ///
    /// # Errors
    /// `Config` where a field of `mapping.fields` is not there, is there twice, or cannot hold that.
    pub(crate) fn new(fields: Vec<FieldInfo>, mapping: &Mapping) -> Result<Self> {
        let out = Self { all: fields.into_iter().map(|info| Column::new(info, mapping)).collect() };
        for key in HOLDABLE {
            let Some(wanted) = mapping.field(key) else { continue };
            let named = |why: String| Error::config(format!("mapping.fields.{key}"), why);
            let hint = "give the id of the field, as `fields list` shows it: `customfield_10030`";
            let mut found = out.all.iter().filter(|column| column.core == Some(key));
            let Some(column) = found.next() else {
                return Err(named(format!("the site has no field `{}`", shown(wanted))).with_hint(hint));
            };
            if found.next().is_some() {
                return Err(named(format!("the site has several fields `{}`", shown(wanted))).with_hint(hint));
            }
            let fits = match *key {
                "assigned_groups" => column.shape == Shape::Group,
                _ => column.shape == Shape::Text && !column.multiple,
            };
            if !fits {
                let why = format!("`{}` is a field of type {}", column.name, column.native_type);
                return Err(
                    named(why).with_hint("`assigned_groups` needs a group picker, `external_id` one line of text")
                );
            }
        }
        Ok(out)
    }

    pub(crate) fn all(&self) -> &[Column] {
        &self.all
    }

    /// A field by id.
    pub(crate) fn get(&self, id: &str) -> Option<&Column> {
        self.all.iter().find(|column| column.id.as_str() == id)
    }

    /// The field that is a core key and not one of Jira's own.
    pub(crate) fn held(&self, core: &str) -> Option<&Column> {
        self.all.iter().find(|column| column.core == Some(core) && column.custom)
    }
}
