//! The way of an issue to a status: planned and checked before anything is sent, then made step by step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use ticketing_core::model::FieldData;
use ticketing_core::{Delivery, Error, ErrorKind, FieldId, Result, StatusSelector};
use ticketing_http::{Idempotency, Request, path_segment};

use super::encode::{chosen, encode};
use super::target::{Target, locate};
use super::workflow::{Goal, LONGEST, Place, Route, Step, goal, leads, missing, route, statuses_of, steps};
use crate::catalogue::Columns;
use crate::connection::Connection;
use crate::wire::Thing;

/// The field of the reason.
const RESOLUTION: &str = "resolution";

/// Where an issue is to go, and what it takes along.
#[derive(Debug)]
pub(crate) struct Journey<'a> {
    pub(crate) goal: Goal,
    /// The resolution, by id or name.
    pub(crate) reason: Option<&'a str>,
    /// Catalogue fields that a screen on the way may ask for.
    pub(crate) fields: &'a BTreeMap<FieldId, FieldData>,
}

impl<'a> Journey<'a> {
    pub(crate) async fn new(
        connection: &Connection,
        place: Place<'_>,
        wanted: &StatusSelector,
        reason: Option<&'a str>,
        fields: &'a BTreeMap<FieldId, FieldData>,
    ) -> Result<Self> {
        let statuses = statuses_of(connection, place.project, place.issue_type).await?;
        let goal = goal(&connection.mapping, &statuses, wanted)?;
        Ok(Self { goal, reason, fields })
    }

    /// The ids of the fields that are given.
    fn given(&self) -> BTreeSet<String> {
        let fields = self.fields.iter().filter(|(_, data)| !data.is_null()).map(|(id, _)| id.to_string());
        fields.chain(self.reason.map(|_| RESOLUTION.to_owned())).collect()
    }

    /// Refuses where steps ask for what is not given, or do not take the reason, unless an earlier one has.
    async fn check(&self, connection: &Connection, way: &[Step], target: Option<&Target>, taken: bool) -> Result<()> {
        self.complete(connection, way, target).await?;
        let Some(reason) = self.reason.filter(|_| !taken) else { return Ok(()) };
        match way.iter().rev().find_map(|step| step.fields.get(RESOLUTION)) {
            Some(meta) => chosen("reason", &meta.name, meta.allowed_values.as_deref(), reason).map(drop),
            None => {
                let last = way.last().map_or("", |step| step.name.as_str());
                Err(Error::invalid("reason", format!("the transition `{last}` takes no resolution"))
                    .with_hint("leave it out"))
            }
        }
    }

    /// Refuses where steps ask for what is not given, naming all of it.
    async fn complete(&self, connection: &Connection, way: &[Step], target: Option<&Target>) -> Result<()> {
        let lacking = missing(way, &self.given(), |_| false);
        let present = match target {
            Some(target) if !lacking.is_empty() => {
                let ids: Vec<&str> = lacking.keys().copied().collect();
                locate(connection, &target.id.as_str().into(), &ids).await?.fields
            }
            _ => Map::new(),
        };
        let has = |id: &str| match present.get(id) {
            None | Some(Value::Null) => false,
            Some(Value::Array(items)) => !items.is_empty(),
            // A resolution from an earlier life is none.
            Some(_) => id != RESOLUTION,
        };
        let lacking = missing(way, &self.given(), has);
        if let Some(first) = lacking.keys().next() {
            let to = way.last().and_then(|step| step.to.name.clone()).unwrap_or_default();
            let names: Vec<String> = lacking.keys().map(|id| format!("`{id}`")).collect();
            let hints: Vec<String> = lacking
                .iter()
                .map(|(id, meta)| {
                    // A new ticket has no reason beside its status.
                    let place = match *id == RESOLUTION && target.is_some() {
                        true => "the reason".to_owned(),
                        false => format!("`fields.{id}`"),
                    };
                    let offered = meta.allowed_values.as_deref().unwrap_or_default().iter();
                    let offered: Vec<&str> = offered
                        .filter_map(|value| value["name"].as_str().or(value["value"].as_str()))
                        .take(20)
                        .collect();
                    match offered.is_empty() {
                        true => format!("give {} as {place}", meta.name),
                        false => format!("give {} as {place}, one of: {}", meta.name, offered.join(", ")),
                    }
                })
                .collect();
            return Err(Error::invalid(*first, format!("the status `{to}` needs {}", names.join(", ")))
                .with_hint(hints.join("; ")));
        }
        Ok(())
    }

    /// What a step takes along: what its screen has a place for. The reason goes with the last one that has.
    async fn luggage(
        &self,
        connection: &Connection,
        columns: &Columns,
        step: &Step,
        rest: &[Step],
    ) -> Result<Map<String, Value>> {
        let mut out = Map::new();
        for (id, data) in self.fields {
            let later = rest.iter().any(|step| step.fields.contains_key(id.as_str()));
            let (Some(meta), Some(column)) = (step.fields.get(id.as_str()), columns.get(id.as_str())) else { continue };
            if column.core.is_none() && (!later || meta.must_be_given()) {
                out.insert(id.to_string(), encode(connection, column, meta, data).await?);
            }
        }
        if let (Some(reason), Some(meta)) = (self.reason, step.fields.get(RESOLUTION)) {
            let later = rest.iter().any(|step| step.fields.contains_key(RESOLUTION));
            if !later || meta.must_be_given() {
                out.insert(
                    RESOLUTION.to_owned(),
                    chosen("reason", &meta.name, meta.allowed_values.as_deref(), reason)?,
                );
            }
        }
        Ok(out)
    }
}

/// What is known of the way before the first step.
#[derive(Debug)]
pub(crate) struct Plan {
    route: Option<Route>,
}

impl Plan {
    /// True where a screen on the way has a place for the field.
    pub(crate) fn takes(&self, id: &str) -> bool {
        match &self.route {
            Some(Route::Known(way)) => way.iter().any(|step| step.fields.contains_key(id)),
            Some(Route::Into(step)) => step.fields.contains_key(id),
            Some(Route::None) | None => false,
        }
    }
}

fn place(target: &Target) -> Place<'_> {
    Place {
        project: target.project.key.as_deref().unwrap_or_default(),
        issue_type: target.issue_type.id.as_deref().unwrap_or_default(),
    }
}

fn been(status: &Thing) -> BTreeSet<String> {
    status.id.iter().cloned().collect()
}

/// True where an issue has the status that is wanted.
pub(crate) fn is_there(target: &Target, journey: &Journey<'_>) -> bool {
    journey.goal.holds(&target.status)
}

/// The way of an issue. Nothing is sent but reads.
///
/// # Errors
/// `InvalidRequest`, naming all that is missing; `Conflict` where no way leads there.
pub(crate) async fn plan(connection: &Connection, target: &Target, journey: &Journey<'_>) -> Result<Plan> {
    if journey.goal.holds(&target.status) {
        return match journey.reason {
            None => Ok(Plan { route: None }),
            Some(_) => Err(Error::invalid("reason", "the ticket has that status already, and its resolution stays")
                .with_hint("leave the reason out, or move the ticket to another status first")),
        };
    }
    let from = steps(connection, &target.id).await?;
    let route = route(connection, place(target), from, &journey.goal, &been(&target.status)).await?;
    match &route {
        Route::Known(way) => journey.check(connection, way, Some(target), false).await?,
        Route::Into(step) => {
            journey.complete(connection, std::slice::from_ref(step), Some(target)).await?;
            reason_exists(connection, journey).await?;
        }
        Route::None => return Err(no_way(&target.status, journey)),
    }
    Ok(Plan { route: Some(route) })
}

/// What a new issue will need on its way, as far as other issues show it; which status it begins with is the workflow's.
///
/// # Errors
/// `InvalidRequest`, naming all that is missing.
pub(crate) async fn foresee(connection: &Connection, place: Place<'_>, journey: &Journey<'_>) -> Result<()> {
    reason_exists(connection, journey).await?;
    let statuses = statuses_of(connection, place.project, place.issue_type).await?;
    let is_new = |own: &&Thing| own.status_category.as_ref().is_some_and(|own| own.key.as_deref() == Some("new"));
    for first in statuses.iter().filter(is_new) {
        if journey.goal.holds(first) {
            return Ok(());
        }
        let Some(from) = leads(connection, place, first.id.as_deref().unwrap_or_default()).await? else { continue };
        if let Route::Known(way) = route(connection, place, from.as_ref().clone(), &journey.goal, &been(first)).await? {
            return journey.check(connection, &way, None, false).await;
        }
    }
    Ok(())
}

async fn reason_exists(connection: &Connection, journey: &Journey<'_>) -> Result<()> {
    let Some(reason) = journey.reason else { return Ok(()) };
    let listed = connection.catalogue.resolutions().await?;
    let all: Vec<Value> = listed.iter().map(|own| json!({ "id": own.id, "name": own.name })).collect();
    chosen("reason", "Resolution", Some(&all), reason).map(drop)
}

fn no_way(from: &Thing, journey: &Journey<'_>) -> Error {
    let from = from.name.as_deref().unwrap_or("?");
    Error::new(ErrorKind::Conflict, format!("no transition leads from `{from}` to `{}`", journey.goal.category))
        .with_field("status")
        .with_delivery(Delivery::Answered)
        .with_hint(
            "list the transitions that the ticket can make now; without the right to make any, the list is empty",
        )
}

/// Goes to the goal, step by step. Each step that was made is noted in `applied`.
///
/// # Errors
/// What a step meets; `Conflict` where the way turns out to end elsewhere.
pub(crate) async fn walk(
    connection: &Connection,
    target: &Target,
    journey: &Journey<'_>,
    plan: Plan,
    applied: &mut Vec<String>,
) -> Result<()> {
    let columns = connection.catalogue.columns().await?;
    let Some(mut next) = plan.route else { return Ok(()) };
    let mut here = target.status.clone();
    let mut been = been(&here);
    // Whether the reason was given on the way.
    let mut taken = false;
    for _ in 0..LONGEST {
        let (step, rest) = match &next {
            Route::Known(way) => match way.split_first() {
                Some((first, rest)) => (first.clone(), rest),
                None => break,
            },
            Route::Into(step) => (step.clone(), &[][..]),
            Route::None => return Err(no_way(&here, journey)),
        };
        let fields = journey.luggage(connection, &columns, &step, rest).await?;
        let takes = fields.contains_key(RESOLUTION);
        make(connection, &target.id, &step, fields).await?;
        taken |= takes;
        let now = locate(connection, &target.id.as_str().into(), &[]).await?.status;
        applied.push(format!("status {}", now.name.as_deref().unwrap_or("?")));
        if now.id == here.id && step.to.id != here.id {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "the site did not take the transition `{}`: the ticket stands at `{}`",
                    step.name,
                    now.name.unwrap_or_default()
                ),
            )
            .with_field("status")
            .with_delivery(Delivery::Answered));
        }
        if journey.goal.holds(&now) {
            return Ok(());
        }
        here = now;
        been.extend(here.id.clone());
        let from = steps(connection, &target.id).await?;
        next = route(connection, place(target), from, &journey.goal, &been).await?;
        match &next {
            Route::Known(way) => journey.check(connection, way, Some(target), taken).await?,
            Route::Into(step) => journey.complete(connection, std::slice::from_ref(step), Some(target)).await?,
            Route::None => {}
        }
    }
    Err(no_way(&here, journey))
}

/// One transition. Its answer is empty, and making it twice could be two: where the answer is lost, the issue says what
/// became of it.
async fn make(connection: &Connection, id: &str, step: &Step, fields: Map<String, Value>) -> Result<()> {
    let mut body = json!({ "transition": { "id": step.id } });
    if !fields.is_empty() {
        body["fields"] = Value::Object(fields);
    }
    let path = format!("/issue/{}/transitions", path_segment(id));
    let error = match connection.api.write(Request::post, &path, Some(&body), Idempotency::Unsafe).await {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    if !error.maybe_applied() {
        return super::in_our_words(connection, Err(error)).await;
    }
    match locate(connection, &id.into(), &[]).await {
        Ok(now) if now.status.id == step.to.id => Ok(()),
        _ => Err(error),
    }
}
