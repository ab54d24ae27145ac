//! Which request is answered by whom; what is not here is answered as a path that the plan lacks.

use http::Method;

use super::account::Account;
use super::answer::{ApiError, Reply};
use super::call::Call;
use super::world::World;
use super::{catalogue_json, people_api, ticket_api};

/// Answers a request below `/api/v2/`.
pub(crate) fn dispatch(account: &Account, call: &Call<'_>) -> Result<Reply, ApiError> {
    let path: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let answer = match call.method {
        Method::GET => reading(account, call, &path),
        _ => None,
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
        ["tickets", id, "incidents"] => {
            let problem = id.parse().ok();
            read(&|world| ticket_api::related(call, world, |ticket| problem.is_some() && ticket.problem == problem))
        }
        ["problems"] => read(&|world| ticket_api::related(call, world, |ticket| ticket.kind == Some("problem"))),
        _ => return around(account, call, path),
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
