//! Rows of `sys_user`, `sys_user_group`, `core_company` and `customer_contact` (`wire/servicenow.md` §3.6).

use ticketing_core::model::{
    Account, Contact, FieldType, FieldValue, Fields, Group, RefType, Timestamp, User, UserType,
};
use ticketing_core::{AccountId, ContactId, Delivery, Error, ErrorKind, GroupId, Result, UserId, Version};

use super::{moment, reference};
use crate::wire::{Layout, Row};

/// A column, what the document calls it, and its type where it goes under `fields`.
type Line = (&'static str, &'static str, Option<FieldType>);

const SYSTEM: &[Line] = &[
    ("sys_id", "id", None),
    ("sys_created_on", "created_at", None),
    ("sys_updated_on", "updated_at", None),
    ("sys_mod_count", "version", None),
];

const USER: &[Line] = &[
    ("user_name", "username", None),
    ("name", "name", None),
    ("email", "email", None),
    ("active", "active", None),
    ("title", "title", None),
    ("phone", "phone", None),
    ("time_zone", "time_zone", None),
    ("preferred_language", "locale", None),
    ("company", "account", None),
    ("internal_integration_user", "type", None),
    ("web_service_access_only", "type", None),
    ("department", "department", Some(FieldType::Reference)),
    ("location", "location", Some(FieldType::Reference)),
    ("manager", "manager", Some(FieldType::User)),
    ("mobile_phone", "mobile_phone", Some(FieldType::String)),
    ("employee_number", "employee_number", Some(FieldType::String)),
    ("vip", "vip", Some(FieldType::Boolean)),
    ("locked_out", "locked_out", Some(FieldType::Boolean)),
];

const GROUP: &[Line] = &[
    ("name", "name", None),
    ("description", "description", None),
    ("email", "email", None),
    ("active", "active", None),
    ("manager", "manager", None),
    ("parent", "parent", None),
    ("type", "type", Some(FieldType::String)),
];

const ACCOUNT: &[Line] = &[
    ("name", "name", None),
    ("notes", "description", None),
    ("website", "website", Some(FieldType::Url)),
    ("phone", "phone", Some(FieldType::String)),
    ("city", "city", Some(FieldType::String)),
    ("country", "country", Some(FieldType::String)),
    ("customer", "customer", Some(FieldType::Boolean)),
    ("vendor", "vendor", Some(FieldType::Boolean)),
];

const CONTACT: &[Line] = &[
    ("name", "name", None),
    ("email", "email", None),
    ("phone", "phone", None),
    ("active", "active", None),
    ("time_zone", "time_zone", None),
    ("preferred_language", "locale", None),
    ("account", "account", None),
    ("user_name", "user_name", Some(FieldType::String)),
    ("title", "title", Some(FieldType::String)),
];

/// Columns that not every instance has; that one is missing says nothing.
const OPTIONAL: &[&str] = &[
    "internal_integration_user",
    "web_service_access_only",
    "preferred_language",
    "sys_class_name",
    "notes",
    "website",
];

/// What all four have in common.
#[derive(Debug, Clone)]
struct Plan {
    /// Stands before each column: `user.` where the rows are memberships.
    prefix: &'static str,
    lines: &'static [Line],
    what: &'static str,
    layout: Layout,
}

impl Plan {
    fn new(what: &'static str, lines: &'static [Line], prefix: &'static str, raw: bool, also: &[&str]) -> Self {
        let names = SYSTEM.iter().chain(lines).map(|(column, _, _)| format!("{prefix}{column}"));
        let mut layout = Layout::new(names).with_raw(raw);
        for field in also {
            layout.add(field);
        }
        Self { prefix, lines, what, layout }
    }

    fn name(&self, column: &str) -> String {
        format!("{}{column}", self.prefix)
    }

    fn text(&self, row: &Row<'_, '_>, column: &str) -> Option<String> {
        row.some(&self.name(column)).map(str::to_owned)
    }

    fn flag(&self, row: &Row<'_, '_>, column: &str) -> Option<bool> {
        row.some(&self.name(column)).map(|value| value == "true" || value == "1")
    }

    fn refer(&self, row: &Row<'_, '_>, column: &str, ref_type: RefType) -> Option<ticketing_core::model::Ref> {
        reference(row.cell(&self.name(column)), ref_type)
    }

    fn at(&self, row: &Row<'_, '_>, column: &str) -> Option<Timestamp> {
        moment(row.cell(&self.name(column)))
    }

    fn id(&self, row: &Row<'_, '_>) -> Result<String> {
        self.text(row, "sys_id").ok_or_else(|| {
            let named = self.text(row, "name").map_or(String::new(), |name| format!(" `{name}`"));
            Error::new(ErrorKind::Decode, format!("a {}{named} has no `sys_id`", self.what))
                .with_delivery(Delivery::Answered)
        })
    }

    fn fields(&self, row: &Row<'_, '_>) -> Fields {
        let typed = self.lines.iter().filter_map(|(column, id, field_type)| {
            let field_type = (*field_type)?;
            let cell = row.cell(&self.name(column)).filter(|cell| !cell.value.is_empty())?;
            let mut value = match field_type {
                FieldType::Boolean => FieldValue::new(field_type, cell.value == "true"),
                _ => FieldValue::new(field_type, cell.value.as_ref()),
            };
            if matches!(field_type, FieldType::Reference | FieldType::User) {
                value.label = cell.display.as_deref().filter(|shown| !shown.is_empty()).map(Into::into);
            }
            Some(((*id).into(), value))
        });
        typed.collect()
    }

    fn unreadable(&self, row: &Row<'_, '_>) -> Vec<String> {
        let all = SYSTEM.iter().chain(self.lines);
        let mut missing: Vec<String> = all
            .filter(|(column, _, _)| !OPTIONAL.contains(column) && row.cell(&self.name(column)).is_none())
            .map(|(_, id, _)| (*id).to_owned())
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    fn version(&self, row: &Row<'_, '_>) -> Option<Version> {
        self.text(row, "sys_mod_count").map(Version::from)
    }
}

/// How rows become users.
#[derive(Debug, Clone)]
pub(crate) struct UserPlan {
    plan: Plan,
    base_url: String,
}

impl UserPlan {
    /// Rows of `sys_user`.
    pub(crate) fn new(base_url: &str, raw: bool) -> Self {
        Self { plan: Plan::new("user", USER, "", raw, &["sys_class_name"]), base_url: base_url.to_owned() }
    }

    /// Rows of `sys_user_grmember`, read through to their users.
    pub(crate) fn of_members(base_url: &str, raw: bool) -> Self {
        let also = ["sys_id", "group", "user", "user.sys_class_name"];
        Self { plan: Plan::new("user", USER, "user.", raw, &also), base_url: base_url.to_owned() }
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.plan.layout
    }

    /// True for a customer's contact, which extends `sys_user` and is none of those who work on tickets.
    pub(crate) fn is_contact(&self, row: &Row<'_, '_>) -> bool {
        row.text(&self.plan.name("sys_class_name")) == "customer_contact"
    }

    /// A row as a user.
    ///
    /// # Errors
    /// `Decode` where it does not say which record it is.
    pub(crate) fn user(&self, row: &Row<'_, '_>) -> Result<User> {
        let plan = &self.plan;
        let id = plan.id(row)?;
        let name = plan.text(row, "name").or_else(|| plan.text(row, "user_name")).unwrap_or_default();
        let mut user = User::new(UserId::from(id.as_str()), name);
        let is_bot = plan.flag(row, "internal_integration_user") == Some(true)
            || plan.flag(row, "web_service_access_only") == Some(true);
        user.user_type = match (self.is_contact(row), is_bot) {
            (true, _) => UserType::Contact,
            (false, true) => UserType::Bot,
            (false, false) => UserType::User,
        };
        user.username = plan.text(row, "user_name");
        user.email = plan.text(row, "email");
        user.active = plan.flag(row, "active");
        user.title = plan.text(row, "title");
        user.phone = plan.text(row, "phone");
        user.time_zone = plan.text(row, "time_zone");
        user.locale = plan.text(row, "preferred_language").map(locale);
        user.account = plan.refer(row, "company", RefType::Account);
        user.url = Some(format!("{}/sys_user.do?sys_id={id}", self.base_url));
        user.created_at = plan.at(row, "sys_created_on");
        user.updated_at = plan.at(row, "sys_updated_on");
        user.fields = plan.fields(row);
        user.unreadable = plan.unreadable(row);
        user.version = plan.version(row);
        user.raw = row.raw();
        Ok(user)
    }
}

/// How rows of `sys_user_group` become groups.
#[derive(Debug, Clone)]
pub(crate) struct GroupPlan {
    plan: Plan,
    base_url: String,
}

impl GroupPlan {
    pub(crate) fn new(base_url: &str, raw: bool) -> Self {
        Self { plan: Plan::new("group", GROUP, "", raw, &[]), base_url: base_url.to_owned() }
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.plan.layout
    }

    /// A row as a group.
    ///
    /// # Errors
    /// `Decode` where it does not say which record it is.
    pub(crate) fn group(&self, row: &Row<'_, '_>) -> Result<Group> {
        let plan = &self.plan;
        let id = plan.id(row)?;
        let mut group = Group::new(GroupId::from(id.as_str()), plan.text(row, "name").unwrap_or_default());
        group.description = plan.text(row, "description");
        group.email = plan.text(row, "email");
        group.active = plan.flag(row, "active");
        group.manager = plan.refer(row, "manager", RefType::User);
        group.parent = plan.refer(row, "parent", RefType::Group);
        group.url = Some(format!("{}/sys_user_group.do?sys_id={id}", self.base_url));
        group.created_at = plan.at(row, "sys_created_on");
        group.updated_at = plan.at(row, "sys_updated_on");
        group.fields = plan.fields(row);
        group.unreadable = plan.unreadable(row);
        group.version = plan.version(row);
        group.raw = row.raw();
        Ok(group)
    }
}

/// How rows of `core_company` become accounts.
#[derive(Debug, Clone)]
pub(crate) struct AccountPlan {
    plan: Plan,
    base_url: String,
}

impl AccountPlan {
    pub(crate) fn new(base_url: &str, raw: bool) -> Self {
        Self { plan: Plan::new("account", ACCOUNT, "", raw, &[]), base_url: base_url.to_owned() }
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.plan.layout
    }

    /// A row as an account.
    ///
    /// # Errors
    /// `Decode` where it does not say which record it is.
    pub(crate) fn account(&self, row: &Row<'_, '_>) -> Result<Account> {
        let plan = &self.plan;
        let id = plan.id(row)?;
        let mut account = Account::new(AccountId::from(id.as_str()), plan.text(row, "name").unwrap_or_default());
        account.description = plan.text(row, "notes");
        account.url = Some(format!("{}/core_company.do?sys_id={id}", self.base_url));
        account.created_at = plan.at(row, "sys_created_on");
        account.updated_at = plan.at(row, "sys_updated_on");
        account.fields = plan.fields(row);
        account.unreadable = plan.unreadable(row);
        account.version = plan.version(row);
        account.raw = row.raw();
        Ok(account)
    }
}

/// How rows of `customer_contact` become contacts.
#[derive(Debug, Clone)]
pub(crate) struct ContactPlan {
    plan: Plan,
    base_url: String,
}

impl ContactPlan {
    pub(crate) fn new(base_url: &str, raw: bool) -> Self {
        Self { plan: Plan::new("contact", CONTACT, "", raw, &[]), base_url: base_url.to_owned() }
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.plan.layout
    }

    /// A row as a contact.
    ///
    /// # Errors
    /// `Decode` where it does not say which record it is.
    pub(crate) fn contact(&self, row: &Row<'_, '_>) -> Result<Contact> {
        let plan = &self.plan;
        let id = plan.id(row)?;
        let mut contact = Contact::new(ContactId::from(id.as_str()), plan.text(row, "name").unwrap_or_default());
        contact.email = plan.text(row, "email");
        contact.phone = plan.text(row, "phone");
        contact.account = plan.refer(row, "account", RefType::Account);
        contact.active = plan.flag(row, "active");
        contact.time_zone = plan.text(row, "time_zone");
        contact.locale = plan.text(row, "preferred_language").map(locale);
        contact.url = Some(format!("{}/customer_contact.do?sys_id={id}", self.base_url));
        contact.created_at = plan.at(row, "sys_created_on");
        contact.updated_at = plan.at(row, "sys_updated_on");
        contact.fields = plan.fields(row);
        contact.unreadable = plan.unreadable(row);
        contact.version = plan.version(row);
        contact.raw = row.raw();
        Ok(contact)
    }
}

/// The vendor's language codes are BCP 47, but for these.
fn locale(code: String) -> String {
    match code.as_str() {
        "pb" => "pt-BR".to_owned(),
        "zh" => "zh-CN".to_owned(),
        "zt" => "zh-TW".to_owned(),
        "fq" => "fr-CA".to_owned(),
        _ => code,
    }
}
