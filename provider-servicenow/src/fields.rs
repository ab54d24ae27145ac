//! The field catalogue, the statuses, and the transitions that a ticket can make.

use serde::Deserialize;
use ticketing_core::model::{Choice, Field, FieldData, FieldType, Native, Status, StatusInfo, Transition};
use ticketing_core::request::{ListFields, ListStatuses, ListTransitions};
use ticketing_core::{Error, ErrorKind, Operation, Page, Result, TransitionId};

use crate::catalogue::{Choices, Column, CoreFields, TableSchema, core_of};
use crate::connection::Connection;
use crate::mapping::default_states;
use crate::tickets;
use crate::wire::{Layout, decode_record};
use crate::write::{needs, next_states};

/// The configured tables that a request means.
fn tables<'c>(connection: &'c Connection, wanted: Option<&str>) -> Result<Vec<&'c String>> {
    let Some(wanted) = wanted else { return Ok(connection.tables.iter().collect()) };
    match connection.tables.iter().find(|table| *table == wanted) {
        Some(table) => Ok(vec![table]),
        None => Err(Error::invalid(
            "ticket_type",
            format!("`{}` is not among the connection's tables", wanted.escape_debug()),
        )
        .with_hint(format!("it has: {}", connection.tables.join(", ")))),
    }
}

fn no_collections<T>(collection: Option<&T>) -> Result<()> {
    match collection {
        None => Ok(()),
        Some(_) => Err(Error::new(ErrorKind::Unsupported, "ServiceNow has no collections")
            .with_field("collection")
            .with_hint("leave it out")),
    }
}

/// One page of the catalogue: every column of the configured tables, each once, with the tables that have it.
pub(crate) async fn list(connection: &Connection, request: ListFields) -> Result<Page<Field>> {
    no_collections(request.collection.as_ref())?;
    let codec = connection.codec(Operation::ListFields, &(&request.ticket_type, request.choices, &connection.tables));
    let offset: usize = request.cursor.as_ref().map(|cursor| codec.position(cursor)).transpose()?.unwrap_or(0);
    let tables = tables(connection, request.ticket_type.as_deref())?;
    let mut fields: Vec<Field> = Vec::new();
    for table in &tables {
        let schema = connection.catalogue.schema(table).await?;
        let choices = if request.choices { Some(connection.catalogue.choices(table).await?) } else { None };
        // Journals are comments, and are written as such, with their readers stated.
        for column in schema.columns.iter().filter(|column| !column.is_journal()) {
            let mut field = field(&schema, column, choices.as_deref());
            field.scopes = vec![(*table).clone()];
            // Each table has choices of its own, whether they are asked for or not.
            match fields.iter_mut().find(|known| !column.has_choices && alike(known, &field)) {
                Some(known) => known.scopes.push((*table).clone()),
                None => fields.push(field),
            }
        }
    }
    for field in &mut fields {
        if field.scopes.len() == connection.tables.len() {
            // Every table has it.
            field.scopes.clear();
        }
    }
    fields.sort_by(|a, b| a.id.cmp(&b.id).then_with(|| a.scopes.cmp(&b.scopes)));
    let size = request.page_size.map_or(usize::MAX, |size| size.max(1) as usize);
    let next = offset.checked_add(size).filter(|end| *end < fields.len()).map(|end| codec.cursor(&end)).transpose()?;
    Ok(Page::new(fields.into_iter().skip(offset).take(size).collect(), next))
}

/// The same field in two tables: all but the scopes.
fn alike(a: &Field, b: &Field) -> bool {
    a.id == b.id
        && a.name == b.name
        && a.native_type == b.native_type
        && a.core == b.core
        && a.choices == b.choices
        && a.default == b.default
        && (a.required, a.writable, a.max_length) == (b.required, b.writable, b.max_length)
}

fn field(schema: &TableSchema, column: &Column, choices: Option<&Choices>) -> Field {
    let core = core_of(&schema.table, column.name.as_str());
    let listed = choices.map(|choices| choices.of(column.name.as_str()));
    let choices = listed.filter(|_| column.has_choices).map(|list| {
        list.iter()
            .map(|choice| Choice {
                id: choice.value.clone(),
                name: choice.label.clone(),
                active: choice.active,
                depends_on: choice.depends_on.clone().filter(|_| column.dependent.is_some()),
            })
            .collect()
    });
    let is_system = column.name.as_str().starts_with("sys_");
    Field {
        id: column.name.clone(),
        name: column.label.clone(),
        description: None,
        field_type: column.field_type,
        native_type: column.native_type.clone(),
        multiple: column.is_list(),
        // A new ticket cannot do without its title here; the dictionary says so of the others.
        required: column.mandatory || column.name.as_str() == "short_description",
        writable: schema.complete.then_some(!column.read_only && !is_system),
        custom: column.is_custom(),
        core: core.map(str::to_owned),
        choices,
        reference: column
            .reference
            .as_deref()
            .filter(|_| !matches!(column.field_type, FieldType::String))
            .and_then(crate::catalogue::ref_type),
        max_length: column.max_length,
        default: column
            .default
            .as_deref()
            .filter(|text| !text.starts_with("javascript:"))
            .map_or(FieldData::Null, FieldData::from),
        scopes: Vec::new(),
    }
}

/// The statuses of the configured tables.
pub(crate) async fn statuses(connection: &Connection, request: ListStatuses) -> Result<Vec<StatusInfo>> {
    no_collections(request.collection.as_ref())?;
    let mut out = Vec::new();
    for table in tables(connection, request.ticket_type.as_deref())? {
        let choices = connection.catalogue.choices(table).await?;
        let state = CoreFields::of(table).state;
        let listed = choices.of(state);
        if listed.is_empty() {
            out.extend(default_states(table).map(|(id, category)| StatusInfo {
                category,
                native: Native::new(id),
                scopes: vec![table.clone()],
                active: true,
            }));
        }
        out.extend(listed.iter().map(|choice| StatusInfo {
            category: connection.mapping.status(table, &choice.value, Some(&choice.label)),
            native: Native::named(&choice.value, &choice.label),
            scopes: vec![table.clone()],
            active: choice.active,
        }));
    }
    Ok(out)
}

/// What the Change API says of the next states (wire §3.4).
#[derive(Deserialize)]
struct NextStates {
    result: NextStatesResult,
}

#[derive(Deserialize)]
struct NextStatesResult {
    #[serde(default)]
    available_states: Vec<String>,
}

/// The status changes that a ticket can make now.
pub(crate) async fn transitions(connection: &Connection, request: ListTransitions) -> Result<Vec<Transition>> {
    let found = tickets::place(connection, &request.ticket).await?;
    let own = CoreFields::of(&found.table);
    let schema = connection.catalogue.schema(&found.table).await?;
    let choices = connection.catalogue.choices(&found.table).await?;
    let mut layout = Layout::new(["sys_id", own.state]);
    for column in ["type", "resolution_code"] {
        if schema.column(column).is_some() {
            layout.add(column);
        }
    }
    let response = connection.api.record(&found.table, &found.sys_id, &layout).await?;
    let (mut state, mut kind, mut code) = (String::new(), String::new(), String::new());
    decode_record(&response.body, &layout, &mut |row| {
        row.text(own.state).clone_into(&mut state);
        row.text("type").clone_into(&mut kind);
        row.text("resolution_code").clone_into(&mut code);
        Ok(())
    })?;
    let told: Option<Vec<String>> = if found.table == "change_request" {
        // The instance's own change model knows better than any table of ours.
        match connection.api.next_states(&found.sys_id).await {
            Ok(response) => {
                let next: NextStates = response.json()?;
                Some(next.result.available_states.into_iter().filter(|next| *next != state).collect())
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::InvalidRequest | ErrorKind::NotFound | ErrorKind::PermissionDenied
                ) =>
            {
                None
            }
            Err(error) => return Err(error),
        }
    } else {
        None
    };
    let blocked = next_states(&found.table, &kind, &code, &state);
    let reachable = told.or_else(|| blocked.map(|next| next.into_iter().map(str::to_owned).collect()));
    let reachable = reachable.unwrap_or_else(|| {
        let listed: Vec<String> =
            choices.of(own.state).iter().filter(|choice| choice.active).map(|choice| choice.value.clone()).collect();
        if listed.is_empty() { default_states(&found.table).map(|(id, _)| id.to_owned()).collect() } else { listed }
    });
    let transition = |to: String| {
        let label = choices.label_of(own.state, &to).map(str::to_owned);
        let category = connection.mapping.status(&found.table, &to, label.as_deref());
        Transition {
            id: TransitionId::from(to.as_str()),
            name: label.clone().unwrap_or_else(|| to.clone()),
            required_fields: needs(&found.table, category, &code).into_iter().map(Into::into).collect(),
            to: Status { category, native: Native { id: to, name: label }, reason: None },
        }
    };
    Ok(reachable.into_iter().filter(|next| *next != state).map(transition).collect())
}
