//! What a customer's administrator needs: steps, rights, and a business rule that tells of changes and signs what it says.

mod update_set;

use chrono::{DateTime, Utc};
use ticketing_core::{Error, Result};
use url::Url;

use crate::config::is_table_name;
use update_set::{Record, stable_id, update_set};

/// The property that the rule signs with.
pub const SECRET_PROPERTY: &str = "ticketing.webhook.secret";
/// The role of the integration user.
pub const ROLE: &str = "ticketing_integration";

/// The rule: what it does, before `OPERATION` and `SEND` are filled in.
const RULE: &str = include_str!("rule.js");
const GUIDE: &str = include_str!("guide.md");

/// Tables that are read beside the tickets', and what for.
const READ: &[(&str, &str)] = &[
    ("sys_user", "people: assignees, requesters, watchers"),
    ("sys_user_group", "groups"),
    ("sys_user_grmember", "who is in which group"),
    ("core_company", "accounts"),
    ("sys_dictionary", "the field catalogue"),
    ("sys_db_object", "which table extends which"),
    ("sys_choice", "states, priorities and reasons"),
    ("sys_journal_field", "comments and work notes"),
    ("sys_attachment", "attachments"),
    ("sys_audit", "the history of tickets"),
    ("sys_audit_delete", "deletions"),
    ("sys_properties", "the instance's time zone"),
];

/// What the kit is made for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AdminKit {
    /// Where the business rule sends its deliveries.
    pub webhook_url: String,
    /// Where the instance sends a browser back to, for the OAuth client.
    pub redirect_uri: String,
    /// The tables that tickets come from.
    pub tables: Vec<String>,
}

/// Refuses an address that would not stand in a guide and in a script as it is; reading one passes over some of these.
fn is_printable(field: &str, address: &str) -> Result<()> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '`' | '"' | '\'' | '<' | '>' | '\\');
    match address.chars().find(|c| odd(*c)) {
        None => Ok(()),
        Some(c) => Err(Error::config(field, format!("it holds `{}`", c.escape_debug()))
            .with_hint("write the address with its special characters escaped, `%20` for a blank")),
    }
}

/// Refuses what no vendor could send a browser back to.
fn is_redirect(address: &str) -> Result<()> {
    let wrong = |why: &str| {
        Error::config("redirect_uri", why.to_owned())
            .with_hint("give the address that browsers come back to: https, or http on 127.0.0.1")
    };
    is_printable("redirect_uri", address)?;
    let url = Url::parse(address).map_err(|_| wrong("it is no address"))?;
    let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        _ => return Err(wrong("it is not https: the code would travel in clear")),
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(wrong("it holds a user name, password or fragment"));
    }
    Ok(())
}

/// One file of the kit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KitFile {
    /// Its name.
    pub name: &'static str,
    /// Its text.
    pub text: String,
}

/// Sends, waits for the answer, and leaves a refusal in the instance's log: nobody else sees it.
const SEND: &str = "var answer = message.execute();
        var status = answer ? answer.getStatusCode() : 200;
        if (status < 200 || status > 299) {
            gs.error('ticketing: a change was told, and the answer was HTTP ' + status);
        }";

impl AdminKit {
    /// A kit for these tables.
    ///
    /// # Errors
    /// `Config`, naming the value that is wrong.
    pub fn new(
        webhook_url: impl Into<String>,
        redirect_uri: impl Into<String>,
        tables: impl IntoIterator<Item = String>,
    ) -> Result<Self> {
        let kit = Self {
            webhook_url: webhook_url.into(),
            redirect_uri: redirect_uri.into(),
            tables: tables.into_iter().collect(),
        };
        let wrong = |why: &str| {
            Error::config("webhook_url", why.to_owned())
                .with_hint("give the address that the product listens on: https://tickets.example.com/webhooks/…")
        };
        let url = Url::parse(&kit.webhook_url).map_err(|_| wrong("it is no address"))?;
        if url.scheme() != "https" {
            return Err(wrong("it is not https: a delivery would travel in clear"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(wrong("it holds a user name, password or fragment"));
        }
        if kit.webhook_url.contains("${") {
            return Err(wrong("it holds `${`, which the instance takes for a variable"));
        }
        is_printable("webhook_url", &kit.webhook_url)?;
        let bad = kit.tables.iter().find(|table| !is_table_name(table));
        if let Some(table) = bad {
            let shown: String = table.chars().take(80).flat_map(char::escape_debug).collect();
            return Err(Error::config("tables", format!("`{shown}` is not the name of a table"))
                .with_hint("use the table's name, not its label: `change_request`"));
        }
        if kit.tables.is_empty() {
            return Err(Error::config("tables", "there is none").with_hint("name the tables that tickets come from"));
        }
        is_redirect(&kit.redirect_uri)?;
        Ok(kit)
    }

    /// The files. The secret is in none of them: it is given to the administrator apart, and typed into a property.
    #[must_use]
    pub fn files(&self, now: DateTime<Utc>) -> Vec<KitFile> {
        vec![
            KitFile { name: "README.md", text: self.guide() },
            KitFile {
                name: "ticketing-rights.xml",
                text: update_set(
                    "Ticketing: rights",
                    "A role for the integration user, and read access to what tickets refer to.",
                    &self.rights(),
                    now,
                ),
            },
            KitFile {
                name: "ticketing-webhook.xml",
                text: update_set(
                    "Ticketing: webhook",
                    "Business rules that tell of changes, signed; their outbound REST message; a property for the secret.",
                    &self.webhook(),
                    now,
                ),
            },
        ]
    }

    /// The script of the rule for what is made and changed, and of the one for what is deleted.
    #[must_use]
    pub fn scripts() -> (String, String) {
        // An asynchronous rule runs after the user has gone on, and may wait. It has no `previous`; a new record was changed
        // no time yet.
        let changed = RULE
            .replace("OPERATION", "(current.getValue('sys_mod_count') + '') === '0' ? 'insert' : 'update'")
            .replace("SEND", SEND);
        // What is deleted cannot be read later; the user waits for this rule, so that nothing is waited for in it.
        let deleted = RULE.replace("OPERATION", "'delete'").replace("SEND", "message.executeAsync();");
        (changed, deleted)
    }

    fn webhook(&self) -> Vec<Record> {
        let message = stable_id("rest message");
        let text = |value: &str| value.to_owned();
        let mut records = vec![
            Record {
                table: "sys_properties",
                kind: "System Property",
                title: text(SECRET_PROPERTY),
                sys_id: stable_id("property secret"),
                columns: vec![
                    ("name", text(SECRET_PROPERTY)),
                    ("type", text("password2")),
                    (
                        "description",
                        text("What the ticketing business rules sign with. Type the secret in after the import."),
                    ),
                    ("ignore_cache", text("false")),
                    ("is_private", text("true")),
                    ("read_roles", text("admin")),
                    ("write_roles", text("admin")),
                    ("value", String::new()),
                ],
            },
            Record {
                table: "sys_rest_message",
                kind: "REST Message",
                title: text("Ticketing webhook"),
                sys_id: message.clone(),
                columns: vec![
                    ("name", text("Ticketing webhook")),
                    ("description", text("Tells of changes to tickets, signed.")),
                    ("rest_endpoint", self.webhook_url.clone()),
                    ("authentication_type", text("no_authentication")),
                    ("access", text("package_private")),
                ],
            },
            Record {
                table: "sys_rest_message_fn",
                kind: "HTTP Method",
                title: text("post"),
                sys_id: stable_id("rest message post"),
                columns: vec![
                    ("rest_message", message),
                    ("function_name", text("post")),
                    ("http_method", text("post")),
                    ("rest_endpoint", self.webhook_url.clone()),
                    ("authentication_type", text("inherit_from_parent")),
                    ("content", String::new()),
                ],
            },
        ];
        let (changed, deleted) = Self::scripts();
        for table in &self.tables {
            records.push(rule(table, "changed", "async", ("true", "true", "false"), &changed));
            records.push(rule(table, "deleted", "after", ("false", "false", "true"), &deleted));
        }
        records
    }

    fn rights(&self) -> Vec<Record> {
        let role = stable_id("role");
        let mut records = vec![Record {
            table: "sys_user_role",
            kind: "Role",
            title: ROLE.to_owned(),
            sys_id: role.clone(),
            columns: vec![
                ("name", ROLE.to_owned()),
                ("description", "What the ticketing integration's user may read beside the tickets.".to_owned()),
                ("elevated_privilege", "false".to_owned()),
            ],
        }];
        for (table, what_for) in READ {
            let acl = stable_id(&format!("acl {table}"));
            records.push(Record {
                table: "sys_security_acl",
                kind: "Access Control",
                title: (*table).to_owned(),
                sys_id: acl.clone(),
                columns: vec![
                    ("name", (*table).to_owned()),
                    ("operation", "read".to_owned()),
                    ("type", "record".to_owned()),
                    ("active", "true".to_owned()),
                    ("admin_overrides", "true".to_owned()),
                    ("advanced", "false".to_owned()),
                    ("description", format!("For the role {ROLE}: {what_for}.")),
                    ("condition", acl_condition(table)),
                ],
            });
            records.push(Record {
                table: "sys_security_acl_role",
                kind: "Access Roles",
                title: format!("{table}: {ROLE}"),
                sys_id: stable_id(&format!("acl role {table}")),
                columns: vec![("sys_security_acl", acl), ("sys_user_role", role.clone())],
            });
        }
        records
    }

    fn guide(&self) -> String {
        let tables = self.tables.iter().map(|table| format!("`{table}`")).collect::<Vec<_>>().join(", ");
        let read = READ.iter().map(|(table, what)| format!("| `{table}` | {what} |")).collect::<Vec<_>>().join("\n");
        GUIDE
            .replace("{{webhook_url}}", &self.webhook_url)
            .replace("{{redirect_uri}}", &self.redirect_uri)
            .replace("{{tables}}", &tables)
            .replace("{{read}}", &read)
            .replace("{{role}}", ROLE)
            .replace("{{property}}", SECRET_PROPERTY)
    }
}

/// The instance has properties that are nobody's business: one of them is asked for.
fn acl_condition(table: &str) -> String {
    match table {
        "sys_properties" => "name=glide.sys.default.tz^EQ".to_owned(),
        _ => String::new(),
    }
}

/// A business rule for one table.
fn rule(table: &str, what: &str, when: &str, (insert, update, delete): (&str, &str, &str), script: &str) -> Record {
    let name = format!("Ticketing webhook: {table} {what}");
    let text = |value: &str| value.to_owned();
    Record {
        table: "sys_script",
        kind: "Business Rule",
        sys_id: stable_id(&format!("rule {table} {what}")),
        columns: vec![
            ("abort_action", text("false")),
            ("access", text("package_private")),
            ("action_delete", text(delete)),
            ("action_insert", text(insert)),
            ("action_query", text("false")),
            ("action_update", text(update)),
            ("active", text("true")),
            ("add_message", text("false")),
            ("advanced", text("true")),
            ("change_fields", text("false")),
            ("client_callable", text("false")),
            ("collection", text(table)),
            ("condition", String::new()),
            ("description", text("Tells of a change, signed with the property ticketing.webhook.secret.")),
            ("execute_function", text("false")),
            ("filter_condition", String::new()),
            ("is_rest", text("false")),
            ("message", String::new()),
            ("name", name.clone()),
            ("order", text("1000")),
            ("priority", text("100")),
            ("role_conditions", String::new()),
            ("script", text(script)),
            ("template", String::new()),
            ("when", text(when)),
        ],
        title: name,
    }
}
