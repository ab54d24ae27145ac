//! Ways through a workflow. Only the transitions of the issue itself are known for sure (wire A4.5); what other statuses lead
//! to is learned from other issues of the same type that stand there, by reading alone.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Deserialize;
use ticketing_core::model::{Native, Status, StatusCategory};
use ticketing_core::{Error, ErrorKind, Result, StatusSelector};
use ticketing_http::path_segment;

use super::meta::Screen;
use crate::api::{self, Search};
use crate::connection::Connection;
use crate::mapping::Mapping;
use crate::wire::{Issue, IssuePage, Raw, Thing};
use ticketing_http::config::shown;

/// Steps of one way at most.
pub(crate) const LONGEST: usize = 6;
/// Statuses that are looked into at most, for one way.
const LOOKED_INTO: usize = 8;
/// A step that can be made.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Step {
    #[serde(deserialize_with = "crate::wire::text")]
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) to: Thing,
    is_available: Option<bool>,
    /// The fields of its screen.
    pub(crate) fields: Screen,
}

/// The steps that an issue can make now; none where this user may make none (wire A4.5).
pub(crate) async fn steps(connection: &Connection, id: &str) -> Result<Vec<Step>> {
    #[derive(Deserialize)]
    struct Answer {
        transitions: Vec<Step>,
    }
    let path = format!("/issue/{}/transitions", path_segment(id));
    let answer: Answer = connection.api.read(&path, &[("expand", "transitions.fields")]).await?.json()?;
    Ok(answer.transitions.into_iter().filter(|step| step.is_available != Some(false)).collect())
}

/// What a status of the site's stands for.
pub(crate) fn category(mapping: &Mapping, status: &Thing) -> StatusCategory {
    let key = status.status_category.as_ref().and_then(|category| category.key.as_deref());
    mapping.status(status.id.as_deref().unwrap_or_default(), status.name.as_deref(), key)
}

/// A status of the site's as a document.
pub(crate) fn status(mapping: &Mapping, own: &Thing) -> Status {
    let native = Native { id: own.id.clone().unwrap_or_default(), name: own.name.clone() };
    Status { category: category(mapping, own), native, reason: None }
}

/// The statuses that an issue is to reach, any of them.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    statuses: BTreeSet<String>,
    pub(crate) category: StatusCategory,
}

impl Goal {
    pub(crate) fn holds(&self, status: &Thing) -> bool {
        status.id.as_ref().is_some_and(|id| self.statuses.contains(id))
    }
}

/// The statuses that issues of a type can have in a project (wire A4.4).
pub(crate) async fn statuses_of(connection: &Connection, project: &str, issue_type: &str) -> Result<Arc<Vec<Thing>>> {
    #[derive(Deserialize)]
    struct OfType {
        #[serde(deserialize_with = "crate::wire::text")]
        id: String,
        #[serde(default)]
        statuses: Vec<Thing>,
    }
    let (key, now) = (format!("{project} {issue_type}"), connection.clock.now());
    if let Some(known) = connection.learned.statuses.get(&key, now) {
        return Ok(known);
    }
    let path = format!("/project/{}/statuses", path_segment(project));
    let all: Vec<OfType> = connection.api.read(&path, &[]).await?.json()?;
    let own = all.into_iter().find(|own| own.id == issue_type).ok_or_else(|| {
        Error::new(ErrorKind::Integrity, "the project does not say which statuses its issues can have")
    })?;
    Ok(connection.learned.statuses.keep(key, now, own.statuses))
}

/// Which statuses a selector means. `resolved` and `closed` stand in for each other where there is only one of them.
///
/// # Errors
/// `InvalidRequest`, naming `status`, with those that there are.
pub(crate) fn goal(mapping: &Mapping, statuses: &[Thing], wanted: &StatusSelector) -> Result<Goal> {
    let told = || {
        let one = |own: &Thing| format!("{} ({})", own.name.as_deref().unwrap_or("?"), category(mapping, own));
        format!("there are: {}", statuses.iter().map(one).collect::<Vec<_>>().join(", "))
    };
    let those = |fits: &dyn Fn(&Thing) -> bool| -> BTreeSet<String> {
        statuses.iter().filter(|own| fits(own)).filter_map(|own| own.id.clone()).collect()
    };
    match wanted {
        StatusSelector::Native(native) => {
            let by_id = those(&|own| own.id.as_deref() == Some(native));
            let same = |name: &str| name.to_lowercase() == native.to_lowercase();
            let found = if by_id.is_empty() { those(&|own| own.name.as_deref().is_some_and(same)) } else { by_id };
            let goal = Goal { statuses: found, category: StatusCategory::Unknown };
            match statuses.iter().find(|own| goal.holds(own)) {
                Some(own) => Ok(Goal { category: category(mapping, own), ..goal }),
                None => {
                    Err(Error::invalid("status", format!("there is no status `{}`", shown(native))).with_hint(told()))
                }
            }
        }
        StatusSelector::Category(wanted) => {
            let stand_in = match wanted {
                StatusCategory::Resolved => Some(StatusCategory::Closed),
                StatusCategory::Closed => Some(StatusCategory::Resolved),
                _ => None,
            };
            for one in std::iter::once(*wanted).chain(stand_in) {
                let found = those(&|own| category(mapping, own) == one);
                if !found.is_empty() {
                    return Ok(Goal { statuses: found, category: one });
                }
            }
            Err(Error::invalid("status", format!("no status stands for `{wanted}`"))
                .with_hint(format!("{}; or map one in the connection's `mapping`", told())))
        }
        other => Err(Error::invalid("status", format!("the selector `{other}` is not known here"))),
    }
}

/// What is known of the way to a goal.
#[derive(Debug)]
pub(crate) enum Route {
    /// These steps, the first of which can be made now.
    Known(Vec<Step>),
    /// Nobody knows what lies behind this step, which can be made now; everything else is a dead end.
    Into(Step),
    /// No step leads on.
    None,
}

/// Whose workflow it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) project: &'a str,
    pub(crate) issue_type: &'a str,
}

/// The shortest way from a status, with the steps that can be made there, to a goal; never through an end that is not the
/// goal's, nor back to where the issue has been.
pub(crate) async fn route(
    connection: &Connection,
    place: Place<'_>,
    from: Vec<Step>,
    goal: &Goal,
    been: &BTreeSet<String>,
) -> Result<Route> {
    let mapping = &connection.mapping;
    let mut seen = been.clone();
    let mut unknown: Option<Step> = None;
    let mut looked_into = 0;
    let mut ways: VecDeque<Vec<Step>> = VecDeque::new();
    let mut out = from;
    let mut way: Vec<Step> = Vec::new();
    loop {
        if let Some(last) = out.iter().find(|step| goal.holds(&step.to)) {
            way.push(last.clone());
            return Ok(Route::Known(way));
        }
        out.retain(|step| is_between(category(mapping, &step.to), goal.category));
        out.sort_by_key(|step| rank(category(mapping, &step.to), goal.category));
        for step in out.drain(..) {
            if step.to.id.as_ref().is_some_and(|id| seen.insert(id.clone())) && way.len() + 1 < LONGEST {
                let mut longer = way.clone();
                longer.push(step);
                ways.push_back(longer);
            }
        }
        // Into the next status, if somebody stands there.
        loop {
            let Some(next) = ways.pop_front() else {
                return Ok(unknown.map_or(Route::None, Route::Into));
            };
            let (Some(first), Some(last)) = (next.first().cloned(), next.last()) else { continue };
            looked_into += 1;
            let known = match looked_into <= LOOKED_INTO {
                true => leads(connection, place, last.to.id.as_deref().unwrap_or_default()).await?,
                false => None,
            };
            match known {
                Some(steps) => {
                    (out, way) = (steps.as_ref().clone(), next);
                    break;
                }
                None if unknown.is_none() => unknown = Some(first),
                None => {}
            }
        }
    }
}

/// True where a way may lead through: an end that is not asked for is none, whatever is behind it.
fn is_between(category: StatusCategory, goal: StatusCategory) -> bool {
    match category {
        StatusCategory::Closed | StatusCategory::Cancelled => false,
        StatusCategory::Resolved => matches!(goal, StatusCategory::Closed | StatusCategory::Resolved),
        _ => true,
    }
}

/// What is tried first: what is solved is nearest to an end, and a customer who is waited for the furthest from everything.
fn rank(category: StatusCategory, goal: StatusCategory) -> u8 {
    match category {
        StatusCategory::Resolved if goal == StatusCategory::Closed => 0,
        StatusCategory::InProgress => 1,
        StatusCategory::Open => 2,
        StatusCategory::Unknown => 3,
        StatusCategory::OnHold => 4,
        _ => 5,
    }
}

/// The steps out of a status, learned from an issue that stands there; `None` where nobody does.
pub(crate) async fn leads(connection: &Connection, place: Place<'_>, status: &str) -> Result<Option<Arc<Vec<Step>>>> {
    let (key, now) = (format!("{} {} {status}", place.project, place.issue_type), connection.clock.now());
    if let Some(known) = connection.learned.steps.get(&key, now) {
        return Ok(Some(known));
    }
    // Keys and ids are letters, digits and lines, so that nothing needs escaping.
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if ![place.project, place.issue_type, status].iter().all(|text| plain(text)) {
        return Ok(None);
    }
    let jql = format!(
        r#"project = "{}" AND issuetype = "{}" AND status = "{status}" ORDER BY updated DESC"#,
        place.project, place.issue_type
    );
    let fields = ["status".to_owned()];
    let search = Search { jql: &jql, fields: &fields, limit: 2, from: api::From::Start, reconcile: &[] };
    let response = connection.api.search(&search).await?;
    let page: IssuePage<Raw<'_>> = response.json()?;
    for raw in page.issues {
        let Ok(issue) = serde_json::from_str::<Issue<'_>>(raw.get()) else { continue };
        // The search may be behind (wire A3.4): the issue itself is not.
        let id = issue.id.as_ref().into();
        match super::locate(connection, &id, &[]).await {
            Ok(there) if there.status.id.as_deref() == Some(status) => {
                let steps = steps(connection, &there.id).await?;
                return Ok(Some(connection.learned.steps.keep(key, now, steps)));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The fields that the steps of a way demand and nobody gives, by id; with what is offered for each.
pub(crate) fn missing<'s>(
    steps: &'s [Step],
    given: &BTreeSet<String>,
    present: impl Fn(&str) -> bool,
) -> BTreeMap<&'s str, &'s super::meta::FieldMeta> {
    let demanded = steps.iter().flat_map(|step| step.fields.iter()).filter(|(_, meta)| meta.must_be_given());
    demanded
        .filter(|(id, _)| !given.contains(id.as_str()) && !present(id))
        .map(|(id, meta)| (id.as_str(), meta))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn statuses() -> Vec<Thing> {
        serde_json::from_value(json!([
            {"id": "1", "name": "Open", "statusCategory": {"key": "new"}},
            {"id": "3", "name": "In Progress", "statusCategory": {"key": "indeterminate"}},
            {"id": "6", "name": "Done", "statusCategory": {"key": "done"}},
        ]))
        .unwrap()
    }

    #[test]
    fn a_goal_is_a_category_a_stand_in_an_id_or_a_name() {
        let (mapping, statuses) = (Mapping::default(), statuses());
        let reached = |selector: StatusSelector| {
            let goal = goal(&mapping, &statuses, &selector)?;
            Ok::<_, Error>(goal.statuses.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(reached(StatusCategory::InProgress.into()).unwrap(), ["3"]);
        assert_eq!(reached(StatusCategory::Resolved.into()).unwrap(), ["6"]);
        assert_eq!(reached(StatusSelector::native("in progress")).unwrap(), ["3"]);
        assert_eq!(reached(StatusSelector::native("1")).unwrap(), ["1"]);
        for selector in [StatusSelector::native("Opened"), StatusCategory::OnHold.into()] {
            let error = reached(selector).unwrap_err();
            assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("status")));
            assert!(error.hint().unwrap().contains("In Progress (in_progress)"), "{error:?}");
        }
    }
}
