//! The Change Management API, as far as states go: wire §3.4.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::answer::{ApiError, Reply, json_response, result};
use super::call::Call;
use super::params::DisplayValue;
use super::policies::next_change_states;
use super::records::Writer;
use super::render::{Renderer, Shape};
use super::schema::{Schema, TableId};
use super::table_api::visible;
use super::world::World;

fn table() -> TableId {
    Schema::get().known("change_request")
}

/// `GET /api/sn_chg_rest/change/{id}` and `…/nextstates`.
pub(crate) fn read(call: &Call<'_>, world: &World, path: &[&str]) -> Result<Reply, ApiError> {
    call.check_accept()?;
    match path {
        [id] => record(call, world, id, StatusCode::OK),
        [id, "nextstates"] => {
            let (found, _) = visible(call, world, table(), id)?;
            let definition = Schema::get().table(found.class);
            let field = |name: &str| definition.column(name).map_or("", |column| found.row.get(column));
            let state_column = definition.column("state").unwrap_or_default();
            let label = |state: &str| world.choices.label(found.class, state_column, state).to_owned();
            let state = field("state");
            let next = next_change_states(field("type"), state);
            let transitions: Vec<Value> = next
                .iter()
                .map(|to| {
                    json!([{
                        "display_value": label(to),
                        "from_state": state,
                        "to_state": to,
                        "transition_available": true,
                        "automatic_transition": false,
                        "conditions": [],
                    }])
                })
                .collect();
            let labels: serde_json::Map<String, Value> =
                std::iter::once(&state).chain(next).map(|state| ((*state).to_owned(), json!(label(state)))).collect();
            let states: Vec<&str> = std::iter::once(state).chain(next.iter().copied()).collect();
            let body = json!({
                "available_states": states,
                "state_transitions": transitions,
                "state_label": labels,
            });
            Ok(result(StatusCode::OK, &body))
        }
        _ => Err(ApiError::no_resource()),
    }
}

/// `POST /api/sn_chg_rest/change` and `PATCH …/{id}`.
pub(crate) fn write(call: &Call<'_>, world: &mut World, path: &[&str]) -> Result<Reply, ApiError> {
    call.check_accept()?;
    let mut values = call.json_body()?;
    for (name, value) in call.params.pairs() {
        values.entry(name).or_insert_with(|| json!(value));
    }
    match (&call.method, path) {
        (&Method::POST, [] | ["normal" | "standard" | "emergency"]) => {
            if let [kind] = path {
                values.insert("type".to_owned(), json!(kind));
            }
            let (class, slot) = writer(call, world).insert(table(), &values)?;
            let id = world.store.rows(class).row(slot).map(|row| row.get(0).to_owned());
            record(call, world, &id.unwrap_or_default(), StatusCode::OK)
        }
        (&Method::PATCH, [id]) => {
            let (found, _) = visible(call, world, table(), id)?;
            let (class, slot) = (found.class, found.slot);
            writer(call, world).update(class, slot, &values)?;
            record(call, world, id, StatusCode::OK)
        }
        (method, [] | [_]) => Err(ApiError::method_not_allowed(method)),
        _ => Err(ApiError::no_resource()),
    }
}

fn writer<'a>(call: &'a Call<'_>, world: &'a mut World) -> Writer<'a> {
    Writer { world, session: &call.session, now: call.now, options: call.write_options() }
}

/// Bodies of this API are always pairs of value and display value.
fn record(call: &Call<'_>, world: &World, id: &str, status: StatusCode) -> Result<Reply, ApiError> {
    let (found, _) = visible(call, world, table(), id)?;
    let base = call.link_base(world);
    let shape = Shape { display: DisplayValue::All, links: false, base: &base, surplus: None };
    let renderer = Renderer::new(call.compiler(world), table(), None, shape);
    let mut body = b"{\"result\":".to_vec();
    renderer.row(&mut body, found.class, found.row);
    body.push(b'}');
    Ok(json_response(status, body))
}
