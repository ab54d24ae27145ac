//! Searching: by token on Cloud, by offset on Data Center (wire A3), and what helps to write queries.

use std::sync::Arc;

use chrono::TimeDelta;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::{ApiError, Reply, ok, ok_text};
use super::call::Call;
use super::catalogue::FIELDS;
use super::issue_json::{self, Selection};
use super::jql::{self, Clause, FUNCTIONS, Operand, Query, RESERVED, Ref};
use super::model::Issue;
use super::paging::{refused_token, token};
use super::shown;
use super::site::Site;
use super::world::{View, World};
use crate::random::in_share;

/// wire A3.2: issues per page at most; large pages only for id and key.
const BARE_PAGE: usize = 5_000;

/// What a page really holds when fields are asked for; adaptive and not documented (wire E).
const FULL_PAGE: usize = 100;

/// wire A3.3: the silent cap of a Data Center.
const SERVER_PAGE: usize = 1_000;

/// wire A3.2: fields of `ORDER BY`.
const ORDER_FIELDS: usize = 7;

/// wire A3.2: ids that a search is to be reconciled with.
const RECONCILED: usize = 50;

/// Members of the POST body; any other is a 400 (wire A3.2).
const MEMBERS: &[&str] = &[
    "jql",
    "nextPageToken",
    "maxResults",
    "fields",
    "expand",
    "properties",
    "fieldsByKeys",
    "reconcileIssues",
    "failFast",
];

fn invalid_payload() -> ApiError {
    ApiError::bad_request("Invalid request payload. Refer to the REST API documentation and try again.")
}

/// wire A3.1: the recorded 410.
pub(crate) fn removed(call: &Call<'_>) -> ApiError {
    let version = call.version();
    ApiError::new(
        StatusCode::GONE,
        format!(
            "The requested API has been removed. Please migrate to the /rest/api/{version}/search/jql API. A full migration \
             guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
        ),
    )
}

/// What a search asks, however it was sent.
#[derive(Debug, Default)]
struct Question {
    jql: String,
    token: Option<String>,
    size: Option<i64>,
    start: usize,
    fields: Vec<String>,
    expand: String,
    reconciled: Vec<u64>,
    properties: Vec<String>,
}

fn texts(value: Option<&Value>) -> Result<Vec<String>, ApiError> {
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|one| one.as_str().map(str::to_owned).ok_or_else(invalid_payload)).collect()
        }
        Some(_) => Err(invalid_payload()),
    }
}

impl Question {
    fn read(call: &Call<'_>) -> Result<Self, ApiError> {
        if call.method == Method::POST {
            return Self::from_body(call, &call.json()?);
        }
        let listed = |name: &str| super::issue_api::listed(call, name);
        let number = |name: &str| -> Result<Option<i64>, ApiError> {
            let Some(text) = call.params.get(name) else { return Ok(None) };
            text.parse().map(Some).map_err(|_| {
                ApiError::problem(
                    StatusCode::BAD_REQUEST,
                    format!("Failed to convert '{name}' with value: '{text}'"),
                    &call.resource,
                )
            })
        };
        Ok(Self {
            jql: call.params.get("jql").unwrap_or_default().to_owned(),
            token: call.params.get("nextPageToken").map(str::to_owned),
            size: number("maxResults")?,
            start: number("startAt")?.and_then(|start| usize::try_from(start).ok()).unwrap_or(0),
            fields: listed("fields"),
            expand: listed("expand").join(","),
            reconciled: listed("reconcileIssues").iter().filter_map(|id| id.parse().ok()).collect(),
            properties: listed("properties"),
        })
    }

    fn from_body(call: &Call<'_>, body: &Map<String, Value>) -> Result<Self, ApiError> {
        if call.is_cloud() && body.keys().any(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(invalid_payload());
        }
        // wire A3.3: a Data Center refuses `properties` in the body.
        if !call.is_cloud() && body.contains_key("properties") {
            return Err(ApiError::bad_request("Unrecognized field \"properties\""));
        }
        // wire A3.2: a comma-separated string here too; Data Center has an array.
        let expand = match body.get("expand") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(list) if !call.is_cloud() => texts(Some(list))?.join(","),
            Some(_) => return Err(invalid_payload()),
        };
        let reconciled = match body.get("reconcileIssues") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => {
                list.iter().map(|id| id.as_u64().ok_or_else(invalid_payload)).collect::<Result<_, _>>()?
            }
            Some(_) => return Err(invalid_payload()),
        };
        let size = match body.get("maxResults") {
            None | Some(Value::Null) => None,
            Some(size) => Some(size.as_i64().ok_or_else(invalid_payload)?),
        };
        Ok(Self {
            jql: body.get("jql").and_then(Value::as_str).unwrap_or_default().to_owned(),
            token: body.get("nextPageToken").and_then(Value::as_str).map(str::to_owned),
            size,
            start: body
                .get("startAt")
                .and_then(Value::as_u64)
                .and_then(|start| usize::try_from(start).ok())
                .unwrap_or(0),
            fields: texts(body.get("fields"))?,
            expand,
            reconciled,
            properties: texts(body.get("properties"))?,
        })
    }

    fn expands(&self) -> Vec<&str> {
        self.expand.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
    }
}

/// A parsed query that the caller may ask.
fn query(call: &Call<'_>, text: &str) -> Result<Query, ApiError> {
    let query = jql::parse(text).map_err(ApiError::bad_request)?;
    if call.is_cloud() && query.clause.is_none() {
        return Err(ApiError::bad_request(
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
        ));
    }
    if query.order.len() > ORDER_FIELDS {
        return Err(ApiError::bad_request(format!(
            "The ORDER BY clause must not contain more than {ORDER_FIELDS} fields."
        )));
    }
    Ok(query)
}

/// How far this search lags behind.
fn lag(call: &Call<'_>) -> TimeDelta {
    let struck = call.strikes.get("stale_search").map(|strike| i64::try_from(strike.number(60)).unwrap_or(i64::MAX));
    let seconds = struck.unwrap_or_else(|| call.settings.search_lag_seconds.into());
    TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::zero())
}

fn view<'w>(call: &Call<'_>, world: &'w World, reconciled: &[u64]) -> View<'w> {
    let moment = call.now.checked_sub_signed(lag(call)).unwrap_or(chrono::DateTime::<chrono::Utc>::MIN_UTC);
    world.view(moment, reconciled)
}

/// Every hit that the caller may see, in order.
fn hits(call: &Call<'_>, world: &World, query: &Query, view: &View<'_>) -> Result<Vec<Arc<Issue>>, ApiError> {
    let filter = match &query.clause {
        Some(clause) => Some(jql::compile(world, call, clause).map_err(ApiError::messages)?),
        None => None,
    };
    let hidden = call.strikes.get("hidden_issues");
    let share = hidden.map(|strike| strike.parameter.as_f64().unwrap_or(0.3));
    let mut found: Vec<Arc<Issue>> = view
        .all()
        .filter(|own| call.sees(world, own))
        .filter(|own| share.is_none_or(|share| !in_share(0, &own.id.to_string(), share)))
        .filter(|own| filter.as_ref().is_none_or(|filter| filter(own)))
        .cloned()
        .collect();
    jql::sort(world, &mut found, &query.order, call.seed);
    Ok(found)
}

/// `GET`, `POST /search/jql`.
pub(crate) fn by_token(site: &Site, call: &Call<'_>) -> Result<Reply, ApiError> {
    let question = Question::read(call)?;
    let selection = Selection::read(&question.fields, "id");
    let asked = question.size.unwrap_or(50);
    if !(1..=5_000).contains(&asked) {
        return Err(ApiError::bad_request("The 'maxResults' value must be between 1 and 5000."));
    }
    if question.reconciled.len() > RECONCILED {
        return Err(ApiError::bad_request(format!(
            "The 'reconcileIssues' list must not contain more than {RECONCILED} ids."
        )));
    }
    if question.properties.len() > 5 {
        return Err(ApiError::bad_request("A maximum of 5 properties can be requested."));
    }
    let cap = call.settings.page_cap.unwrap_or(if selection.is_bare() { BARE_PAGE } else { FULL_PAGE });
    let mut size = usize::try_from(asked).unwrap_or(50).min(cap);
    let query = query(call, &question.jql)?;
    // wire A3.2: everything but the token has to stay the same.
    let fingerprint = format!("{:?}", (&question.jql, &question.fields, &question.expand, &question.reconciled));
    let (walk, ids, start) = match &question.token {
        Some(_) if call.strikes.has("refused_token") => return Err(refused_token()),
        Some(token) => site.read(|world| world.walks.resume(token, &fingerprint, call.now))?,
        None => {
            let found = site.read(|world| hits(call, world, &query, &view(call, world, &question.reconciled)))?;
            let ids: Arc<[u64]> = found.iter().map(|own| own.id).collect();
            let whole = ids.len() <= size && call.strikes.get("short_page").is_none();
            // A search that fits one page needs no memory.
            let walk = if whole { 0 } else { site.walk(|walks| walks.open(Arc::clone(&ids), &fingerprint)) };
            (walk, ids, 0)
        }
    };
    site.read(|world| {
        if let Some(strike) = call.strikes.get("short_page") {
            let left = ids.len() - start;
            size = usize::try_from(strike.number(left.div_ceil(2) as u64)).unwrap_or(size).min(size);
        }
        let end = (start + size).min(ids.len());
        let view = view(call, world, &question.reconciled);
        let expand = question.expands();
        let per_issue: Vec<&str> = expand.iter().copied().filter(|name| !matches!(*name, "names" | "schema")).collect();
        let is_plain = per_issue.is_empty() && question.properties.is_empty();
        let way = shown::way(call, &selection);
        let mut shown: Vec<Arc<str>> = Vec::with_capacity(end - start);
        // What was deleted or hidden meanwhile makes the page shorter.
        for own in ids[start..end].iter().filter_map(|id| view.get(*id)).filter(|own| call.sees(world, own)) {
            if is_plain {
                shown.push(site.shown(|all| all.issue(&way, call, world, own, &selection)));
                continue;
            }
            let mut one = issue_json::issue(call, world, own, &selection, &per_issue);
            if !question.properties.is_empty() {
                let wanted = own.properties.iter().filter(|(key, _)| question.properties.contains(key));
                one["properties"] = Value::Object(wanted.map(|(key, value)| (key.clone(), value.clone())).collect());
            }
            shown.push(one.to_string().into());
        }
        site.spend(call, shown.len());
        let is_last = end == ids.len();
        let mut body = json!({ "isLast": is_last });
        if !is_last {
            body["nextPageToken"] = match (&question.token, call.strikes.has("repeated_token")) {
                (Some(same), true) => json!(same),
                _ => json!(token(walk, end, call.now)),
            };
        }
        if expand.contains(&"names") {
            body["names"] = issue_json::names(&selection);
        }
        if expand.contains(&"schema") {
            body["schema"] = issue_json::schemas(&selection);
        }
        let rest = body.to_string();
        Ok(ok_text(format!("{{\"issues\":[{}],{}", shown.join(","), rest.strip_prefix('{').unwrap_or(&rest))))
    })
}

/// `GET`, `POST /search` of a Data Center: offsets, an exact total, pages capped in silence.
pub(crate) fn by_offset(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let question = Question::read(call)?;
    let selection = Selection::read(&question.fields, "*navigable");
    let query = query(call, &question.jql)?;
    let found = hits(call, world, &query, &view(call, world, &[]))?;
    let cap = call.settings.page_cap.unwrap_or(SERVER_PAGE);
    let mut size = question.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(50).min(cap);
    if let Some(strike) = call.strikes.get("short_page") {
        size = usize::try_from(strike.number((size / 2) as u64)).unwrap_or(size).min(size);
    }
    let start = question.start.min(found.len());
    let expand = question.expands();
    let page = &found[start..(start + size).min(found.len())];
    let shown: Vec<Value> = page.iter().map(|own| issue_json::issue(call, world, own, &selection, &expand)).collect();
    Ok(ok(&json!({
        "expand": "schema,names",
        "startAt": question.start,
        "maxResults": size,
        "total": found.len(),
        "issues": shown,
    })))
}

/// `POST /search/approximate-count`.
pub(crate) fn count(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let query = query(call, body.get("jql").and_then(Value::as_str).unwrap_or_default())?;
    let found = hits(call, world, &query, &view(call, world, &[]))?;
    Ok(ok(&json!({ "count": found.len() })))
}

/// `POST /jql/match`: which issues fit which queries.
pub(crate) fn matches(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let ids: Vec<u64> =
        body.get("issueIds").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_u64).collect();
    let view = view(call, world, &[]);
    let one = |text: &str| -> Value {
        let found = query(call, text).and_then(|query| hits(call, world, &query, &view));
        match found {
            Ok(found) => {
                let matched: Vec<u64> = found.iter().map(|own| own.id).filter(|id| ids.contains(id)).collect();
                json!({ "matchedIssues": matched, "errors": [] })
            }
            Err(error) => json!({ "matchedIssues": [], "errors": [error.summary()] }),
        }
    };
    let shown: Vec<Value> = texts(body.get("jqls"))?.iter().map(|text| one(text)).collect();
    Ok(ok(&json!({ "matches": shown })))
}

fn structure(clause: &Clause) -> Value {
    let operand = |operand: &Operand| match operand {
        Operand::Value { text, .. } => json!({ "value": text, "encodedValue": text }),
        Operand::List(list) => json!({ "values": list.iter().map(|one| match one {
            Operand::Value { text, .. } => json!({ "value": text, "encodedValue": text }),
            Operand::Function { name, arguments } => json!({ "function": name, "arguments": arguments }),
            _ => json!({ "keyword": "empty" }),
        }).collect::<Vec<_>>() }),
        Operand::Function { name, arguments } => json!({ "function": name, "arguments": arguments }),
        Operand::Empty | Operand::None => json!({ "keyword": "empty" }),
    };
    match clause {
        Clause::And(all) => json!({ "clauses": all.iter().map(structure).collect::<Vec<_>>(), "operator": "and" }),
        Clause::Or(all) => json!({ "clauses": all.iter().map(structure).collect::<Vec<_>>(), "operator": "or" }),
        Clause::Not(inner) => json!({ "clauses": [structure(inner)], "operator": "not" }),
        Clause::Term { field, operator, operand: own } => json!({
            "field": { "name": field, "encodedName": field },
            "operator": operator.name(),
            "operand": operand(own),
        }),
    }
}

/// `POST /jql/parse?validation=strict|warn|none`.
pub(crate) fn parse(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let body = call.json()?;
    let level = call.params.get("validation").unwrap_or("strict");
    let queries = texts(body.get("queries"))?;
    if queries.is_empty() {
        return Err(ApiError::bad_request("The 'queries' list must not be empty."));
    }
    let one = |text: &String| -> Value {
        let query = match jql::parse(text) {
            Ok(query) => query,
            Err(message) => return json!({ "query": text, "errors": [message] }),
        };
        let mut own = Map::new();
        if let Some(clause) = &query.clause {
            own.insert("where".to_owned(), structure(clause));
        }
        if !query.order.is_empty() {
            let fields = query.order.iter().map(|(name, descends)| {
                let mut shown = json!({ "field": { "name": name, "encodedName": name } });
                if let Some(descends) = descends {
                    shown["direction"] = json!(if *descends { "desc" } else { "asc" });
                }
                shown
            });
            own.insert("orderBy".to_owned(), json!({ "fields": fields.collect::<Vec<_>>() }));
        }
        let mut shown = json!({ "query": text, "structure": own });
        let clause = query.clause.as_ref().filter(|_| level != "none");
        let problems = clause.and_then(|clause| jql::compile(world, call, clause).err());
        if let Some(messages) = problems {
            shown[if level == "warn" { "warnings" } else { "errors" }] = json!(messages);
        }
        shown
    };
    Ok(ok(&json!({ "queries": queries.iter().map(one).collect::<Vec<_>>() })))
}

/// `GET /jql/autocompletedata`.
pub(crate) fn reference(_call: &Call<'_>) -> Reply {
    let fields: Vec<Value> = FIELDS
        .iter()
        .flat_map(|own| own.clauses.iter().map(move |clause| (own, *clause)))
        .filter(|(_, clause)| Ref::find(clause).is_some())
        .map(|(own, clause)| {
            let mut shown = json!({
                "value": clause,
                "displayName": own.name,
                "orderable": "true",
                "searchable": "true",
                "auto": "true",
                "operators": ["=", "!=", "in", "not in", "is", "is not"],
                "types": [],
            });
            if let Some(number) = own.number {
                shown["cfid"] = json!(format!("cf[{number}]"));
            }
            shown
        })
        .collect();
    let functions: Vec<Value> =
        FUNCTIONS.iter().map(|name| json!({ "value": name, "displayName": name, "types": [] })).collect();
    ok(&json!({ "visibleFieldNames": fields, "visibleFunctionNames": functions, "jqlReservedWords": RESERVED }))
}
