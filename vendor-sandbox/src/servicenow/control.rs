//! Typed control of a ServiceNow sandbox: what the shared control does, and the data hooks that
//! tests need to act as somebody else on the instance.

use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::acl::{Audience, RowDenial, TableDenial};
use super::attachment_api::{self, Destination};
use super::instance::Instance;
use super::oauth::OAuthClient;
use super::policies::BusinessRule;
use super::properties;
use super::query::{parse, time_text};
use super::records::{WriteOptions, Writer};
use super::schema::{ColumnId, Schema, Table, system};
use super::session::Session;
use super::store::Found;
use super::webhooks::{Delivery, Webhook};
use super::world::World;
use crate::content::Content;
use crate::control::Control as SharedControl;
use crate::error::{Result, SandboxError};
use crate::random::hash_text;

/// Steers a ServiceNow sandbox from the same process.
///
/// Everything of [`crate::Control`] is available by dereference.
#[derive(Debug, Clone)]
pub struct Control {
    shared: SharedControl,
    instance: Arc<Instance>,
}

impl Deref for Control {
    type Target = SharedControl;

    fn deref(&self) -> &Self::Target {
        &self.shared
    }
}

fn table(name: &str) -> Result<&'static Table> {
    Schema::get().find(name).ok_or_else(|| SandboxError::invalid("table", format!("there is no table {name:?}")))
}

fn object(values: Value) -> Result<Map<String, Value>> {
    match values {
        Value::Object(values) => Ok(values),
        _ => Err(SandboxError::invalid("values", "expected a JSON object")),
    }
}

impl Control {
    pub(crate) fn new(shared: SharedControl, instance: Arc<Instance>) -> Self {
        Self { shared, instance }
    }

    /// Runs `change` as a user of the instance at the present virtual time.
    fn as_user<T>(&self, user: &str, change: impl FnOnce(&mut Writer<'_>) -> Result<T>) -> Result<T> {
        let now = self.shared.now();
        self.instance.write(|world| {
            let session = Session::open(&world.store, user)
                .ok_or_else(|| SandboxError::invalid("user", format!("{user:?} is not an active user")))?;
            // What a test does as somebody is never stopped by that person's missing roles.
            let session = Session { roles: vec!["admin".to_owned()], ..session };
            change(&mut Writer { world, session: &session, now, options: WriteOptions::default() })
        })
    }

    /// Inserts a row as a user, with all that the platform does on an insert; gives its sys_id.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table or user, or a write that a policy refuses.
    pub fn insert(&self, user: &str, table_name: &str, values: Value) -> Result<String> {
        let table = table(table_name)?;
        let values = object(values)?;
        self.as_user(user, |writer| {
            let (class, slot) = writer.insert(table.id, &values).map_err(refused)?;
            let row = writer.world.store.rows(class).row(slot);
            Ok(row.map_or(String::new(), |row| row.get(system::SYS_ID).to_owned()))
        })
    }

    /// Updates a row as a user.
    ///
    /// # Errors
    /// As [`Control::insert`], and for a row that does not exist.
    pub fn update(&self, user: &str, table_name: &str, sys_id: &str, values: Value) -> Result<()> {
        let table = table(table_name)?;
        let values = object(values)?;
        self.as_user(user, |writer| {
            let (class, slot) = place(writer.world, table, sys_id)?;
            writer.update(class, slot, &values).map_err(refused)
        })
    }

    /// Deletes a row as a user, with the traces that leaves in the audit tables.
    ///
    /// # Errors
    /// As [`Control::update`].
    pub fn delete(&self, user: &str, table_name: &str, sys_id: &str) -> Result<()> {
        let table = table(table_name)?;
        self.as_user(user, |writer| {
            let (class, slot) = place(writer.world, table, sys_id)?;
            writer.delete(class, slot).map_err(refused)
        })
    }

    /// Sets stored values of a row directly: no policy, no time stamp, no audit, no event. What
    /// `autoSysFields(false)` does, and the way to states that no client can write.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table, row or column.
    pub fn set_raw(&self, table_name: &str, sys_id: &str, values: Value) -> Result<()> {
        let table = table(table_name)?;
        let values = object(values)?;
        self.instance.write(|world| {
            let (class, slot) = place(world, table, sys_id)?;
            let Some(mut editor) = world.store.rows(class).row(slot).map(super::store::Row::edit) else {
                return Ok(());
            };
            for (name, value) in &values {
                let column = Schema::get()
                    .table(class)
                    .column(name)
                    .ok_or_else(|| SandboxError::invalid(name, "is no column of the table"))?;
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                editor.set(column, text);
            }
            world.store.replace(class, slot, &editor);
            if table.name() == "sys_choice" {
                world.refresh_choices();
            }
            Ok(())
        })
    }

    /// Removes a row without a trace, as the Table Cleaner does (K:0634666).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table or row.
    pub fn purge(&self, table_name: &str, sys_id: &str) -> Result<()> {
        let table = table(table_name)?;
        self.instance.write(|world| {
            let (class, slot) = place(world, table, sys_id)?;
            world.store.remove(class, slot);
            Ok(())
        })
    }

    /// The stored values of a row, empty ones left out; `None` when there is no such row.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table.
    pub fn row(&self, table_name: &str, sys_id: &str) -> Result<Option<Map<String, Value>>> {
        let table = table(table_name)?;
        Ok(self.instance.read(|world| {
            let found = world.store.find(table.id, sys_id)?;
            let columns = &Schema::get().table(found.class).columns;
            let values = found
                .row
                .iter()
                .filter_map(|(column, value)| Some((columns.get(column)?.name.to_owned(), Value::from(value))));
            Some(values.collect())
        }))
    }

    /// The sys_ids of the rows that an encoded query matches, sorted; ACLs play no part.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table.
    pub fn find(&self, table_name: &str, query: &str) -> Result<Vec<String>> {
        let rows = self.columns(table_name, query, ["sys_id"])?;
        Ok(rows.into_iter().map(|[id]| id).collect())
    }

    /// The stored values of some columns, `""` for an empty one, of the rows that an encoded query matches, sorted by the
    /// first column; ACLs play no part. Far cheaper than a [`Control::row`] for each.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table or column.
    pub fn columns<const N: usize>(
        &self,
        table_name: &str,
        query: &str,
        columns: [&str; N],
    ) -> Result<Vec<[String; N]>> {
        let table = table(table_name)?;
        for name in columns {
            table.column(name).ok_or_else(|| SandboxError::invalid(name, "is no column of the table"))?;
        }
        // A table that extends this one may number its columns in another way.
        let places = |class| columns.map(|name| Schema::get().table(class).column(name));
        let values = |found: &Found<'_>, places: &[Option<ColumnId>; N]| {
            places.map(|column| column.map_or("", |column| found.row.get(column)).to_owned())
        };
        let now = self.shared.now();
        self.instance.read(|world| {
            let session = Session::open(&world.store, "admin")
                .ok_or_else(|| SandboxError::invalid("user", "admin is not active"))?;
            let open = super::acl::Acl::default();
            let compiler = super::query::Compiler {
                store: &world.store,
                choices: &world.choices,
                acl: &open,
                session: &session,
                now,
            };
            let filter = compiler.compile(table.id, &parse(query), true);
            let mut class = None;
            let mut rows = Vec::new();
            for found in world.store.family(table.id) {
                if !filter.matches(&world.store, found.row) {
                    continue;
                }
                let (_, places) = match class {
                    Some(known @ (class, _)) if class == found.class => known,
                    _ => *class.insert((found.class, places(found.class))),
                };
                rows.push(values(&found, &places));
            }
            rows.sort_unstable();
            Ok(rows)
        })
    }

    /// Hides the rows that a query matches from readers, after limits were applied (wire §1.2).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table.
    pub fn deny_rows(&self, table_name: &str, query: &str, audience: Audience, denial: RowDenial) -> Result<()> {
        let table = table(table_name)?;
        self.instance.write(|world| world.acl.deny_rows(table.id, parse(query), audience, denial));
        Ok(())
    }

    /// Makes a field unreadable: absent from answers, ignored in queries and writes.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table.
    pub fn deny_field(&self, table_name: &str, field: &str, audience: Audience) -> Result<()> {
        table(table_name)?;
        self.instance.write(|world| world.acl.deny_field(table_name, field, audience));
        Ok(())
    }

    /// Makes a whole table unreadable.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table.
    pub fn deny_table(&self, table_name: &str, audience: Audience, denial: TableDenial) -> Result<()> {
        table(table_name)?;
        self.instance.write(|world| world.acl.deny_table(table_name, audience, denial));
        Ok(())
    }

    /// Back to the access rules of a fresh instance.
    pub fn clear_denials(&self) {
        self.instance.write(|world| world.acl.clear());
    }

    /// Adds a business rule that aborts every write whose result would match a query (wire §1.6).
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table.
    pub fn abort_writes(&self, table_name: &str, rule: &str, query: &str) -> Result<()> {
        let table = table(table_name)?;
        let rule = BusinessRule { table: table.id, name: rule.to_owned(), condition: parse(query) };
        self.instance.write(|world| world.business_rules.push(rule));
        Ok(())
    }

    /// Sets a system property, such as `glide.invalid_query.returns_no_rows`.
    pub fn set_property(&self, name: &str, value: &str) {
        let now = time_text(self.shared.now());
        self.instance.write(|world| properties::set(&mut world.store, name, value, &now));
    }

    /// Adds an attachment of any size without holding its bytes: they are computed while it is
    /// downloaded. Gives its sys_id.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown table.
    pub fn attach_made_up(&self, table_name: &str, sys_id: &str, file_name: &str, size: u64) -> Result<String> {
        table(table_name)?;
        let at = time_text(self.shared.now());
        let destination = Destination {
            table_name: table_name.to_owned(),
            table_sys_id: sys_id.to_owned(),
            file_name: file_name.to_owned(),
            content_type: "application/octet-stream".to_owned(),
        };
        Ok(self.instance.write(|world| {
            let id = world.new_id();
            let seed = hash_text(size, &id);
            let content = Content::Made { size, seed };
            attachment_api::insert(world, &id, &destination, content, size, "", "admin", &at);
            id
        }))
    }

    /// Replaces the webhooks that changes are reported to.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for a target that is not plain http on loopback.
    pub fn set_webhooks(&self, webhooks: Vec<Webhook>) -> Result<()> {
        self.instance.webhooks.set(webhooks)
    }

    /// The webhooks in force.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.instance.webhooks.rules()
    }

    /// What has been sent, oldest first; the last 1,000 are kept.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.instance.webhooks.deliveries()
    }

    /// Forgets all OAuth access tokens, so that bearers get 401 until they refresh.
    pub fn expire_access_tokens(&self) {
        self.instance.credentials(|all| all.tokens.expire_access());
    }

    /// Registers an OAuth client, or changes the one of the same id: what an administrator does with a secret that got about.
    /// What was issued stays good.
    pub fn set_oauth_client(&self, client: OAuthClient) {
        self.instance.credentials(|all| {
            all.clients.retain(|own| own.client_id != client.client_id);
            all.clients.push(client);
        });
    }
}

fn place(world: &World, table: &Table, sys_id: &str) -> Result<(super::schema::TableId, super::store::Slot)> {
    world
        .store
        .find(table.id, sys_id)
        .map(|found| (found.class, found.slot))
        .ok_or_else(|| SandboxError::invalid("sys_id", format!("{} has no row {sys_id:?}", table.name())))
}

fn refused(error: super::answer::ApiError) -> SandboxError {
    let detail = error.detail.unwrap_or_default();
    SandboxError::invalid("values", format!("{}: {detail}", error.message))
}
