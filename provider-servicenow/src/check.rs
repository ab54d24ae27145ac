//! Who we are, what we may read, and what works less well than it could.

use futures::future::join_all;
use ticketing_core::model::{Ref, StatusCategory, User};
use ticketing_core::{Check, Error, ErrorKind, Result};

use crate::api::{Target, Window};
use crate::catalogue::CoreFields;
use crate::connection::Connection;
use crate::error::is_closed;
use crate::map::UserPlan;
use crate::query::{Condition, FieldName, Order, Query};
use crate::wire::{Layout, decode_list};

/// Tables that much depends on, and what is lost without them.
const USEFUL: &[(&str, &str)] = &[
    ("sys_journal_field", "comments are read from what tickets show, without lasting ids"),
    ("sys_dictionary", "fields of the instance's own are not described, and arrive as text"),
    ("sys_choice", "states, priorities and reasons cannot be checked before writing"),
    ("sys_audit", "the history of tickets cannot be read"),
    ("sys_audit_delete", "deletions are not seen; compare the census instead"),
];

/// The credential's user.
pub(crate) async fn me(connection: &Connection) -> Result<User> {
    Ok(asked(connection).await?.0)
}

async fn asked(connection: &Connection) -> Result<(User, Option<chrono::DateTime<chrono::Utc>>)> {
    let plan = UserPlan::new(connection.api.base(), false);
    let query = Query::all().and(Condition::is_me(FieldName::fixed("sys_id")));
    let order = [Order::ascending("sys_id")];
    let window = Window { offset: 0, limit: 2, count: false };
    let response = connection.api.list(Target::Table("sys_user"), &query, &order, plan.layout(), window).await?;
    let vendor_time =
        response.header("date").and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok()).map(|at| at.to_utc());
    let mut users = Vec::new();
    decode_list(&response.body, plan.layout(), &mut |row| {
        if !row.is_void() {
            users.push(plan.user(row)?);
        }
        Ok(())
    })?;
    // Two would mean that the instance dropped the condition.
    match (users.pop(), users.is_empty()) {
        (Some(user), true) => Ok((user, vendor_time)),
        _ => Err(Error::new(ErrorKind::PermissionDenied, "the credential works, and its user may not be read")
            .with_delivery(ticketing_core::Delivery::Answered)
            .with_hint("let the integration user read its own record in `sys_user`")),
    }
}

/// The user's time zone, or the instance's where the user has none (wire §2.4).
pub(crate) async fn zone_of(connection: &Connection, own: Option<&str>) -> Option<String> {
    if let Some(zone) = own {
        return Some(zone.to_owned());
    }
    let query = Query::all().and(Condition::equals(FieldName::fixed("name"), "glide.sys.default.tz").ok()?);
    let layout = Layout::new(["sys_id", "name", "value"]);
    let order = [Order::ascending("sys_id")];
    let window = Window { offset: 0, limit: 1, count: false };
    let response = connection.api.list(Target::Table("sys_properties"), &query, &order, &layout, window).await.ok()?;
    let mut zone = None;
    decode_list(&response.body, &layout, &mut |row| {
        if row.text("name") == "glide.sys.default.tz" {
            zone = row.some("value").map(str::to_owned);
        }
        Ok(())
    })
    .ok()?;
    zone
}

/// Whether a table can be read: one row of it is asked for.
async fn reads(connection: &Connection, table: &str) -> Result<bool> {
    let layout = Layout::new(["sys_id"]);
    let order = [Order::ascending("sys_id")];
    let window = Window { offset: 0, limit: 1, count: false };
    match connection.api.list(Target::Table(table), &Query::all(), &order, &layout, window).await {
        Ok(_) => Ok(true),
        Err(error) if is_closed(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Who am I, does the credential work, how far is the vendor's clock from ours, and what to mend.
pub(crate) async fn check(connection: &Connection) -> Result<Check> {
    let (user, vendor_time) = asked(connection).await?;
    let me: Ref = user.to_ref();
    let mut out = Check::new(Some(me));
    out.compare_clocks(vendor_time, connection.clock.now());
    out.time_zone = zone_of(connection, user.time_zone.as_deref()).await;
    if let Some(zone) = out.time_zone.as_deref().filter(|zone| !matches!(*zone, "GMT" | "UTC" | "Etc/UTC" | "Etc/GMT"))
    {
        out.warnings.push(format!(
            "the integration user's time zone is {zone}: set it to GMT, so that what the instance shows is what it stores"
        ));
    }
    if user.active == Some(false) {
        out.warnings.push("the integration user is inactive: its credential may end at any time".to_owned());
    }
    let tables: Vec<&str> = connection.tables.iter().map(String::as_str).collect();
    for (table, outcome) in tables.iter().zip(join_all(tables.iter().map(|table| reads(connection, table))).await) {
        if !outcome? {
            out.warnings.push(format!("the table `{table}` may not be read: give the integration user a role for it"));
        }
    }
    let useful = join_all(USEFUL.iter().map(|(table, _)| reads(connection, table))).await;
    for ((table, without), outcome) in USEFUL.iter().zip(useful) {
        if outcome? {
            connection.note_open(table);
        } else {
            connection.note_closed(table);
            out.warnings.push(format!("`{table}` may not be read: {without}"));
        }
    }
    connection.catalogue.forget().await;
    for table in &connection.tables {
        out.warnings.extend(unmapped(connection, table).await?);
    }
    Ok(out)
}

/// States that the instance offers, and nothing maps.
async fn unmapped(connection: &Connection, table: &str) -> Result<Vec<String>> {
    let choices = match connection.catalogue.choices(table).await {
        Ok(choices) => choices,
        Err(error) if is_closed(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let state = CoreFields::of(table).state;
    let offered = choices.of(state).iter().filter(|choice| choice.active);
    Ok(offered
        .filter(|choice| {
            connection.mapping.status(table, &choice.value, Some(&choice.label)) == StatusCategory::Unknown
        })
        .map(|choice| {
            format!(
                "the state {} ({}) of `{table}` has no category: add \"{table}.{}\" to `mapping.status`",
                choice.value, choice.label, choice.value
            )
        })
        .collect())
}
