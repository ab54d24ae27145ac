//! What values and functions in a query stand for.

use super::fields::Ref;
use super::parse::Operand;
use crate::jira::call::Call;
use crate::jira::catalogue::{
    CATEGORIES, ISSUE_TYPES, Kind, LINK_TYPES, OPTIONS, PRIORITIES, REQUEST_TYPES, RESOLUTIONS, STATUSES,
};
use crate::jira::world::World;

/// Functions that are emulated.
pub(crate) const FUNCTIONS: &[&str] = &[
    "currentUser()",
    "endOfDay()",
    "endOfMonth()",
    "endOfWeek()",
    "endOfYear()",
    "linkedIssues(\"\")",
    "membersOf(\"\")",
    "now()",
    "releasedVersions()",
    "standardIssueTypes()",
    "startOfDay()",
    "startOfMonth()",
    "startOfWeek()",
    "startOfYear()",
    "subtaskIssueTypes()",
    "unreleasedVersions()",
];

/// Ids or names that a value stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) ids: Vec<u64>,
    /// Account and group ids, labels.
    pub(crate) names: Vec<String>,
    pub(crate) empty: bool,
}

/// A value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It does not exist, or the caller may not see it: anonymous callers get no hits instead of this.
    Unknown(String),
    Wrong(String),
}

pub(crate) struct Resolver<'a> {
    pub(crate) world: &'a World,
    pub(crate) call: &'a Call<'a>,
    pub(crate) target: Ref,
    /// As written, for messages.
    pub(crate) name: &'a str,
}

impl Resolver<'_> {
    pub(crate) fn all(&self, operand: &Operand) -> Result<Values, Unusable> {
        let mut values = Values::default();
        match operand {
            Operand::Empty => values.empty = true,
            Operand::List(list) => {
                for one in list {
                    let own = self.all(one)?;
                    values.ids.extend(own.ids);
                    values.names.extend(own.names);
                    values.empty |= own.empty;
                }
            }
            Operand::Value { text, .. } => self.value(text, &mut values)?,
            Operand::Function { name, arguments } => self.function(name, arguments, &mut values)?,
            Operand::None => {}
        }
        Ok(values)
    }

    fn unknown(&self, value: &str) -> Unusable {
        Unusable::Unknown(format!("The value '{value}' does not exist for the field '{}'.", self.name))
    }

    fn value(&self, text: &str, values: &mut Values) -> Result<(), Unusable> {
        let same = |name: &str| name.eq_ignore_ascii_case(text);
        let number = text.parse::<u64>().ok();
        let is = |id: u64, name: &str| same(name) || number == Some(id);
        let mut many = |ids: Vec<u64>| {
            let found = !ids.is_empty();
            values.ids.extend(ids);
            if found { Ok(()) } else { Err(self.unknown(text)) }
        };
        match self.target {
            Ref::Key => {
                let found = self.world.issue_at(text).filter(|issue| self.call.sees(self.world, issue));
                let message = format!("An issue with key '{text}' does not exist for field '{}'.", self.name);
                values.ids.push(found.ok_or(Unusable::Unknown(message))?.id);
                return Ok(());
            }
            Ref::Watcher => return self.user(text, values),
            Ref::LinkType => {
                return many(
                    LINK_TYPES
                        .iter()
                        .filter(|own| same(own.1) || same(own.2) || same(own.3))
                        .map(|own| own.0)
                        .collect(),
                );
            }
            Ref::RequestType => {
                return many(REQUEST_TYPES.iter().filter(|own| is(own.0, own.1)).map(|own| own.0).collect());
            }
            Ref::Text | Ref::Comment | Ref::Attachments | Ref::Field(_) => {}
        }
        match self.target.kind() {
            Some(Kind::Project) => {
                let own = self.world.projects.iter().filter(|own| same(&own.key) || is(own.id, &own.name));
                many(own.filter(|own| self.call.sees_project(own)).map(|own| own.id).collect())
            }
            Some(Kind::Status) => many(STATUSES.iter().filter(|own| is(own.id, own.name)).map(|own| own.id).collect()),
            Some(Kind::StatusCategory) => {
                many(CATEGORIES.iter().filter(|own| is(own.0, own.3) || same(own.1)).map(|own| own.0).collect())
            }
            Some(Kind::Priority) => many(PRIORITIES.iter().filter(|own| is(own.0, own.1)).map(|own| own.0).collect()),
            Some(Kind::Resolution) if same("unresolved") => {
                values.empty = true;
                Ok(())
            }
            Some(Kind::Resolution) => {
                many(RESOLUTIONS.iter().filter(|own| is(own.0, own.1)).map(|own| own.0).collect())
            }
            Some(Kind::IssueType) => {
                many(ISSUE_TYPES.iter().filter(|own| is(own.id, own.name)).map(|own| own.id).collect())
            }
            Some(Kind::Components) => {
                let own = self.world.projects.iter().flat_map(|project| &project.components);
                many(own.filter(|own| is(own.id, &own.name)).map(|own| own.id).collect())
            }
            Some(Kind::Versions) => {
                let own = self.world.projects.iter().flat_map(|project| &project.versions);
                many(own.filter(|own| is(own.id, &own.name)).map(|own| own.id).collect())
            }
            Some(Kind::Parent) => many(self.world.issue_at(text).map(|own| own.id).into_iter().collect()),
            Some(Kind::Organizations) => {
                many(self.world.organizations.iter().filter(|own| is(own.id, &own.name)).map(|own| own.id).collect())
            }
            Some(Kind::Choice | Kind::Choices | Kind::Cascade) => {
                let field = self.target.field().and_then(|field| field.number);
                let own = OPTIONS.iter().filter(|own| Some(own.0) == field && is(own.1, own.3));
                let ids: Vec<u64> = own.map(|own| own.1).collect();
                if ids.is_empty() {
                    let message = format!("The option '{text}' for field '{}' does not exist.", self.name);
                    return Err(Unusable::Unknown(message));
                }
                many(ids)
            }
            Some(Kind::User | Kind::Users) => self.user(text, values),
            Some(Kind::Group) => {
                let group = self
                    .world
                    .group(text)
                    .or_else(|| self.world.group_named(text))
                    .ok_or_else(|| self.unknown(text))?;
                values.names.push(group.id.clone());
                Ok(())
            }
            Some(Kind::Labels) => {
                values.names.push(text.to_owned());
                Ok(())
            }
            _ => Err(self.unknown(text)),
        }
    }

    /// wire A5: account ids on Cloud; names, keys and addresses on Data Center.
    fn user(&self, text: &str, values: &mut Values) -> Result<(), Unusable> {
        let found = self.world.users.iter().find(|user| {
            if self.call.is_cloud() {
                user.account_id == text
            } else {
                user.name.eq_ignore_ascii_case(text) || user.key == text || user.email.eq_ignore_ascii_case(text)
            }
        });
        values.names.push(found.ok_or_else(|| self.unknown(text))?.account_id.clone());
        Ok(())
    }

    fn function(&self, name: &str, arguments: &[String], values: &mut Values) -> Result<(), Unusable> {
        let first = arguments.first().map(String::as_str);
        let versions = |released: bool| {
            let own = self.world.projects.iter().flat_map(|project| &project.versions);
            own.filter(move |own| own.released == released).map(|own| own.id)
        };
        let types = |subtask: bool| ISSUE_TYPES.iter().filter(move |own| (own.level < 0) == subtask).map(|own| own.id);
        match (name.to_ascii_lowercase().as_str(), first) {
            ("currentuser", None) => values.names.extend(self.call.account().map(str::to_owned)),
            ("membersof", Some(group)) => {
                let found = self.world.group(group).or_else(|| self.world.group_named(group));
                let missing = || {
                    Unusable::Unknown(format!(
                        "Function 'membersOf' can not generate a list of usernames for group '{group}'; the group does not exist."
                    ))
                };
                values.names.extend(found.ok_or_else(missing)?.members.iter().cloned());
            }
            ("linkedissues", Some(key)) => {
                let missing =
                    || Unusable::Unknown(format!("Issue '{key}' could not be found in function 'linkedIssues'."));
                let own = self.world.issue_at(key).ok_or_else(missing)?.id;
                let linked = self.world.links.values().filter_map(|link| match own {
                    _ if link.inward == own => Some(link.outward),
                    _ if link.outward == own => Some(link.inward),
                    _ => None,
                });
                values.ids.extend(linked);
            }
            ("releasedversions", _) => values.ids.extend(versions(true)),
            ("unreleasedversions", _) => values.ids.extend(versions(false)),
            ("standardissuetypes", _) => values.ids.extend(types(false)),
            ("subtaskissuetypes", _) => values.ids.extend(types(true)),
            _ => {
                return Err(Unusable::Wrong(format!(
                    "Unable to find JQL function '{name}({})'.",
                    arguments.join(", ")
                )));
            }
        }
        Ok(())
    }
}
