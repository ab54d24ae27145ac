//! The Attachment API: wire §4.1 and the vendor's page.

use axum::body::Body;
use futures::StreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{ApiError, Reply, json_response, no_content, result, set_header};
use super::call::Call;
use super::instance::Instance;
use super::properties;
use super::query::{parse, select, time_text};
use super::schema::{Schema, TableId, system};
use super::store::{Row, row_of, stamp};
use super::table_api::visible;
use super::world::World;
use crate::content::{Content, Upload, UploadError};
use crate::multipart;

/// Rows of a list that does not say how many it wants (D: c_AttachmentAPI).
const DEFAULT_LIMIT: usize = 1_000;

/// Fields of a metadata answer, as in the examples of the page.
const FIELDS: &[&str] = &[
    "table_sys_id",
    "size_bytes",
    "sys_updated_on",
    "sys_id",
    "image_height",
    "sys_created_on",
    "file_name",
    "sys_created_by",
    "compressed",
    "average_image_color",
    "sys_updated_by",
    "sys_tags",
    "table_name",
    "image_width",
    "sys_mod_count",
    "content_type",
    "size_compressed",
    "hash",
];

fn table() -> TableId {
    Schema::get().known("sys_attachment")
}

fn field<'a>(row: &'a Row, name: &str) -> &'a str {
    Schema::get().table(table()).column(name).map_or("", |column| row.get(column))
}

fn metadata(call: &Call<'_>, world: &World, row: &Row) -> Value {
    let mut object = serde_json::Map::new();
    for name in FIELDS {
        object.insert((*name).to_owned(), json!(field(row, name)));
    }
    let id = row.get(system::SYS_ID);
    let link = format!("{}/api/now/attachment/{id}/file", call.link_base(world));
    object.insert("download_link".to_owned(), json!(link));
    Value::Object(object)
}

/// The attachment, unless it or its parent is missing or hidden.
fn readable<'w>(call: &Call<'_>, world: &'w World, id: &str) -> Result<&'w Row, ApiError> {
    let (found, _) = visible(call, world, table(), id)?;
    let parent = Schema::get().find(field(found.row, "table_name")).ok_or_else(ApiError::no_record)?;
    visible(call, world, parent.id, field(found.row, "table_sys_id"))?;
    Ok(found.row)
}

/// Requests that only read metadata.
pub(crate) fn read(call: &Call<'_>, world: &World, path: &[String]) -> Result<Reply, ApiError> {
    call.check_accept()?;
    match path {
        [] => list(call, world),
        [id] => {
            let row = readable(call, world, id)?;
            Ok(result(StatusCode::OK, &metadata(call, world, row)))
        }
        [id, attributes] if attributes == "attributes" => {
            readable(call, world, id)?;
            let all: Vec<Value> =
                world.attributes.get(id).map_or(&[][..], Vec::as_slice).iter().map(attribute).collect();
            Ok(result(StatusCode::OK, &json!(all)))
        }
        [id, attributes, key] if attributes == "attributes" => {
            readable(call, world, id)?;
            let all = world.attributes.get(id);
            let own = all.and_then(|all| all.iter().find(|(name, _)| name == key));
            let own = own.ok_or_else(ApiError::no_record)?;
            Ok(result(StatusCode::OK, &attribute(own)))
        }
        _ => Err(ApiError::no_resource()),
    }
}

fn attribute((key, value): &(String, String)) -> Value {
    json!({ "key": key, "value": value })
}

fn list(call: &Call<'_>, world: &World) -> Result<Reply, ApiError> {
    let number = |name: &str| call.params.get(name).and_then(|value| value.parse::<usize>().ok());
    let limit = number("sysparm_limit").unwrap_or(DEFAULT_LIMIT);
    let offset = number("sysparm_offset").unwrap_or(0);
    let query = parse(call.params.get("sysparm_query").unwrap_or_default());
    let nothing = properties::is_true(&world.store, "glide.invalid_query.returns_no_rows");
    let filter = call.compiler(world).compile(table(), &query, nothing);
    let page = select(&world.store, table(), &filter, offset, limit, true, call.tie_break());
    let rows: Vec<Value> = page
        .rows
        .iter()
        .filter_map(|(class, slot)| world.store.rows(*class).row(*slot))
        .filter(|row| readable(call, world, row.get(system::SYS_ID)).is_ok())
        .map(|row| metadata(call, world, row))
        .collect();
    let mut reply = result(StatusCode::OK, &json!(rows));
    let total = page.total.unwrap_or(0);
    set_header(&mut reply, "x-total-count", &total.to_string());
    Ok(reply)
}

/// `GET /{id}/file`: the bytes, with the metadata in a header.
pub(crate) fn download(call: &Call<'_>, world: &World, id: &str) -> Result<Response<Body>, ApiError> {
    let row = readable(call, world, id)?;
    let content = world.contents.get(id).ok_or_else(ApiError::no_record)?;
    let mut response = Response::new(content.body());
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(field(row, "content_type"))
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(content.size()));
    // Header values are ASCII: names in other scripts arrive escaped.
    let metadata = metadata(call, world, row).to_string();
    let ascii: String = metadata.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    if let Ok(value) = HeaderValue::from_str(&ascii) {
        headers.insert("x-attachment-metadata", value);
    }
    Ok(response)
}

/// Requests that change an attachment: rename, attributes, delete.
pub(crate) fn write(call: &Call<'_>, world: &mut World, path: &[String]) -> Result<Reply, ApiError> {
    let (Some(id), rest) = (path.first(), path.get(1..).unwrap_or_default()) else {
        return Err(ApiError::no_resource());
    };
    readable(call, world, id)?;
    if !world.acl.may_write(&call.session, table()) {
        return Err(ApiError::write_acl("Update"));
    }
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    match (&call.method, rest.as_slice()) {
        (&Method::DELETE, []) => {
            let found = world.store.find(table(), id).ok_or_else(ApiError::no_record)?;
            let slot = found.slot;
            super::records::Writer {
                world,
                session: &call.session,
                now: call.now,
                options: super::records::WriteOptions::default(),
            }
            .delete(table(), slot)?;
            world.attributes.remove(id);
            Ok(no_content())
        }
        (&Method::PATCH, []) => {
            let body = call.json_body()?;
            let name = body.get("file_name").and_then(Value::as_str);
            let name = name.ok_or_else(|| ApiError::bad_request("file_name is required", None))?;
            rename(call, world, id, name);
            Ok(json_response(StatusCode::OK, b"\"\"".to_vec()))
        }
        (&Method::POST, ["attributes"]) => {
            let body = call.json_body()?;
            let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
            let key = text("key").ok_or_else(|| ApiError::bad_request("key is required", None))?;
            let pair = (key, text("value").unwrap_or_default());
            let all = world.attributes.entry(id.clone()).or_default();
            all.retain(|(own, _)| *own != pair.0);
            all.push(pair.clone());
            Ok(result(StatusCode::OK, &attribute(&pair)))
        }
        (&Method::PUT, ["attributes", key]) => {
            let body = call.json_body()?;
            let value = body.get("value").and_then(Value::as_str).unwrap_or_default();
            let all = world.attributes.entry(id.clone()).or_default();
            let own = all.iter_mut().find(|(own, _)| own == key);
            let own = own.ok_or_else(ApiError::no_record)?;
            own.1 = value.to_owned();
            Ok(result(StatusCode::OK, &attribute(own)))
        }
        (&Method::DELETE, ["attributes"]) => {
            world.attributes.remove(id);
            Ok(json_response(StatusCode::OK, b"\"\"".to_vec()))
        }
        (&Method::DELETE, ["attributes", key]) => {
            if let Some(all) = world.attributes.get_mut(id) {
                all.retain(|(own, _)| own != key);
            }
            Ok(json_response(StatusCode::OK, b"\"\"".to_vec()))
        }
        (method, _) => Err(ApiError::method_not_allowed(method)),
    }
}

fn rename(call: &Call<'_>, world: &mut World, id: &str, name: &str) {
    let Some(found) = world.store.find(table(), id) else {
        return;
    };
    let (class, slot, mut editor) = (found.class, found.slot, found.row.edit());
    if let Some(column) = Schema::get().table(table()).column("file_name") {
        editor.set(column, name);
    }
    let mods = editor.get(system::MOD_COUNT).parse::<u64>().unwrap_or(0) + 1;
    editor.set(system::MOD_COUNT, mods.to_string());
    editor.set(system::UPDATED_ON, time_text(call.now));
    editor.set(system::UPDATED_BY, call.session.user_name.as_str());
    world.store.replace(class, slot, &editor);
}

/// Where a new attachment goes.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) table_name: String,
    pub(crate) table_sys_id: String,
    pub(crate) file_name: String,
    pub(crate) content_type: String,
}

/// `POST /file` (raw) or `POST /upload` (multipart): the body is streamed.
pub(crate) async fn upload(
    instance: &Instance,
    call: &Call<'_>,
    body: Body,
    is_multipart: bool,
) -> Result<Reply, ApiError> {
    if is_multipart {
        return upload_multipart(instance, call, body).await;
    }
    let param = |name: &str| call.params.get(name).map(str::to_owned);
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    // D: Content-Type is mandatory.
    let kind = kind.ok_or_else(|| {
        ApiError::bad_request("Exception while reading request", Some("Content-Type is required".to_owned()))
    })?;
    let required = |name: &str| param(name).ok_or_else(|| ApiError::bad_request(format!("{name} is required"), None));
    let destination = Destination {
        table_name: required("table_name")?,
        table_sys_id: required("table_sys_id")?,
        file_name: required("file_name")?,
        content_type: kind.to_owned(),
    };
    check(instance, call, &destination)?;
    let limit = instance.read(max_size);
    let mut upload = Upload::new(&instance.unique_name(), limit);
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| broken(&error.to_string()))?;
        upload.write(&piece).await.map_err(refused)?;
    }
    let (content, size, hash) = upload.finish().await.map_err(refused)?;
    store(instance, call, &destination, content, size, &hash)
}

async fn upload_multipart(instance: &Instance, call: &Call<'_>, body: Body) -> Result<Reply, ApiError> {
    let limit = usize::try_from(instance.read(max_size)).unwrap_or(usize::MAX);
    let bytes =
        axum::body::to_bytes(body, limit.min(64 * 1024 * 1024)).await.map_err(|_| refused(UploadError::TooLarge))?;
    let kind = call.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let parts =
        kind.and_then(|kind| multipart::parse(kind, &bytes)).ok_or_else(|| broken("not a multipart/form-data body"))?;
    // D: the file has to come last.
    let Some((file, fields)) = parts.split_last() else { return Err(broken("an empty form")) };
    let Some(file_name) = file.file_name.clone().filter(|_| fields.iter().all(|field| field.file_name.is_none()))
    else {
        return Err(broken("the last part is not the file"));
    };
    let field = |name: &str| {
        let found = fields.iter().find(|field| field.name == name);
        found.map_or(String::new(), |field| String::from_utf8_lossy(&field.content).into_owned())
    };
    let destination = Destination {
        table_name: field("table_name"),
        table_sys_id: field("table_sys_id"),
        file_name,
        content_type: file.content_type.clone(),
    };
    check(instance, call, &destination)?;
    let mut upload = Upload::new(&instance.unique_name(), limit as u64);
    upload.write(&file.content).await.map_err(refused)?;
    let (content, size, hash) = upload.finish().await.map_err(refused)?;
    store(instance, call, &destination, content, size, &hash)
}

/// `com.glide.attachment.max_size` is in MB (wire §4.1).
fn max_size(world: &World) -> u64 {
    properties::number(&world.store, "com.glide.attachment.max_size", 1024).saturating_mul(1024 * 1024)
}

fn broken(detail: &str) -> ApiError {
    ApiError::bad_request("Exception while reading request", Some(detail.to_owned()))
}

fn refused(error: UploadError) -> ApiError {
    match error {
        // U: the wire reference names the limit, not the answer.
        UploadError::TooLarge => ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "File too large",
            Some("The file exceeds com.glide.attachment.max_size".to_owned()),
        ),
        UploadError::Io(error) => {
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Attachment could not be stored", Some(error.to_string()))
        }
    }
}

/// wire §4.1: read and write access to the parent, the white-list of extensions.
fn check(instance: &Instance, call: &Call<'_>, destination: &Destination) -> Result<(), ApiError> {
    instance.read(|world| {
        let parent = Schema::get()
            .find(&destination.table_name)
            .ok_or_else(|| ApiError::invalid_table(&destination.table_name))?;
        visible(call, world, parent.id, &destination.table_sys_id)?;
        if !world.acl.may_write(&call.session, parent.id) {
            return Err(ApiError::write_acl("Insert"));
        }
        let allowed = properties::get(&world.store, "glide.attachment.extensions");
        let extension = destination.file_name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let fits =
            allowed.trim().is_empty() || allowed.split(',').any(|own| own.trim().eq_ignore_ascii_case(extension));
        if fits {
            return Ok(());
        }
        Err(ApiError::operation_failed(format!("Attachment type not allowed: {}", destination.file_name)))
    })
}

fn store(
    instance: &Instance,
    call: &Call<'_>,
    destination: &Destination,
    content: Content,
    size: u64,
    hash: &str,
) -> Result<Reply, ApiError> {
    let mut reply = instance.write(|world| {
        // The parent may have gone while the bytes were coming in.
        let parent = Schema::get().find(&destination.table_name).ok_or_else(ApiError::no_record)?;
        visible(call, world, parent.id, &destination.table_sys_id)?;
        let id = world.new_id();
        insert(world, &id, destination, content, size, hash, &call.session.user_name, &time_text(call.now));
        let found = world.store.find(table(), &id).ok_or_else(ApiError::no_record)?;
        let mut reply = result(StatusCode::CREATED, &metadata(call, world, found.row));
        let location = format!("{}/api/now/attachment/{id}", call.link_base(world));
        if let Ok(location) = HeaderValue::from_str(&location) {
            reply.headers_mut().insert(LOCATION, location);
        }
        Ok(reply)
    })?;
    if call.strikes.has("forbidden_after_insert") {
        reply = ApiError::write_acl("Insert").into_response();
    }
    Ok(reply)
}

/// Adds the row and the bytes.
#[allow(clippy::too_many_arguments, reason = "one call per field of the row")]
pub(crate) fn insert(
    world: &mut World,
    id: &str,
    destination: &Destination,
    content: Content,
    size: u64,
    hash: &str,
    by: &str,
    at: &str,
) {
    let size = size.to_string();
    let mut editor = row_of(
        table(),
        &[
            ("file_name", &destination.file_name),
            ("content_type", &destination.content_type),
            ("table_name", &destination.table_name),
            ("table_sys_id", &destination.table_sys_id),
            ("size_bytes", &size),
            // The sandbox does not compress; it says what the vendor says (U).
            ("size_compressed", &size),
            ("compressed", "true"),
            ("hash", hash),
            ("state", "available"),
        ],
    );
    stamp(&mut editor, id, by, at, at, 0);
    world.store.insert(table(), &editor);
    world.contents.insert(id.to_owned(), content);
}
