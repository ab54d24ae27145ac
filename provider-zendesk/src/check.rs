//! Who we are, what we may read, and what works less well than it could.

use ticketing_core::model::StatusCategory;
use ticketing_core::{Check, Result};

use crate::connection::Connection;
use crate::map::user;
use crate::wire::{UserRow, one};

/// What the capabilities call the exports, where they are closed.
pub(crate) const EXPORTS: &str = "incremental exports";
/// The same, of everything that only the staff may do.
pub(crate) const TICKETS: &str = "tickets";
/// The same, of comments that the requester sees.
pub(crate) const PUBLIC_COMMENTS: &str = "public comments";

/// Who am I, does the credential work, how far is the vendor's clock from ours, and what to mend.
pub(crate) async fn check(connection: &Connection) -> Result<Check> {
    let response = connection.api.me().await?;
    let (row, _) = one::<UserRow>(&response.body, "user")?;
    let role = row.role.clone().unwrap_or_default();
    let only_private = row.only_private_comments.unwrap_or(false);
    let me = user(row, connection.api.base())?;
    let mut out = Check::new(Some(me.to_ref()));
    out.compare_clocks(response.date(), connection.clock.now());
    out.time_zone.clone_from(&me.time_zone);
    if connection.legacy_login {
        out.warnings.push(
            "API tokens are a legacy way in: nobody can create them since 2026-10-27, and all of them stop on \
             2027-04-30: connect by OAuth"
                .to_owned(),
        );
    }
    match role.as_str() {
        "admin" => {}
        "agent" => out.warnings.push(
            "the credential belongs to an agent: changes can be followed by admins alone, and tickets of other groups \
             may be hidden from it"
                .to_owned(),
        ),
        other => out.warnings.push(format!(
            "the credential belongs to a user of role `{other}`: tickets are read and written by agents and admins"
        )),
    }
    // What was closed may be open now, and the other way round. Exports are admins' alone (§B6), tickets are the staff's, and a
    // light agent's comments are always private (§B3.3).
    let is_staff = matches!(role.as_str(), "admin" | "agent");
    connection.note_closed(EXPORTS, role != "admin");
    connection.note_closed(TICKETS, !is_staff);
    connection.note_closed(PUBLIC_COMMENTS, only_private);
    if is_staff && only_private {
        out.warnings.push("the user may write private comments alone: public ones are refused".to_owned());
    }
    connection.catalogue.forget().await;
    for status in &connection.catalogue.statuses().await?.0 {
        if status.active && status.category == StatusCategory::Unknown {
            let name = status.native.name.clone().unwrap_or_default();
            out.warnings.push(format!(
                "the status {} ({name}) has no category: add \"{}\" to `mapping.status`",
                status.native.id, status.native.id
            ));
        }
    }
    Ok(out)
}
