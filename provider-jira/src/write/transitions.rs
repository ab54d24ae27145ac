//! The transitions that a ticket can make now, with the fields that each requires (wire A4.5).

use ticketing_core::model::Transition;
use ticketing_core::request::ListTransitions;
use ticketing_core::{FieldId, Result, TransitionId};

use super::target::locate;
use super::workflow::{status, steps};
use crate::connection::Connection;

/// What the ticket can do next.
pub(crate) async fn list(connection: &Connection, request: ListTransitions) -> Result<Vec<Transition>> {
    let target = locate(connection, &request.ticket, &[]).await?;
    let steps = steps(connection, &target.id).await?;
    Ok(steps
        .into_iter()
        .map(|step| Transition {
            id: TransitionId::from(step.id.as_str()),
            to: status(&connection.mapping, &step.to),
            required_fields: step
                .fields
                .iter()
                .filter(|(_, meta)| meta.must_be_given())
                .map(|(id, _)| FieldId::from(id.as_str()))
                .collect(),
            name: step.name,
        })
        .collect())
}
