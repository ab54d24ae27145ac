//! The changelog: what is different between two versions of an issue, as the site words it.

use super::catalogue::{Field, issue_type_of, option_value, priority_name, resolution_name, status_of};
use super::model::{ChangeItem, Custom, Issue};
use super::rich_text::RichText;
use super::world::World;

/// The value behind a change and how it reads.
type Shown = (Option<String>, Option<String>);

fn item(field: &str, id: &str, from: Shown, to: Shown) -> ChangeItem {
    ChangeItem {
        field: field.to_owned(),
        field_type: if id.starts_with("customfield_") { "custom" } else { "jira" },
        field_id: (!id.is_empty()).then(|| id.to_owned()),
        from: from.0,
        from_string: from.1,
        to: to.0,
        to_string: to.1,
    }
}

fn named(id: Option<u64>, name: fn(u64) -> &'static str) -> Shown {
    (id.map(|id| id.to_string()), id.map(|id| name(id).to_owned()))
}

fn text(value: Option<&RichText>) -> Shown {
    (None, value.map(RichText::plain))
}

fn words(text: &str) -> Shown {
    (None, Some(text.to_owned()))
}

fn status_name(id: u64) -> &'static str {
    status_of(id).name
}

fn type_name(id: u64) -> &'static str {
    issue_type_of(id).name
}

/// What somebody changed; order as the site lists it.
pub(crate) fn difference(world: &World, before: &Issue, after: &Issue) -> Vec<ChangeItem> {
    let mut items = Vec::new();
    let mut compare = |field: &str, id: &str, from: Shown, to: Shown| {
        if from != to {
            items.push(item(field, id, from, to));
        }
    };
    let person = |account: &Option<String>| -> Shown {
        let name = account.as_deref().and_then(|id| world.user(id)).map(|user| user.display_name.clone());
        (account.clone(), name)
    };
    let key = |id: Option<u64>| -> Shown {
        (id.map(|id| id.to_string()), id.and_then(|id| world.issue(id)).map(|issue| issue.key.clone()))
    };
    let day = |day: Option<chrono::NaiveDate>| -> Shown {
        (day.map(|day| day.to_string()), day.map(|day| format!("{day} 00:00:00.0")))
    };
    compare("summary", "summary", words(&before.summary), words(&after.summary));
    compare("description", "description", text(before.description.as_ref()), text(after.description.as_ref()));
    compare("environment", "environment", text(before.environment.as_ref()), text(after.environment.as_ref()));
    compare("assignee", "assignee", person(&before.assignee), person(&after.assignee));
    compare("reporter", "reporter", person(&before.reporter), person(&after.reporter));
    compare("priority", "priority", named(before.priority, priority_name), named(after.priority, priority_name));
    compare(
        "issuetype",
        "issuetype",
        named(Some(before.issue_type), type_name),
        named(Some(after.issue_type), type_name),
    );
    compare("labels", "labels", words(&before.labels.join(" ")), words(&after.labels.join(" ")));
    compare("duedate", "duedate", day(before.due), day(after.due));
    compare("IssueParentAssociation", "parent", key(before.parent), key(after.parent));
    compare(
        "resolution",
        "resolution",
        named(before.resolution, resolution_name),
        named(after.resolution, resolution_name),
    );
    compare("status", "status", named(Some(before.status), status_name), named(Some(after.status), status_name));
    compare("Key", "", words(&before.key), words(&after.key));
    let project = world.project(before.project);
    let component =
        |id: u64| project.and_then(|own| own.components.iter().find(|one| one.id == id)).map(|one| one.name.clone());
    let version =
        |id: u64| project.and_then(|own| own.versions.iter().find(|one| one.id == id)).map(|one| one.name.clone());
    let mut members = |field: &str, id: &str, before: &[u64], after: &[u64], name: &dyn Fn(u64) -> Option<String>| {
        for gone in before.iter().filter(|one| !after.contains(one)) {
            items.push(item(field, id, (Some(gone.to_string()), name(*gone)), (None, None)));
        }
        for new in after.iter().filter(|one| !before.contains(one)) {
            items.push(item(field, id, (None, None), (Some(new.to_string()), name(*new))));
        }
    };
    members("Component", "components", &before.components, &after.components, &component);
    members("Fix Version", "fixVersions", &before.fix_versions, &after.fix_versions, &version);
    members("Version", "versions", &before.versions, &after.versions, &version);
    let file =
        |issue: &Issue, id: u64| issue.attachments.iter().find(|file| file.id == id).map(|file| file.filename.clone());
    for gone in before.attachments.iter().filter(|file| !after.attachments.iter().any(|own| own.id == file.id)) {
        items.push(item("Attachment", "attachment", (Some(gone.id.to_string()), file(before, gone.id)), (None, None)));
    }
    for new in after.attachments.iter().filter(|file| !before.attachments.iter().any(|own| own.id == file.id)) {
        items.push(item("Attachment", "attachment", (None, None), (Some(new.id.to_string()), file(after, new.id))));
    }
    let numbers: std::collections::BTreeSet<u64> = before.custom.keys().chain(after.custom.keys()).copied().collect();
    for number in numbers {
        let (from, to) = (before.custom.get(&number), after.custom.get(&number));
        if from != to
            && let Some(field) = Field::by_number(number)
        {
            items.push(item(field.name, field.id, shown(world, from), shown(world, to)));
        }
    }
    items
}

fn shown(world: &World, value: Option<&Custom>) -> Shown {
    let joined = |ids: &[u64], name: &dyn Fn(u64) -> String| -> Shown {
        let numbers: Vec<String> = ids.iter().map(u64::to_string).collect();
        let names: Vec<String> = ids.iter().map(|id| name(*id)).collect();
        (Some(numbers.join(",")), Some(names.join(",")))
    };
    let option = |id: u64| option_value(id).to_owned();
    match value {
        None => (None, None),
        Some(Custom::Text(text)) => words(text),
        Some(Custom::Rich(rich)) => text(Some(rich)),
        Some(Custom::Number(number)) => words(&number.to_string()),
        Some(Custom::Date(day)) => words(&day.to_string()),
        Some(Custom::Moment(at)) => words(&at.to_rfc3339()),
        Some(Custom::Choice(id)) => joined(&[*id], &option),
        Some(Custom::Choices(ids)) => joined(ids, &option),
        Some(Custom::Cascade(parent, child)) => {
            let ids: Vec<u64> = std::iter::once(*parent).chain(*child).collect();
            joined(&ids, &option)
        }
        Some(Custom::Users(accounts)) => {
            let names = accounts.iter().filter_map(|id| world.user(id)).map(|user| user.display_name.as_str());
            (Some(accounts.join(", ")), Some(names.collect::<Vec<_>>().join(", ")))
        }
        Some(Custom::Group(id)) => (Some(id.clone()), world.group(id).map(|group| group.name.clone())),
        Some(Custom::Organizations(ids)) => {
            joined(ids, &|id| world.organization(id).map_or(String::new(), |own| own.name.clone()))
        }
    }
}
