//! Work on many at once, which is asked after: wire B7.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::answer::{ApiError, Reply, ok};
use super::call::{Call, too_many};
use super::edit::{self, How};
use super::model::{Status, Ticket};
use super::world::World;
use super::{organization_api, people_write_api, write_api};
use crate::random::stable_id;

/// Jobs that are listed (wire B7).
const LISTED: usize = 100;

/// Jobs that may be under way at once (wire B7).
const UNDER_WAY: usize = 30;

/// One job. Its work is done when it is made; what it says about that takes a few questions.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    id: String,
    kind: &'static str,
    total: usize,
    results: Value,
    completed: String,
    /// Questions after which it is completed.
    polls: u32,
}

/// The shape of one item's result, by what is done with what (wire S12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    Created,
    /// An organisation, whose result is another (recorded).
    Founded,
    Updated,
    Deleted,
}

fn result(done: Done, index: usize, outcome: Result<u64, (Option<u64>, ApiError)>) -> Value {
    let (action, status) = match done {
        Done::Created | Done::Founded => ("create", "Created"),
        Done::Updated => ("update", "Updated"),
        Done::Deleted => ("delete", "Deleted"),
    };
    match outcome {
        Ok(id) if done == Done::Founded => json!({ "status": status, "id": id }),
        Ok(id) if done == Done::Created => json!({ "index": index, "id": id }),
        Ok(id) => json!({ "action": action, "id": id, "status": status, "success": true }),
        Err((id, error)) => {
            let (name, details) = error.summary();
            let mut shown = json!({ "action": action, "success": false, "error": name, "details": details });
            // Which one it was: by its id, or by its place where it has none.
            match id {
                Some(id) => shown["id"] = json!(id),
                None => shown["index"] = json!(index),
            }
            shown
        }
    }
}

fn shown(call: &Call<'_>, job: &Job) -> Value {
    let (status, progress, message, results) = match job.polls {
        0 => ("completed", json!(job.total), json!(job.completed), job.results.clone()),
        _ if job.polls > call.settings.job_polls => ("queued", Value::Null, Value::Null, Value::Null),
        _ => ("working", json!(job.total / 2), json!("Working"), Value::Null),
    };
    json!({
        "id": job.id,
        "job_type": job.kind,
        "url": call.url(&format!("job_statuses/{}", job.id)),
        "total": job.total,
        "progress": progress,
        "status": status,
        "message": message,
        "results": results,
    })
}

/// Keeps a job and answers that it waits.
pub(crate) fn start(call: &Call<'_>, world: &mut World, kind: &'static str, total: usize, results: Value) -> Reply {
    let hex = stable_id("job", &format!("{}:{}", call.seed, world.new_id()));
    let job = Job {
        id: format!("V3-{hex}"),
        kind,
        total,
        results,
        completed: format!("Completed at {}", call.now.format("%Y-%m-%d %H:%M:%S +0000")),
        polls: call.settings.job_polls + 1,
    };
    let reply = ok(&json!({ "job_status": shown(call, &job) }));
    world.jobs.push_front(job);
    world.jobs.truncate(LISTED);
    reply
}

/// wire B7: too many at once.
fn check_room(call: &Call<'_>, world: &World) -> Result<(), ApiError> {
    let waiting: Vec<&str> = world.jobs.iter().filter(|job| job.polls > 0).map(|job| job.id.as_str()).collect();
    if !call.settings.endpoint_limits || waiting.len() < UNDER_WAY {
        return Ok(());
    }
    Err(ApiError {
        status: StatusCode::TOO_MANY_REQUESTS,
        body: json!({
            "error": "TooManyJobs",
            "description": "Too many jobs are currently queued or running. Try again later.",
            "current_job_ids": waiting,
        }),
    })
}

/// The objects of a body's list; more than a hundred are refused.
fn objects(call: &Call<'_>, name: &str) -> Result<Vec<Map<String, Value>>, ApiError> {
    let Some(Value::Array(list)) = call.json()?.remove(name) else {
        return Err(ApiError::bad_request("InvalidValue", format!("{name} is required")));
    };
    if list.len() > 100 {
        return Err(too_many());
    }
    Ok(list.into_iter().map(|own| own.as_object().cloned().unwrap_or_default()).collect())
}

/// Does the same with each, where a fault may spoil the first.
fn each<T>(
    call: &Call<'_>,
    done: Done,
    items: Vec<T>,
    mut work: impl FnMut(T) -> Result<u64, (Option<u64>, ApiError)>,
) -> (usize, Value) {
    let total = items.len();
    let spoiled = call.strikes.has("failed_job_item");
    let results = items.into_iter().enumerate().map(|(index, item)| {
        if index == 0 && spoiled {
            let error = ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "TicketUpdateFailed", "Something went wrong");
            return result(done, index, Err((None, error)));
        }
        result(done, index, work(item))
    });
    (total, results.collect())
}

/// What may be done with many of a kind.
pub(crate) fn many(account: &Account, call: &Call<'_>, kind: &str, what: &str) -> Option<Result<Reply, ApiError>> {
    let method = call.method.as_str();
    let how = match (method, what) {
        ("POST", "create_many") if kind == "organizations" => Done::Founded,
        ("POST", "create_many") => Done::Created,
        ("PUT", "update_many") => Done::Updated,
        ("DELETE", "destroy_many") => Done::Deleted,
        ("POST", "create_or_update_many") if kind == "users" => Done::Updated,
        _ => return None,
    };
    Some(call.agent().map(|_| ()).and_then(|()| {
        account.write(|world| {
            check_room(call, world)?;
            match (kind, how) {
                ("tickets", Done::Created) => create_tickets(call, world, How::Create),
                ("imports", Done::Created) => create_tickets(call, world, How::Import),
                ("tickets", Done::Updated) => update_tickets(call, world),
                ("tickets", Done::Deleted) => {
                    let ids = call.ids("ids")?;
                    let (total, results) = each(call, how, ids, |id| {
                        write_api::remove(call, world, &id.to_string()).map(|()| id).map_err(|error| (Some(id), error))
                    });
                    Ok(start(call, world, "Bulk Delete Ticket", total, results))
                }
                ("deleted_tickets", Done::Deleted) => {
                    let ids = call.ids("ids")?;
                    let (total, results) = each(call, how, ids, |id| {
                        write_api::scrub(call, world, &id.to_string()).map_err(|error| (Some(id), error))
                    });
                    Ok(start(call, world, "Permanently Delete Ticket", total, results))
                }
                _ => records(call, world, kind, what, how),
            }
        })
    }))
}

fn create_tickets(call: &Call<'_>, world: &mut World, how: How) -> Result<Reply, ApiError> {
    let bodies = objects(call, "tickets")?;
    let (total, results) = each(call, Done::Created, bodies, |body| {
        write_api::make(call, world, &body, how).map(|(ticket, _)| ticket.id).map_err(|error| (None, error))
    });
    Ok(start(call, world, "Bulk Create Ticket", total, results))
}

/// One body for many ids, or many bodies with an id each (wire B3.1).
fn update_tickets(call: &Call<'_>, world: &mut World) -> Result<Reply, ApiError> {
    let bodies: Vec<(u64, Map<String, Value>, How)> = if call.params.get("ids").is_some() {
        let body = call.wrapped("ticket")?;
        call.ids("ids")?.into_iter().map(|id| (id, body.clone(), How::Bulk)).collect()
    } else {
        let bodies = objects(call, "tickets")?.into_iter();
        // `additional_tags` is for the other form alone.
        bodies.map(|body| (body.get("id").and_then(edit::id).unwrap_or(0), body, How::Update)).collect()
    };
    let (total, results) = each(call, Done::Updated, bodies, |(id, body, how)| {
        let before = call.ticket(world, &id.to_string()).map(Arc::clone).map_err(|error| (Some(id), error))?;
        // wire B3.1: always safe, where a stamp is there.
        edit::check_stamp(&before, &body, true).map_err(|error| (Some(id), error))?;
        write_api::change(call, world, &before, &body, how).map(|_| id).map_err(|error| (Some(id), error))
    });
    Ok(start(call, world, "Bulk Update Ticket", total, results))
}

/// Users and organisations.
fn records(call: &Call<'_>, world: &mut World, kind: &str, what: &str, how: Done) -> Result<Reply, ApiError> {
    let is_user = kind == "users";
    let name = match (is_user, how) {
        (true, Done::Created | Done::Founded) => "Bulk Create User",
        (true, Done::Updated) => "Bulk Update User",
        (true, Done::Deleted) => "Bulk Delete User",
        (false, Done::Created | Done::Founded) => "Bulk Create Organization",
        (false, Done::Updated) => "Bulk Update Organization",
        (false, Done::Deleted) => "Bulk Delete Organization",
    };
    if how == Done::Deleted {
        let ids = call.ids("ids")?;
        let (total, results) = each(call, how, ids, |id| {
            let text = id.to_string();
            let gone = if is_user {
                people_write_api::remove(call, world, &text).map(|_| ())
            } else {
                organization_api::remove(call, world, &text)
            };
            gone.map(|()| id).map_err(|error| (Some(id), error))
        });
        return Ok(start(call, world, name, total, results));
    }
    let single = if is_user { "user" } else { "organization" };
    let bodies: Vec<(Option<u64>, Map<String, Value>)> = if call.params.get("ids").is_some() {
        let body = call.wrapped(single)?;
        call.ids("ids")?.into_iter().map(|id| (Some(id), body.clone())).collect()
    } else {
        objects(call, kind)?.into_iter().map(|body| (body.get("id").and_then(edit::id), body)).collect()
    };
    let matches = what == "create_or_update_many";
    let (total, results) = each(call, how, bodies, |(id, body)| {
        let outcome = match (is_user, how) {
            (true, _) if matches => people_write_api::create_or_update(call, world, &body).map(|own| own.0),
            (true, Done::Created) => people_write_api::make(call, world, &body),
            (true, _) => people_write_api::change(call, world, id.unwrap_or(0), &body),
            (false, Done::Created | Done::Founded) => organization_api::make(call, world, &body),
            (false, _) => organization_api::change(call, world, id.unwrap_or(0), &body),
        };
        outcome.map_err(|error| (id, error))
    });
    Ok(start(call, world, name, total, results))
}

/// `POST /tickets/{id}/merge` `{ids, target_comment, source_comment, …}`: closes the sources (wire B3.1).
pub(crate) fn merge(account: &Account, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    let by = call.agent()?.id;
    let body = call.json()?;
    account.write(|world| {
        let target = Arc::clone(call.ticket(world, id)?);
        if target.status == Status::Closed {
            return Err(ApiError::invalid("status", "Status: closed prevents ticket update", Some("InvalidValue")));
        }
        let ids: Vec<u64> =
            body.get("ids").and_then(Value::as_array).into_iter().flatten().filter_map(edit::id).collect();
        let said = |name: &str, default: String, public: &str| {
            let text = body.get(name).and_then(Value::as_str).map_or(default, str::to_owned);
            let public = body.get(public).and_then(Value::as_bool).unwrap_or(false);
            Map::from_iter([("comment".to_owned(), json!({ "body": text, "public": public, "author_id": by }))])
        };
        let list = ids.iter().map(|id| format!("#{id}")).collect::<Vec<_>>().join(", ");
        let comment = said("target_comment", format!("Merged {list}"), "target_comment_is_public");
        write_api::change(call, world, &target, &comment, How::Update)?;
        for source in &ids {
            let own = Arc::clone(call.ticket(world, &source.to_string())?);
            let comment = said("source_comment", format!("Merged into #{}", target.id), "source_comment_is_public");
            let stored = write_api::change(call, world, &own, &comment, How::Update)?.0;
            let mut closed = Ticket::clone(&stored);
            closed.status = Status::Closed;
            closed.custom_status = super::catalogue::default_status(Status::Closed);
            closed.status_at = call.now;
            closed.solved_at = closed.solved_at.or(Some(call.now));
            closed.tags.push("closed_by_merge".to_owned());
            world.store(closed, call.now);
        }
        Ok(start(call, world, "Ticket Merge", ids.len(), json!({ "success": true })))
    })
}

/// `DELETE /deleted_tickets/{id}`: for good, by a job (wire B3.1).
pub(crate) fn scrub_one(account: &Account, call: &Call<'_>, id: &str) -> Result<Reply, ApiError> {
    account.write(|world| {
        let id = write_api::scrub(call, world, id)?;
        let results = json!([result(Done::Deleted, 0, Ok(id))]);
        Ok(start(call, world, "Permanently Delete Ticket", 1, results))
    })
}

/// `GET /job_statuses`, `/{id}`, `/show_many?ids=`. Each question brings the jobs forward.
pub(crate) fn status(account: &Account, call: &Call<'_>, id: Option<&str>) -> Result<Reply, ApiError> {
    call.user()?;
    account.write(|world| {
        let wanted: Vec<&str> = call.params.get("ids").unwrap_or_default().split(',').collect();
        let asked = |job: &Job| match id {
            None => true,
            Some("show_many") => wanted.contains(&job.id.as_str()),
            Some(id) => job.id == id,
        };
        let mut found = Vec::new();
        for job in world.jobs.iter_mut().filter(|job| asked(job)) {
            job.polls = job.polls.saturating_sub(1);
            found.push(shown(call, job));
        }
        match id {
            Some("show_many") => Ok(ok(&json!({ "job_statuses": found }))),
            Some(_) => {
                let job = found.pop().ok_or_else(ApiError::not_found)?;
                Ok(ok(&json!({ "job_status": job })))
            }
            None => {
                let page = super::paging::Page::of(
                    call,
                    found.into_iter().enumerate().map(|(at, job)| ((0, at as u64), job)).collect(),
                )?;
                let document = page.document("job_statuses");
                Ok(page.finish(document))
            }
        }
    })
}

/// `PUT /tickets/mark_many_as_spam?ids=`.
pub(crate) fn spam_many(account: &Account, call: &Call<'_>) -> Result<Reply, ApiError> {
    account.write(|world| {
        let ids = call.ids("ids")?;
        let (total, results) = each(call, Done::Deleted, ids, |id| {
            write_api::remove(call, world, &id.to_string()).map(|()| id).map_err(|error| (Some(id), error))
        });
        Ok(start(call, world, "Mark Tickets As Spam", total, results))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_name_the_item() {
        let failed = result(Done::Updated, 3, Err((Some(7), ApiError::not_found())));
        assert_eq!((&failed["id"], &failed["error"]), (&json!(7), &json!("RecordNotFound")));
        let failed = result(Done::Created, 3, Err((None, ApiError::not_found())));
        assert_eq!((&failed["index"], &failed["success"]), (&json!(3), &json!(false)));
    }
}
