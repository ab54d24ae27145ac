//! The Import Set API for one staging table, `imp_user`: wire §4.4 and the vendor's page.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::answer::{ApiError, Reply, json_response};
use super::call::Call;
use super::records::{Values, WriteOptions, Writer};
use super::schema::{Schema, system};
use super::world::World;

/// Column of the staging table, column of `sys_user`.
const TRANSFORM: &[(&str, &str)] = &[
    ("user_id", "user_name"),
    ("first_name", "first_name"),
    ("last_name", "last_name"),
    ("email", "email"),
    ("title", "title"),
];

fn staging(world: &World, name: &str) -> Result<(), ApiError> {
    if name == "imp_user" && !world.absent_tables.contains(&"imp_user") {
        return Ok(());
    }
    Err(ApiError::invalid_table(name))
}

fn answer(call: &Call<'_>, world: &World, import_set: &str, user: &str, status: &str) -> Value {
    let users = Schema::get().known("sys_user");
    let base = call.link_base(world);
    json!({
        "import_set": import_set,
        "staging_table": "imp_user",
        "result": [{
            "transform_map": "User",
            "table": "sys_user",
            "display_name": "name",
            "display_value": world.store.display(users, user),
            "record_link": format!("{base}/api/now/table/sys_user/{user}"),
            "status": status,
            "sys_id": user,
        }],
    })
}

/// `GET /api/now/import/imp_user/{id}`.
pub(crate) fn read(call: &Call<'_>, world: &World, path: &[String]) -> Result<Reply, ApiError> {
    call.check_accept()?;
    let [table, id] = path else {
        return Err(ApiError::no_resource());
    };
    staging(world, table)?;
    let imports = Schema::get().known("imp_user");
    let found = world.store.find(imports, id).ok_or_else(ApiError::no_record)?;
    let definition = Schema::get().table(imports);
    let field = |name: &str| definition.column(name).map_or("", |column| found.row.get(column));
    let body = answer(call, world, field("import_set"), field("sys_target_sys_id"), field("import_state"));
    Ok(json_response(StatusCode::OK, body.to_string().into_bytes()))
}

/// `POST /api/now/import/imp_user`, transformed at once.
pub(crate) fn write(call: &Call<'_>, world: &mut World, path: &[String]) -> Result<Reply, ApiError> {
    call.check_accept()?;
    let [table] = path else {
        return Err(ApiError::no_resource());
    };
    if call.method != Method::POST {
        return Err(ApiError::method_not_allowed(&call.method));
    }
    staging(world, table)?;
    let body = call.json_body()?;
    // D: string values only.
    if body.values().any(|value| !value.is_string()) {
        return Err(ApiError::bad_request("Import sets take string values only", None));
    }
    let mut values: Values =
        TRANSFORM.iter().filter_map(|(from, to)| Some(((*to).to_owned(), body.get(*from)?.clone()))).collect();
    let users = Schema::get().known("sys_user");
    let name = body.get("user_id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let existing = (!name.is_empty())
        .then(|| world.store.lookup(users, "user_name", &name))
        .flatten()
        .map(|found| (found.class, found.slot));
    let (place, status) = match existing {
        Some((class, slot)) => {
            writer(call, world).update(class, slot, &values)?;
            ((class, slot), "updated")
        }
        None => (writer(call, world).insert(users, &values)?, "inserted"),
    };
    let user = world.store.rows(place.0).row(place.1).map_or(String::new(), |row| row.get(system::SYS_ID).to_owned());
    values = body;
    let import_set = "ISET0010001";
    for (name, value) in [("import_set", import_set), ("sys_target_sys_id", &user), ("import_state", status)] {
        values.insert(name.to_owned(), json!(value));
    }
    let imports = Schema::get().known("imp_user");
    writer(call, world).insert(imports, &values)?;
    let body = answer(call, world, import_set, &user, status);
    Ok(json_response(StatusCode::CREATED, body.to_string().into_bytes()))
}

fn writer<'a>(call: &'a Call<'_>, world: &'a mut World) -> Writer<'a> {
    Writer { world, session: &call.session, now: call.now, options: WriteOptions::default() }
}
