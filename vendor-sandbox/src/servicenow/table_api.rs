//! The Table API: wire §1.

use http::header::{LINK, LOCATION};
use http::{HeaderValue, Method, StatusCode};
use percent_encoding::utf8_percent_encode;

use super::acl::{RowDenial, TableDenial};
use super::answer::{ApiError, Reply, empty, json_response, no_content, set_header};
use super::call::Call;
use super::params::encode;
use super::properties;
use super::query::{Encoded, parse, select};
use super::records::Writer;
use super::render::{Renderer, Shape};
use super::schema::{Schema, TableId, system};
use super::store::Found;
use super::table_faults;
use super::world::World;
use crate::servicenow::query::Filter;

/// Rows of a page that does not say how many it wants (D: c_TableAPI).
const DEFAULT_LIMIT: usize = 10_000;

/// Requests that only read, so that several can run at once.
pub(crate) fn read(call: &Call<'_>, world: &World, path: &[String], v1: bool) -> Result<Reply, ApiError> {
    call.check_accept()?;
    match path {
        [table] => list(call, world, find_table(call, world, table)?, v1),
        [table, id] => one(call, world, find_table(call, world, table)?, id),
        _ => Err(ApiError::no_resource()),
    }
}

/// Requests that write.
pub(crate) fn write(call: &Call<'_>, world: &mut World, path: &[String]) -> Result<Reply, ApiError> {
    call.check_accept()?;
    let table = path.first().map(|name| find_table(call, world, name));
    match (&call.method, path) {
        (&Method::POST, [_]) => insert(call, world, table.ok_or_else(ApiError::no_resource)??),
        // wire §1.1: PUT and PATCH both change only the given fields; neither creates.
        (&Method::PUT | &Method::PATCH, [_, id]) => update(call, world, table.ok_or_else(ApiError::no_resource)??, id),
        (&Method::DELETE, [_, id]) => delete(call, world, table.ok_or_else(ApiError::no_resource)??, id),
        (method, [_] | [_, _]) => Err(ApiError::method_not_allowed(method)),
        _ => Err(ApiError::no_resource()),
    }
}

/// The table of that name, unless it does not exist or the caller may not use it.
pub(crate) fn find_table(call: &Call<'_>, world: &World, name: &str) -> Result<TableId, ApiError> {
    let table = Schema::get()
        .find(name)
        .filter(|table| !world.absent_tables.contains(&table.name()))
        .ok_or_else(|| ApiError::invalid_table(name))?;
    match world.acl.table_denial(&call.session, table.id) {
        Some(TableDenial::Forbidden) => Err(ApiError::not_authorized()),
        Some(TableDenial::Hidden) | None => Ok(table.id),
    }
}

/// The query of a request: `sysparm_query`, or else the plain `field=value` parameters.
pub(crate) fn filter_of(call: &Call<'_>, world: &World, table: TableId) -> Filter {
    let mut encoded = match call.params.get("sysparm_query") {
        Some(text) => parse(text),
        None => {
            let mut encoded = Encoded::default();
            encoded.groups.push(Vec::new());
            for (field, value) in call.params.pairs() {
                if field != "x-sn-apikey" {
                    encoded.push(super::query::parameter(field, value));
                }
            }
            encoded
        }
    };
    if let Some(strike) = call.strikes.get("ignored_query_part") {
        table_faults::ignore_part(&mut encoded, strike.parameter.as_str());
    }
    let nothing = properties::is_true(&world.store, "glide.invalid_query.returns_no_rows");
    call.compiler(world).compile(table, &encoded, nothing)
}

fn number(call: &Call<'_>, name: &str) -> Option<i64> {
    call.params.get(name)?.trim().parse().ok()
}

fn list(call: &Call<'_>, world: &World, table: TableId, v1: bool) -> Result<Reply, ApiError> {
    let limit = number(call, "sysparm_limit").and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_LIMIT);
    let offset = number(call, "sysparm_offset").unwrap_or(0);
    let Ok(offset) = usize::try_from(offset) else {
        // wire §1.2.
        return Err(ApiError::bad_request(
            format!("offset is {offset}"),
            Some("Negative offset is not supported".to_owned()),
        ));
    };
    let count = !call.params.flag("sysparm_no_count");
    let filter = filter_of(call, world, table);
    let page = select(&world.store, table, &filter, offset, limit, count, call.tie_break());
    // wire §1.1: version 1 answers 404 where there is nothing.
    if v1 && page.rows.is_empty() {
        return Err(ApiError::no_record());
    }
    let fields = call.params.fields();
    let base = call.link_base(world);
    let renderer = Renderer::new(call.compiler(world), table, fields.as_deref(), shape(call, &base));
    let guard = call.guard(world, table);
    let hide_all = world.acl.table_denial(&call.session, table) == Some(TableDenial::Hidden);
    let mut body = Vec::with_capacity(64 + page.rows.len() * 256);
    body.extend_from_slice(b"{\"result\":[");
    let mut written = 0_usize;
    let stops = table_faults::Interruption::new(call.strikes, page.rows.len());
    for (class, slot) in &page.rows {
        let Some(row) = world.store.rows(*class).row(*slot) else {
            continue;
        };
        // D: the limit is applied before ACLs, so a page may come out short, or empty.
        let denial = match hide_all {
            true => Some(RowDenial::Hidden),
            false => guard
                .denial(&world.store, *class, row)
                .or_else(|| table_faults::denial(call.strikes, row.get(system::SYS_ID))),
        };
        if denial == Some(RowDenial::Hidden) {
            continue;
        }
        if written > 0 {
            body.push(b',');
        }
        if stops.strikes_at(written, &mut body) {
            break;
        }
        match denial {
            Some(_) => body.extend_from_slice(b"{}"),
            None => renderer.row(&mut body, *class, row),
        }
        written += 1;
    }
    stops.finish(&mut body);
    let mut reply = json_response(StatusCode::OK, body);
    if let Some(total) = page.total {
        let shown = table_faults::total(call.strikes, total);
        set_header(&mut reply, "x-total-count", &shown.to_string());
    }
    if !call.params.flag("sysparm_suppress_pagination_header") {
        let links = links(call, &base, offset, limit, page.total, page.rows.len());
        if let Ok(links) = HeaderValue::from_str(&links)
            && !links.is_empty()
        {
            reply.headers_mut().insert(LINK, links);
        }
    }
    Ok(reply)
}

/// `<URL>;rel="first",<URL>;rel="prev",<URL>;rel="next",<URL>;rel="last"`: no blanks, parts that do
/// not apply left out, nothing at all on a single page (wire §1.5).
fn links(call: &Call<'_>, base: &str, offset: usize, limit: usize, total: Option<usize>, rows: usize) -> String {
    let more = match total {
        Some(total) => offset.saturating_add(limit) < total,
        None => rows == limit,
    };
    if limit == 0 || (offset == 0 && !more) {
        return String::new();
    }
    let mut own = String::new();
    for (name, value) in call.params.iter() {
        if matches!(name, "sysparm_offset" | "sysparm_limit") || value.is_empty() {
            continue;
        }
        // The capture has %2C in sysparm_query, but raw commas in sysparm_fields.
        let value = match name {
            "sysparm_query" => encode(value),
            _ => utf8_percent_encode(value, RAW_COMMAS).to_string(),
        };
        own.push_str(&format!("{name}={value}&"));
    }
    let path = &call.path;
    let link = |offset: usize, rel: &str| {
        format!("<{base}{path}?{own}sysparm_offset={offset}&sysparm_limit={limit}>;rel=\"{rel}\"")
    };
    let mut links = vec![link(0, "first")];
    if offset > 0 {
        links.push(link(offset.saturating_sub(limit), "prev"));
    }
    if more {
        links.push(link(offset + limit, "next"));
    }
    if let Some(total) = total {
        links.push(link(total.saturating_sub(1) / limit * limit, "last"));
    }
    links.join(",")
}

/// Like a query value, but commas stay.
const RAW_COMMAS: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b',').remove(b'-').remove(b'_').remove(b'.');

pub(crate) fn shape<'a>(call: &Call<'a>, base: &'a str) -> Shape<'a> {
    Shape {
        display: call.params.display_value(),
        links: !call.params.flag("sysparm_exclude_reference_link"),
        base,
        surplus: call.strikes.get("unknown_column").map(|strike| strike.text("x_acme_app_new_column")),
    }
}

/// The record with that id, unless it is missing or hidden: 404 either way (wire §1.1).
pub(crate) fn visible<'w>(
    call: &Call<'_>,
    world: &'w World,
    table: TableId,
    id: &str,
) -> Result<(Found<'w>, Option<RowDenial>), ApiError> {
    let found = world.store.find(table, id).ok_or_else(ApiError::no_record)?;
    let hidden = world.acl.table_denial(&call.session, table).is_some();
    let denial = call.guard(world, table).denial(&world.store, found.class, found.row);
    let denial = denial.or_else(|| table_faults::denial(call.strikes, id));
    if hidden || denial == Some(RowDenial::Hidden) {
        return Err(ApiError::no_record());
    }
    Ok((found, denial))
}

fn one(call: &Call<'_>, world: &World, table: TableId, id: &str) -> Result<Reply, ApiError> {
    visible(call, world, table, id)?;
    Ok(record(call, world, table, id, StatusCode::OK))
}

/// `{"result": record}` in the shape that the request asks for.
pub(crate) fn record(call: &Call<'_>, world: &World, table: TableId, id: &str, status: StatusCode) -> Reply {
    let fields = call.params.fields();
    let base = call.link_base(world);
    let renderer = Renderer::new(call.compiler(world), table, fields.as_deref(), shape(call, &base));
    let mut body = b"{\"result\":".to_vec();
    match visible(call, world, table, id) {
        Ok((found, None)) => renderer.row(&mut body, found.class, found.row),
        _ => body.extend_from_slice(b"{}"),
    }
    body.push(b'}');
    json_response(status, body)
}

/// `X-no-response-body: true` (wire §1.5): 204, except that an insert stays 201 (U).
fn without_body(call: &Call<'_>, reply: Reply) -> Reply {
    let unwanted =
        call.headers.get("x-no-response-body").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
    if !unwanted {
        return reply;
    }
    let status = match reply.status() {
        StatusCode::CREATED => StatusCode::CREATED,
        _ => StatusCode::NO_CONTENT,
    };
    let location = reply.headers().get(LOCATION).cloned();
    let mut bare = empty(status);
    if let Some(location) = location {
        bare.headers_mut().insert(LOCATION, location);
    }
    bare
}

fn insert(call: &Call<'_>, world: &mut World, table: TableId) -> Result<Reply, ApiError> {
    let values = call.json_body()?;
    let (class, slot) = Writer { world, session: &call.session, now: call.now, options: call.write_options() }
        .insert(table, &values)?;
    let id = world.store.rows(class).row(slot).map_or(String::new(), |row| row.get(system::SYS_ID).to_owned());
    if call.strikes.has("forbidden_after_insert") {
        // wire §1.6: "known ACL response pattern on POST": the record is there all the same.
        return Err(ApiError::write_acl("Insert"));
    }
    let mut reply = record(call, world, class, &id, StatusCode::CREATED);
    let name = Schema::get().table(class).name();
    let location = format!("{}/api/now/table/{name}/{id}", call.link_base(world));
    if let Ok(location) = HeaderValue::from_str(&location) {
        reply.headers_mut().insert(LOCATION, location);
    }
    Ok(without_body(call, reply))
}

fn update(call: &Call<'_>, world: &mut World, table: TableId, id: &str) -> Result<Reply, ApiError> {
    let values = call.json_body()?;
    let (found, _) = visible(call, world, table, id)?;
    let (class, slot) = (found.class, found.slot);
    Writer { world, session: &call.session, now: call.now, options: call.write_options() }
        .update(class, slot, &values)?;
    let reply = record(call, world, table, id, StatusCode::OK);
    Ok(without_body(call, reply))
}

fn delete(call: &Call<'_>, world: &mut World, table: TableId, id: &str) -> Result<Reply, ApiError> {
    let (found, _) = visible(call, world, table, id)?;
    let (class, slot) = (found.class, found.slot);
    Writer { world, session: &call.session, now: call.now, options: call.write_options() }.delete(class, slot)?;
    Ok(no_content())
}
