//! The synthetic company as rows of a ServiceNow instance.

use std::collections::HashMap;

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::attachment_api::{self, Destination};
use super::query::time_text;
use super::schema::{Schema, TableId};
use super::store::{RowEditor, row_of, stamp};
use super::world::World;
use super::{audit, journal, tags};
use crate::company::{Change, ChangedField, Company, HoldReason, Kind, Party, Person, Priority, Status, Ticket};
use crate::content::Content;
use crate::random::stable_id;

/// Who enters what nobody in the company did.
const SYSTEM: &str = "system";

/// Seeds people, customers and tickets; ids are digests of `TABLE:KEY`.
pub(crate) fn seed(world: &mut World, company: &Company) {
    people(world, company);
    customers(world, company);
    let places = places(world, company);
    for ticket in &company.tickets {
        Seeder { world, company, places: &places }.ticket(ticket);
    }
}

fn table(name: &'static str) -> TableId {
    Schema::get().known(name)
}

fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn user_id(key: &str) -> String {
    stable_id("sys_user", key)
}

fn text(value: Option<&String>) -> &str {
    value.map_or("", String::as_str)
}

fn insert(world: &mut World, class: TableId, mut editor: RowEditor, id: &str, times: (DateTime<Utc>, DateTime<Utc>)) {
    stamp(&mut editor, id, SYSTEM, &time_text(times.0), &time_text(times.1), 0);
    world.store.insert(class, &editor);
}

fn people(world: &mut World, company: &Company) {
    for person in &company.people {
        let class = table("sys_user");
        insert(world, class, user_row(class, person), &user_id(&person.key), (person.created_at, person.updated_at));
    }
    for group in &company.groups {
        let id = stable_id("sys_user_group", &group.key);
        let parent = group.parent.as_ref().map(|key| stable_id("sys_user_group", key));
        let manager = group.lead.as_ref().map(|key| user_id(key));
        let class = table("sys_user_group");
        let editor = row_of(
            class,
            &[
                ("name", &group.name),
                ("description", &group.description),
                ("email", text(group.email.as_ref())),
                ("active", flag(group.active)),
                ("parent", text(parent.as_ref())),
                ("manager", text(manager.as_ref())),
            ],
        );
        insert(world, class, editor, &id, (group.created_at, group.updated_at));
        for member in &group.members {
            let class = table("sys_user_grmember");
            let editor = row_of(class, &[("user", &user_id(member)), ("group", &id)]);
            let own = stable_id("sys_user_grmember", &format!("{}:{member}", group.key));
            insert(world, class, editor, &own, (group.created_at, group.created_at));
        }
    }
}

fn user_row(class: TableId, person: &Person) -> RowEditor {
    let (first, last) = person.name.split_once(' ').unwrap_or((&person.name, ""));
    // The two logins of the sandbox; everybody else has no role.
    let roles = match person.key.as_str() {
        "admin" => "admin",
        "itil" => "itil",
        _ => "",
    };
    row_of(
        class,
        &[
            ("user_name", &person.key),
            ("name", &person.name),
            ("first_name", first),
            ("last_name", last),
            ("email", &person.email),
            ("active", flag(person.active)),
            ("locked_out", "false"),
            ("title", text(person.title.as_ref())),
            ("phone", text(person.phone.as_ref())),
            ("time_zone", text(person.time_zone.as_ref())),
            ("roles", roles),
            ("vip", "false"),
            ("web_service_access_only", flag(person.bot)),
            ("internal_integration_user", flag(person.bot)),
        ],
    )
}

fn customers(world: &mut World, company: &Company) {
    for (number, account) in company.accounts.iter().enumerate() {
        let class = table("customer_account");
        let editor = row_of(
            class,
            &[
                ("name", &account.name),
                ("number", &format!("ACCT{:07}", 10_001 + number)),
                ("website", &format!("https://{}", account.domain)),
                ("customer", "true"),
                ("vendor", "false"),
            ],
        );
        let id = stable_id("core_company", &account.key);
        insert(world, class, editor, &id, (account.created_at, account.updated_at));
    }
    for contact in &company.contacts {
        let class = table("customer_contact");
        let (first, last) = contact.name.split_once(' ').unwrap_or((&contact.name, ""));
        let account = contact.account.as_ref().map(|key| stable_id("core_company", key));
        let editor = row_of(
            class,
            &[
                ("user_name", &contact.email),
                ("name", &contact.name),
                ("first_name", first),
                ("last_name", last),
                ("email", &contact.email),
                ("phone", text(contact.phone.as_ref())),
                ("active", flag(contact.active)),
                ("locked_out", "false"),
                ("account", text(account.as_ref())),
                ("company", text(account.as_ref())),
            ],
        );
        insert(world, class, editor, &user_id(&contact.key), (contact.created_at, contact.updated_at));
    }
}

/// Table, id and number of every ticket, known before the first one is written, because tickets
/// refer to each other.
type Places = HashMap<String, (TableId, String, String)>;

fn places(world: &mut World, company: &Company) -> Places {
    company
        .tickets
        .iter()
        .map(|ticket| {
            let class = table(match ticket.kind {
                Kind::Incident => "incident",
                Kind::Problem => "problem",
                Kind::Change => "change_request",
            });
            let number = world.new_number(class).unwrap_or_default();
            let id = stable_id(Schema::get().table(class).name(), &number);
            (ticket.key.clone(), (class, id, number))
        })
        .collect()
}

/// State codes by type of ticket (wire §3.2, §3.4, §3.5).
fn state(kind: Kind, status: Status) -> &'static str {
    match (kind, status) {
        (Kind::Incident, Status::Open) => "1",
        (Kind::Incident, Status::InProgress) => "2",
        (Kind::Incident, Status::OnHold(_)) => "3",
        (Kind::Incident, Status::Resolved) => "6",
        (Kind::Incident, Status::Closed) => "7",
        (Kind::Incident, Status::Cancelled) => "8",
        (Kind::Problem, Status::Open) => "101",
        (Kind::Problem, Status::InProgress | Status::OnHold(_)) => "104",
        (Kind::Problem, Status::Resolved) => "106",
        (Kind::Problem, Status::Closed | Status::Cancelled) => "107",
        (Kind::Change, Status::Open) => "-5",
        (Kind::Change, Status::InProgress | Status::OnHold(_)) => "-1",
        (Kind::Change, Status::Resolved) => "0",
        (Kind::Change, Status::Closed) => "3",
        (Kind::Change, Status::Cancelled) => "4",
    }
}

fn hold_reason(status: Status) -> &'static str {
    match status {
        Status::OnHold(HoldReason::Requester) => "1",
        Status::OnHold(HoldReason::Problem) => "3",
        Status::OnHold(HoldReason::Vendor) => "4",
        Status::OnHold(HoldReason::Change) => "5",
        Status::Open | Status::InProgress | Status::Resolved | Status::Closed | Status::Cancelled => "",
    }
}

/// Priority, impact and urgency that give it (wire §3.3).
fn priority(priority: Priority) -> (&'static str, &'static str, &'static str) {
    match priority {
        Priority::Urgent => ("1", "1", "1"),
        Priority::High => ("2", "1", "2"),
        Priority::Normal => ("3", "2", "2"),
        Priority::Low => ("4", "2", "3"),
        Priority::Lowest => ("5", "3", "3"),
    }
}

struct Seeder<'a> {
    world: &'a mut World,
    company: &'a Company,
    places: &'a Places,
}

impl Seeder<'_> {
    fn ticket(&mut self, ticket: &Ticket) {
        let Some((class, id, number)) = self.places.get(&ticket.key).cloned() else {
            return;
        };
        let mut editor = self.common(ticket, class, &number);
        self.specific(ticket, class, &mut editor);
        stamp(
            &mut editor,
            &id,
            &ticket.creator,
            &time_text(ticket.created_at),
            &time_text(ticket.updated_at),
            ticket.history.len() as u64,
        );
        self.world.store.insert(class, &editor);
        self.attached(ticket, class, &id, &number);
    }

    fn place(&self, key: Option<&String>) -> String {
        key.and_then(|key| self.places.get(key)).map_or(String::new(), |(_, id, _)| id.clone())
    }

    fn common(&self, ticket: &Ticket, class: TableId, number: &str) -> RowEditor {
        let (level, impact, urgency) = priority(ticket.priority);
        let done = matches!(ticket.status, Status::Closed | Status::Cancelled);
        let watchers: Vec<String> = ticket.watchers.iter().map(|key| user_id(key)).collect();
        let group = ticket.group.as_ref().map(|key| stable_id("sys_user_group", key));
        let account = ticket.account.as_ref().map(|key| stable_id("core_company", key));
        let due = ticket.due.map(|day| format!("{day} 00:00:00"));
        let closed_at = ticket.closed_at.map(time_text);
        let mut editor = RowEditor::default();
        let definition = Schema::get().table(class);
        for (index, column) in definition.columns.iter().enumerate() {
            editor.set(index, super::policies::default_value(definition.name(), column));
        }
        let values = row_of(
            class,
            &[
                ("number", number),
                ("short_description", &ticket.title),
                ("description", &ticket.description),
                ("state", state(ticket.kind, ticket.status)),
                ("active", flag(!done)),
                ("priority", level),
                ("impact", impact),
                ("urgency", urgency),
                ("assigned_to", &ticket.assignee.as_ref().map_or(String::new(), |key| user_id(key))),
                ("assignment_group", text(group.as_ref())),
                ("opened_by", &user_id(&ticket.creator)),
                ("opened_at", &time_text(ticket.created_at)),
                ("closed_at", text(closed_at.as_ref())),
                ("close_notes", ticket.resolution.as_ref().map_or("", |(_, notes)| notes)),
                ("due_date", text(due.as_ref())),
                ("company", text(account.as_ref())),
                ("parent", &self.place(ticket.parent.as_ref())),
                ("watch_list", &watchers.join(",")),
                ("correlation_id", text(ticket.external_id.as_ref())),
            ],
        );
        for (column, value) in values.iter() {
            editor.set(column, value);
        }
        editor
    }

    fn specific(&self, ticket: &Ticket, class: TableId, editor: &mut RowEditor) {
        let requester = match &ticket.requester {
            Some(Party::Person(key) | Party::Contact(key)) => user_id(key),
            None => String::new(),
        };
        let resolved_at = ticket.resolved_at.map(time_text);
        let resolver = ticket.assignee.as_ref().filter(|_| resolved_at.is_some());
        let resolver = resolver.map_or(String::new(), |key| user_id(key));
        let code = ticket.resolution.as_ref().map_or("", |(code, _)| code.as_str());
        let native = state(ticket.kind, ticket.status);
        let values = match ticket.kind {
            Kind::Incident => row_of(
                class,
                &[
                    ("caller_id", &requester),
                    ("incident_state", native),
                    ("hold_reason", hold_reason(ticket.status)),
                    ("close_code", code),
                    ("resolved_at", text(resolved_at.as_ref())),
                    ("resolved_by", &resolver),
                    ("parent_incident", &self.place(ticket.duplicate_of.as_ref())),
                ],
            ),
            Kind::Problem => row_of(class, &[("problem_state", native), ("resolution_code", code)]),
            Kind::Change => row_of(class, &[("requested_by", &requester), ("close_code", code)]),
        };
        for (column, value) in values.iter() {
            editor.set(column, value);
        }
    }

    /// Comments, files, tags, relations and history.
    fn attached(&mut self, ticket: &Ticket, class: TableId, id: &str, number: &str) {
        let name = Schema::get().table(class).name();
        for (index, comment) in ticket.comments.iter().enumerate() {
            let element = if comment.public { "comments" } else { "work_notes" };
            let entry = journal::entry(
                &stable_id("sys_journal_field", &format!("{number}:{index}")),
                name,
                id,
                element,
                &comment.body,
                &comment.author,
                &time_text(comment.created_at),
            );
            self.world.store.insert(table("sys_journal_field"), &entry);
        }
        for attachment in &ticket.attachments {
            let destination = Destination {
                table_name: name.to_owned(),
                table_sys_id: id.to_owned(),
                file_name: attachment.file_name.clone(),
                content_type: attachment.content_type.clone(),
            };
            attachment_api::insert(
                self.world,
                &stable_id("sys_attachment", &format!("{number}:{}", attachment.file_name)),
                &destination,
                Content::Memory(Bytes::from(attachment.content.clone())),
                attachment.content.len() as u64,
                &hex::encode(Sha256::digest(&attachment.content)),
                &attachment.author,
                &time_text(attachment.created_at),
            );
        }
        for tag in &ticket.tags {
            let at = time_text(ticket.created_at);
            tags::put(&mut self.world.store, tag, name, id, &ticket.title, &ticket.creator, &at);
        }
        let original = self.place(ticket.duplicate_of.as_ref());
        if !original.is_empty() {
            // U: see the schema; the reference columns carry the same fact.
            let relations = table("task_rel_task");
            let kind = stable_id("task_rel_type", "Duplicates");
            let editor = row_of(relations, &[("parent", id), ("child", &original), ("type", &kind)]);
            let own = stable_id("task_rel_task", &format!("{id}:{original}"));
            insert(self.world, relations, editor, &own, (ticket.updated_at, ticket.updated_at));
        }
        for (index, change) in ticket.history.iter().enumerate() {
            self.change(ticket, name, id, index, change);
        }
    }

    fn change(&mut self, ticket: &Ticket, name: &'static str, id: &str, index: usize, change: &Change) {
        let person = |key: &Option<String>| key.as_ref().map_or(String::new(), |key| user_id(key));
        let (field, old, new) = match &change.field {
            ChangedField::Status(from, to) => {
                ("state", state(ticket.kind, *from).to_owned(), state(ticket.kind, *to).to_owned())
            }
            ChangedField::Assignee(from, to) => ("assigned_to", person(from), person(to)),
            ChangedField::Priority(from, to) => ("priority", priority(*from).0.to_owned(), priority(*to).0.to_owned()),
        };
        debug_assert!(self.company.people.iter().any(|own| own.key == change.author));
        let row =
            audit::Change { table: name, record: id, field, old: &old, new: &new, mods: &(index + 1).to_string() };
        let own = stable_id("sys_audit", &format!("{id}:{index}"));
        audit::insert(&mut self.world.store, &own, &row, &change.author, &time_text(change.at));
    }
}
