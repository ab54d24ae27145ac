//! What the site itself says that the credential may not do: `mypermissions`.

use std::collections::BTreeMap;

use serde::Deserialize;
use ticketing_core::{Capabilities, ErrorKind, Operation, Result};

use crate::connection::{Connection, Part};
use crate::error::is_closed;

/// A right that operations hang on: all of its keys have to be denied before one of them is withheld.
struct Right {
    keys: &'static [&'static str],
    operations: &'static [Operation],
    /// What a user is told.
    without: &'static str,
}

/// What each denial closes. Where a key is denied and something of an operation still works (searching for whom a ticket can be
/// assigned to without `USER_PICKER`, changing a status without `EDIT_ISSUES`), the operation stays.
const RIGHTS: &[(Part, Right)] = &[
    (
        Part::Browsing,
        Right {
            keys: &["BROWSE_PROJECTS"],
            operations: &[],
            without: "no project may be browsed: every reading is empty",
        },
    ),
    (
        Part::Creating,
        Right {
            keys: &["CREATE_ISSUES"],
            operations: &[Operation::CreateTicket],
            without: "tickets cannot be created",
        },
    ),
    (
        Part::Changing,
        Right {
            keys: &["EDIT_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS", "ASSIGN_ISSUES"],
            operations: &[Operation::UpdateTicket],
            without: "tickets cannot be changed",
        },
    ),
    (Part::Editing, Right { keys: &["EDIT_ISSUES"], operations: &[], without: "fields of tickets cannot be changed" }),
    (
        Part::Moving,
        Right {
            keys: &["TRANSITION_ISSUES"],
            operations: &[Operation::ListTransitions],
            without: "the status of tickets cannot be changed",
        },
    ),
    (
        Part::Deleting,
        Right {
            keys: &["DELETE_ISSUES"],
            operations: &[Operation::DeleteTicket],
            without: "tickets cannot be deleted",
        },
    ),
    (
        Part::Commenting,
        Right { keys: &["ADD_COMMENTS"], operations: &[Operation::AddComment], without: "comments cannot be written" },
    ),
    (
        Part::CommentEditing,
        Right {
            keys: &["EDIT_OWN_COMMENTS", "EDIT_ALL_COMMENTS"],
            operations: &[Operation::UpdateComment],
            without: "comments cannot be changed",
        },
    ),
    (
        Part::CommentDeleting,
        Right {
            keys: &["DELETE_OWN_COMMENTS", "DELETE_ALL_COMMENTS"],
            operations: &[Operation::DeleteComment],
            without: "comments cannot be deleted",
        },
    ),
    (
        Part::Attaching,
        Right {
            keys: &["CREATE_ATTACHMENTS"],
            operations: &[Operation::UploadAttachment],
            without: "files cannot be attached",
        },
    ),
    (
        Part::Linking,
        Right {
            keys: &["LINK_ISSUES"],
            operations: &[Operation::AddLink, Operation::RemoveLink],
            without: "tickets cannot be linked",
        },
    ),
    (
        Part::People,
        Right {
            keys: &["USER_PICKER"],
            operations: &[
                Operation::ListUsers,
                Operation::ListGroups,
                Operation::GetGroup,
                Operation::FindGroups,
                Operation::ListGroupMembers,
            ],
            without: "users and groups cannot be looked up",
        },
    ),
];

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    permissions: BTreeMap<String, Own>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Own {
    have_permission: bool,
}

/// Asks what the credential may do, notes it, and gives a warning for each denial. A right that is given in any of the
/// connection's projects is given: the site itself answers so where no project is named.
pub(crate) async fn learn(connection: &Connection) -> Result<Vec<String>> {
    let mut keys: Vec<&str> = RIGHTS.iter().flat_map(|(_, right)| right.keys.iter().copied()).collect();
    keys.sort_unstable();
    keys.dedup();
    let keys = keys.join(",");
    let projects: Vec<Option<&str>> = match connection.projects.as_slice() {
        [] => vec![None],
        own => own.iter().map(|key| Some(key.as_str())).collect(),
    };
    let mut given: BTreeMap<String, bool> = BTreeMap::new();
    for project in projects {
        let mut query = vec![("permissions", keys.as_str())];
        query.extend(project.map(|key| ("projectKey", key)));
        let answer: Answer = match connection.api.read("/mypermissions", &query).await {
            Ok(response) => response.json()?,
            // A project that is not there is warned of elsewhere; a site that does not say leaves everything to be tried.
            Err(error) if is_closed(&error) || is_no_answer(error.kind()) => continue,
            Err(error) => return Err(error),
        };
        for (key, own) in answer.permissions {
            *given.entry(key).or_default() |= own.have_permission;
        }
    }
    let mut warnings = Vec::new();
    for (part, right) in RIGHTS {
        // What was closed may be open now, and what the site does not speak of is not denied.
        if right.keys.iter().all(|key| given.get(*key) == Some(&false)) {
            connection.note_closed(*part);
            warnings.push(format!("{}: the user has not the right {}", right.without, right.keys.join(" or ")));
        } else {
            connection.note_open(*part);
        }
    }
    Ok(warnings)
}

fn is_no_answer(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::InvalidRequest)
}

/// Takes out what is denied.
pub(crate) fn withhold(connection: &Connection, out: &mut Capabilities) {
    for (part, right) in RIGHTS.iter().filter(|(part, _)| connection.is_closed(*part)) {
        for operation in right.operations {
            out.operations.remove(operation);
        }
        match part {
            Part::Moving => {
                out.writable_statuses.clear();
                out.writable_fields.remove("status");
            }
            Part::Commenting => out.comment_visibilities.clear(),
            // Who may create sets the fields of what is new.
            Part::Editing if connection.is_closed(Part::Creating) => {
                out.writable_fields.retain(|key| matches!(key.as_str(), "status" | "assignees"));
            }
            _ => {}
        }
    }
}
