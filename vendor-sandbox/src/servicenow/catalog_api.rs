//! The Service Catalog API, as far as ordering goes: wire §4.5.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::answer::{ApiError, Reply, no_content, result};
use super::call::Call;
use super::records::{Values, WriteOptions, Writer};
use super::schema::{Schema, TableId, system};
use super::store::Found;
use super::world::World;

/// What a user has put into the cart.
#[derive(Debug, Clone)]
pub(crate) struct CartItem {
    id: String,
    item: String,
    quantity: u64,
    variables: Map<String, Value>,
}

fn item<'w>(world: &'w World, id: &str) -> Result<Found<'w>, ApiError> {
    let items = Schema::get().known("sc_cat_item");
    world.store.find(items, id).ok_or_else(ApiError::no_record)
}

fn describe(found: &Found<'_>) -> Value {
    let table = Schema::get().table(found.class);
    let field = |name: &str| table.column(name).map_or("", |column| found.row.get(column));
    json!({
        "sys_id": found.row.get(system::SYS_ID),
        "name": field("name"),
        "short_description": field("short_description"),
        "price": field("price"),
        "type": if table.name() == "sc_cat_item_producer" { "record_producer" } else { "catalog_item" },
        "sys_class_name": table.name(),
    })
}

/// Requests that only read.
pub(crate) fn read(call: &Call<'_>, world: &World, path: &[&str]) -> Result<Reply, ApiError> {
    call.check_accept()?;
    match path {
        ["items"] => {
            let items = Schema::get().known("sc_cat_item");
            let all: Vec<Value> = world.store.family(items).map(|found| describe(&found)).collect();
            Ok(result(StatusCode::OK, &json!(all)))
        }
        ["items", id] => Ok(result(StatusCode::OK, &describe(&item(world, id)?))),
        ["cart"] => Ok(result(StatusCode::OK, &cart(world, call))),
        _ => Err(ApiError::no_resource()),
    }
}

fn cart(world: &World, call: &Call<'_>) -> Value {
    let empty = Vec::new();
    let own = world.carts.get(&call.session.user_id).unwrap_or(&empty);
    let items: Vec<Value> = own
        .iter()
        .map(|item| {
            json!({
                "cart_item_id": item.id,
                "catalog_item_id": item.item,
                "quantity": item.quantity,
                "variables": item.variables,
            })
        })
        .collect();
    json!({ "items": items })
}

/// Requests that order something.
pub(crate) fn write(call: &Call<'_>, world: &mut World, path: &[&str]) -> Result<Reply, ApiError> {
    call.check_accept()?;
    match (&call.method, path) {
        (&Method::POST, ["items", id, "order_now"]) => {
            let ordered = cart_item(call, world, id)?;
            let (id, number) = order(call, world, &[ordered])?;
            Ok(result(
                StatusCode::OK,
                &json!({
                    "sys_id": id,
                    "number": number,
                    "request_number": number,
                    "request_id": id,
                    "parent_id": null,
                    "parent_table": "task",
                    "table": "sc_request",
                }),
            ))
        }
        (&Method::POST, ["items", id, "add_to_cart"]) => {
            let item = cart_item(call, world, id)?;
            let user = call.session.user_id.clone();
            world.carts.entry(user).or_default().push(item);
            Ok(result(StatusCode::OK, &cart(world, call)))
        }
        (&Method::POST, ["cart", "submit_order" | "checkout"]) => {
            let items = world.carts.remove(&call.session.user_id).unwrap_or_default();
            if items.is_empty() {
                return Err(ApiError::bad_request("Cart is empty", None));
            }
            let (id, number) = order(call, world, &items)?;
            let body = json!({ "request_number": number, "request_id": id });
            Ok(result(StatusCode::OK, &body))
        }
        (&Method::DELETE, ["cart", ..]) => {
            world.carts.remove(&call.session.user_id);
            Ok(no_content())
        }
        (&Method::POST, ["items", id, "submit_producer"]) => produce(call, world, id),
        (method, ["items" | "cart", ..]) => Err(ApiError::method_not_allowed(method)),
        _ => Err(ApiError::no_resource()),
    }
}

fn cart_item(call: &Call<'_>, world: &mut World, id: &str) -> Result<CartItem, ApiError> {
    let found = item(world, id)?;
    if Schema::get().table(found.class).name() == "sc_cat_item_producer" {
        return Err(ApiError::bad_request("Invalid item: record producers are submitted", None));
    }
    let body = call.json_body()?;
    let quantity = match body.get("sysparm_quantity") {
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64(),
        None => None,
    };
    let quantity = quantity
        .filter(|quantity| *quantity > 0)
        .ok_or_else(|| ApiError::bad_request("Invalid Quantity value", None))?;
    let variables = match body.get("variables") {
        Some(Value::Object(variables)) => variables.clone(),
        _ => Map::new(),
    };
    Ok(CartItem { id: world.new_id(), item: id.to_owned(), quantity, variables })
}

/// A catalogue order writes as the system: users may order without write access to the tables.
fn writer<'a>(call: &'a Call<'_>, world: &'a mut World, session: &'a super::session::Session) -> Writer<'a> {
    Writer { world, session, now: call.now, options: WriteOptions::default() }
}

fn as_system(call: &Call<'_>) -> super::session::Session {
    let mut session = call.session.clone();
    session.roles.push("admin".to_owned());
    session
}

fn values(pairs: &[(&str, &str)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

/// REQ, one RITM per item, one SCTASK per RITM (wire §3.5).
fn order(call: &Call<'_>, world: &mut World, items: &[CartItem]) -> Result<(String, String), ApiError> {
    let schema = Schema::get();
    let session = as_system(call);
    let user = session.user_id.clone();
    let place = |world: &mut World, table: TableId, values: &Values| {
        let (class, slot) = writer(call, world, &session).insert(table, values)?;
        let row = world.store.rows(class).row(slot).ok_or_else(ApiError::no_record)?;
        let number = schema.table(class).number.map_or("", |column| row.get(column));
        Ok::<_, ApiError>((row.get(system::SYS_ID).to_owned(), number.to_owned()))
    };
    let (id, number) = place(
        world,
        schema.known("sc_request"),
        &values(&[("requested_for", &user), ("request_state", "requested"), ("approval", "requested")]),
    )?;
    for ordered in items {
        let title = item(world, &ordered.item).map(|found| describe(&found)["name"].clone())?;
        let title = title.as_str().unwrap_or_default().to_owned();
        let description: Vec<String> = ordered
            .variables
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.as_str().map_or(value.to_string(), str::to_owned)))
            .collect();
        let (item_id, _) = place(
            world,
            schema.known("sc_req_item"),
            &values(&[
                ("request", &id),
                ("cat_item", &ordered.item),
                ("short_description", &title),
                ("description", &description.join("\n")),
                ("quantity", &ordered.quantity.to_string()),
                ("requested_for", &user),
            ]),
        )?;
        place(
            world,
            schema.known("sc_task"),
            &values(&[("request_item", &item_id), ("request", &id), ("short_description", &title)]),
        )?;
    }
    Ok((id, number))
}

fn produce(call: &Call<'_>, world: &mut World, id: &str) -> Result<Reply, ApiError> {
    let found = item(world, id)?;
    let table = Schema::get().table(found.class);
    let target = table.column("table_name").map_or("", |column| found.row.get(column));
    let target = Schema::get().find(target).ok_or_else(ApiError::no_record)?;
    let mut fields = match call.json_body()?.get("variables") {
        Some(Value::Object(variables)) => variables.clone(),
        _ => Map::new(),
    };
    if target.column("caller_id").is_some() {
        fields.entry("caller_id").or_insert_with(|| json!(call.session.user_id));
    }
    let session = as_system(call);
    let (class, slot) = writer(call, world, &session).insert(target.id, &fields)?;
    let row = world.store.rows(class).row(slot).ok_or_else(ApiError::no_record)?;
    let number = target.number.map_or("", |column| row.get(column));
    let id = row.get(system::SYS_ID);
    let base = call.link_base(world);
    Ok(result(
        StatusCode::OK,
        &json!({
            "sys_id": id,
            "number": number,
            "parent_id": null,
            "parent_table": "task",
            "record": format!("{base}/api/now/table/{}/{id}", target.name()),
            "redirect_url": format!("{}.do?sys_id={id}", target.name()),
            "table": target.name(),
            "redirect_to": "generated_record",
        }),
    ))
}
