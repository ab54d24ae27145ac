//! Which request is answered by whom; what is not here is answered as a path that the plan lacks.

use http::Method;
use serde_json::json;

use super::account::Account;
use super::answer::{ApiError, Reply, ok};
use super::call::Call;
use super::edit::How;
use super::world::World;
use super::{
    attachment_api, catalogue_json, comment_api, incremental_api, jobs, organization_api, people_api, people_write_api,
    search_api, show, ticket_api, webhook_api, write_api,
};

/// Answers a request below `/api/v2/`.
pub(crate) fn dispatch(account: &Account, call: &Call<'_>) -> Result<Reply, ApiError> {
    let path: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    if let ["webhooks", rest @ ..] = path.as_slice() {
        return webhook_api::dispatch(account, call, rest).unwrap_or_else(|| Err(ApiError::invalid_endpoint()));
    }
    let answer = match call.method {
        Method::GET => reading(account, call, &path),
        _ => writing(account, call, &path),
    };
    answer.unwrap_or_else(|| {
        // wire B1.3: nobody is told what there is.
        call.user()?;
        Err(ApiError::invalid_endpoint())
    })
}

fn reading(account: &Account, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    let read = |look: &dyn Fn(&World) -> Result<Reply, ApiError>| account.read(look);
    Some(match path {
        ["tickets"] => {
            if let Err(error) = call.agent() {
                return Some(Err(error));
            }
            ticket_api::list(account, call, |_| true)
        }
        ["tickets", "count"] => read(&|world| ticket_api::count(call, world)),
        ["tickets", "show_many"] => read(&|world| ticket_api::show_many(call, world)),
        ["tickets", id] => read(&|world| ticket_api::get(call, world, id)),
        ["tickets", id, "comments"] => read(&|world| comment_api::list(call, world, id)),
        ["tickets", id, "comments", "count"] => read(&|world| comment_api::count(call, world, id)),
        ["tickets", id, "audits"] => read(&|world| comment_api::audits(call, world, id)),
        ["tickets", id, "audits", "count"] => read(&|world| {
            call.agent()?;
            Ok(ticket_api::counted(call, call.ticket(world, id)?.audits.len()))
        }),
        ["tickets", id, "audits", own] => read(&|world| comment_api::audit(call, world, id, own)),
        ["tickets", id, who @ ("followers" | "email_ccs" | "collaborators")] => {
            read(&|world| people_api::around_ticket(call, world, id, who))
        }
        ["tickets", id, "related"] => read(&|world| ticket_api::facts(call, world, id)),
        ["tickets", id, "metrics"] => read(&|world| comment_api::metrics(call, world, Some(id))),
        ["ticket_metrics"] => read(&|world| comment_api::metrics(call, world, None)),
        ["tickets", id, "tags"] => write_api::tags(account, call, id),
        ["deleted_tickets"] => read(&|world| write_api::deleted(call, world)),
        ["attachments", id] => read(&|world| {
            let file = attachment_api::find(call, world, id)?;
            Ok(ok(&json!({ "attachment": show::attachment(call, file) })))
        }),
        ["search"] => read(&|world| search_api::search(call, world)),
        ["search", "count"] => read(&|world| search_api::count(call, world)),
        ["search", "export"] => read(&|world| search_api::export(call, world)),
        ["incremental", "tickets", "cursor"] => read(&|world| incremental_api::tickets_by_cursor(call, world)),
        ["incremental", "users", "cursor"] => read(&|world| incremental_api::users_by_cursor(call, world)),
        ["incremental", kind] => return account.read(|world| incremental_api::by_start_time(call, world, kind)),
        ["job_statuses"] => jobs::status(account, call, None),
        ["job_statuses", id] => jobs::status(account, call, Some(id)),
        ["organizations", rest @ ..] => return organization_api::reading(account, call, rest),
        ["organization_memberships"] => read(&|world| organization_api::memberships(call, world, |_| true)),
        ["users", id, "organization_memberships"] => {
            let user = id.parse().unwrap_or(0);
            read(&|world| organization_api::memberships(call, world, |own| own.user == user))
        }
        ["users", id, "organizations"] => read(&|world| organization_api::of_user(call, world, id)),
        ["users", id, "identities"] => read(&|world| people_write_api::identities(call, world, id)),
        ["tickets", id, "incidents"] => {
            let problem = id.parse().ok();
            read(&|world| ticket_api::related(call, world, |ticket| problem.is_some() && ticket.problem == problem))
        }
        ["problems"] => read(&|world| ticket_api::related(call, world, |ticket| ticket.kind == Some("problem"))),
        _ => return around(account, call, path),
    })
}

fn writing(account: &Account, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    Some(match (call.method.as_str(), path) {
        ("POST", ["tickets"]) => write_api::create(account, call, How::Create),
        ("POST", ["imports", "tickets"]) => write_api::create(account, call, How::Import),
        ("POST", ["imports", "tickets", "create_many"]) => return jobs::many(account, call, "imports", "create_many"),
        ("PUT", ["tickets", "mark_many_as_spam"]) => jobs::spam_many(account, call),
        (_, [kind @ ("tickets" | "users" | "organizations" | "deleted_tickets"), what])
            if what.ends_with("_many") && *what != "restore_many" =>
        {
            return jobs::many(account, call, kind, what);
        }
        ("PUT", ["tickets", id]) => write_api::update(account, call, id),
        ("DELETE", ["tickets", id]) => write_api::delete(account, call, id),
        ("PUT", ["tickets", id, "mark_as_spam"]) => write_api::spam(account, call, id),
        ("POST", ["tickets", id, "merge"]) => jobs::merge(account, call, id),
        ("PUT" | "POST" | "DELETE", ["tickets", id, "tags"]) => write_api::tags(account, call, id),
        ("PUT", ["tickets", id, "comments", own, "make_private"]) => comment_api::make_private(account, call, id, own),
        ("PUT", ["tickets", id, "comments", own, "redact"]) => comment_api::redact(account, call, id, own),
        ("PUT", ["tickets", id, "comments", own, "attachments", file, "redact"]) => {
            comment_api::redact_attachment(account, call, id, own, file)
        }
        ("PUT", ["deleted_tickets", "restore_many"]) => {
            let ids: Vec<&str> = call.params.get("ids").unwrap_or_default().split(',').collect();
            write_api::restore(account, call, &ids)
        }
        ("PUT", ["deleted_tickets", id, "restore"]) => write_api::restore(account, call, &[id]),
        ("DELETE", ["deleted_tickets", id]) => jobs::scrub_one(account, call, id),
        ("POST", ["uploads"]) => comment_api::upload(account, call),
        ("DELETE", ["uploads", token]) => comment_api::delete_upload(account, call, token),
        (_, ["users", rest @ ..]) => return people_write_api::users(account, call, rest),
        (_, ["groups", rest @ ..]) => return people_write_api::groups(account, call, rest),
        (_, [kind @ ("group_memberships" | "organization_memberships"), rest @ ..]) => {
            return people_write_api::memberships(account, call, kind, rest);
        }
        (_, ["organizations", rest @ ..]) => return organization_api::writing(account, call, rest),
        _ => return None,
    })
}

/// Reading what is no ticket.
fn around(account: &Account, call: &Call<'_>, path: &[&str]) -> Option<Result<Reply, ApiError>> {
    let read = |look: &dyn Fn(&World) -> Result<Reply, ApiError>| account.read(look);
    let number = |id: &str| id.parse::<u64>().unwrap_or(0);
    Some(match path {
        ["users", "me"] => read(&|world| people_api::me(call, world)),
        ["users"] => read(&|world| people_api::list(call, world)),
        ["users", "count"] => read(&|world| people_api::count(call, world)),
        ["users", "show_many"] => read(&|world| people_api::show_many(call, world)),
        ["users", "search"] => read(&|world| people_api::search(call, world)),
        ["users", "autocomplete"] => read(&|world| people_api::autocomplete(call, world)),
        ["users", id] => read(&|world| people_api::get(call, world, id)),
        ["users", id, "groups"] => read(&|world| people_api::groups_of(call, world, id)),
        ["users", id, "group_memberships"] => {
            read(&|world| people_api::memberships(call, world, |own| own.user == number(id)))
        }
        ["users", id, "tickets", how @ ("requested" | "assigned" | "ccd" | "followed")] => {
            if let Err(error) = call.agent() {
                return Some(Err(error));
            }
            let id = number(id);
            ticket_api::list(account, call, |ticket| match *how {
                "requested" => ticket.requester == id,
                "assigned" => ticket.assignee == Some(id),
                "ccd" => ticket.email_ccs.contains(&id),
                _ => ticket.followers.contains(&id),
            })
        }
        ["groups"] => read(&|world| people_api::groups(call, world, false)),
        ["groups", "assignable"] => read(&|world| people_api::groups(call, world, true)),
        ["groups", "count"] => read(&|world| people_api::count_groups(call, world)),
        ["groups", id] => read(&|world| people_api::group(call, world, id)),
        ["groups", id, "users"] => read(&|world| people_api::of_group(call, world, id)),
        ["groups", id, "memberships"] => {
            read(&|world| people_api::memberships(call, world, |own| own.of == number(id)))
        }
        ["group_memberships"] => read(&|world| people_api::memberships(call, world, |_| true)),
        ["group_memberships", "assignable"] => read(&|world| {
            let assignable = |of: u64| world.groups.get(&of).is_some_and(|group| !group.deleted);
            people_api::memberships(call, world, |own| assignable(own.of))
        }),
        ["group_memberships", id] => read(&|world| people_api::membership(call, world, id)),
        ["ticket_fields"] => catalogue_json::fields(call),
        ["ticket_fields", "count"] => catalogue_json::count_fields(call),
        ["ticket_fields", id] => catalogue_json::one_field(call, id),
        ["ticket_fields", id, "options"] => catalogue_json::options(call, id),
        ["ticket_forms"] => catalogue_json::forms(call),
        ["ticket_forms", id] => catalogue_json::one_form(call, id),
        ["custom_statuses"] => catalogue_json::statuses(call),
        ["custom_statuses", id] => catalogue_json::one_status(call, id),
        ["brands"] => catalogue_json::brands(call),
        ["brands", id] => catalogue_json::one_brand(call, id),
        ["tags"] => read(&|world| catalogue_json::tags(call, world)),
        ["autocomplete", "tags"] => read(&|world| catalogue_json::autocomplete_tags(call, world)),
        _ => return None,
    })
}
