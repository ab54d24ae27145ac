//! Users, groups, customers and places: wire §3.6.

use super::{Column, Kind, TableSpec, boolean, column, integer, reference, text, time};

/// People, groups, companies and what they are found by.
pub(super) const TABLES: &[TableSpec] = &[
    table("sys_user", "User", None, "name", USER),
    // U: customer_contact extends sys_user, customer_account extends core_company (wire §3.5).
    table(
        "customer_contact",
        "Contact",
        Some("sys_user"),
        "name",
        &[reference("account", "Account", "customer_account")],
    ),
    table("sys_user_group", "Group", None, "name", GROUP),
    table(
        "sys_user_grmember",
        "Group Member",
        None,
        "sys_id",
        &[reference("user", "User", "sys_user").mandatory(), reference("group", "Group", "sys_user_group").mandatory()],
    ),
    table("sys_user_role", "Role", None, "name", &[text("name", "Name")]),
    table(
        "sys_user_has_role",
        "User Role",
        None,
        "sys_id",
        &[reference("user", "User", "sys_user"), reference("role", "Role", "sys_user_role")],
    ),
    table("core_company", "Company", None, "name", COMPANY),
    table(
        "customer_account",
        "Account",
        Some("core_company"),
        "name",
        &[text("number", "Number").length(40), reference("primary_contact", "Primary contact", "customer_contact")],
    ),
    table("cmn_department", "Department", None, "name", &[text("name", "Name")]),
    table(
        "cmn_location",
        "Location",
        None,
        "name",
        &[text("name", "Name"), text("city", "City"), text("country", "Country")],
    ),
    table(
        "cmdb_ci",
        "Configuration Item",
        None,
        "name",
        &[
            text("name", "Name"),
            column("sys_class_name", "Class", Kind::Class).read_only(),
            integer("install_status", "Status").choice().default("1"),
        ],
    ),
];

const fn table(
    name: &'static str,
    label: &'static str,
    parent: Option<&'static str>,
    display: &'static str,
    columns: &'static [Column],
) -> TableSpec {
    TableSpec { name, label, parent, display, prefix: None, audited: true, columns }
}

const USER: &[Column] = &[
    text("user_name", "User ID").mandatory().length(40),
    text("name", "Name").read_only(),
    text("first_name", "First name"),
    text("last_name", "Last name"),
    column("email", "Email", Kind::Email),
    boolean("active", "Active", "true"),
    boolean("locked_out", "Locked out", "false"),
    text("title", "Title"),
    text("phone", "Business phone"),
    text("mobile_phone", "Mobile phone"),
    text("time_zone", "Time zone"),
    text("date_format", "Date format"),
    text("time_format", "Time format"),
    text("preferred_language", "Language"),
    reference("company", "Company", "core_company"),
    reference("department", "Department", "cmn_department"),
    reference("location", "Location", "cmn_location"),
    reference("manager", "Manager", "sys_user"),
    text("employee_number", "Employee number"),
    boolean("vip", "VIP", "false"),
    boolean("web_service_access_only", "Web service access only", "false"),
    boolean("internal_integration_user", "Internal Integration User", "false"),
    text("roles", "Roles"),
    time("last_login_time", "Last login time").read_only(),
    column("sys_class_name", "Class", Kind::Class).read_only(),
];

const GROUP: &[Column] = &[
    text("name", "Name").mandatory(),
    text("description", "Description"),
    reference("manager", "Manager", "sys_user"),
    column("email", "Group email", Kind::Email),
    boolean("active", "Active", "true"),
    reference("parent", "Parent", "sys_user_group"),
    text("type", "Type"),
    text("roles", "Roles"),
];

const COMPANY: &[Column] = &[
    text("name", "Name").mandatory(),
    column("website", "Website", Kind::Url),
    text("phone", "Phone"),
    text("city", "City"),
    text("country", "Country"),
    boolean("customer", "Customer", "false"),
    boolean("vendor", "Vendor", "false"),
    column("notes", "Notes", Kind::LongText),
    column("sys_class_name", "Class", Kind::Class).read_only(),
];
