//! Webhook deliveries of stored connections: signed with any of a connection's secrets, and each told once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;
use ticketing_core::model::ChangeEvent;
use ticketing_core::{BuildContext, BuildWebhook, Error, ErrorKind, Result, Secret, WebhookDelivery, WebhookIntake};

use crate::connection::ConnectionId;
use crate::connections::Connections;

/// Connections whose deliveries are remembered, at most; of more, the longest unused are forgotten.
const KEPT: usize = 1_000;

/// What receives deliveries, kept for as long as it is asked for: it remembers what came before.
#[derive(Default)]
pub(crate) struct Intakes(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_id: HashMap<ConnectionId, Intake>,
    turn: u64,
}

struct Intake {
    by_secret: Vec<(Secret, Arc<dyn WebhookIntake>)>,
    /// The turn it was last asked for in.
    used: u64,
}

impl Connections {
    /// Verifies webhook deliveries of the tenant's connection, by any of its secrets. It may be asked for with every delivery:
    /// what was told once is known the next time, in this process, while no more than 1,000 connections have deliveries.
    ///
    /// # Errors
    /// `Unsupported` where the provider takes none; `Config` where the connection has no secret for them.
    pub async fn webhook(&self, tenant: &str, name: &str) -> Result<Arc<dyn WebhookIntake>> {
        let connection = self.inner.store.find(tenant, name).await?;
        let registration = self.inner.registry.get(&connection.provider)?;
        let build = registration
            .webhook
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, format!("{} sends no webhooks", registration.name)))?;
        let secrets = self.inner.store.webhook_secrets(&connection).await?;
        if secrets.is_empty() {
            return Err(Error::config("webhook_secrets", format!("the connection `{name}` has none"))
                .with_hint("make one with `ticketing admin-kit`, and keep it with the connection"));
        }
        let intakes = self.inner.intakes.of(&connection.id, secrets, build, &self.inner.context)?;
        Ok(Arc::new(AnySecret { intakes }))
    }
}

impl Intakes {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One for each secret; the one that a secret had before stays.
    fn of(
        &self,
        id: &ConnectionId,
        secrets: Vec<Secret>,
        build: BuildWebhook,
        context: &BuildContext,
    ) -> Result<Vec<Arc<dyn WebhookIntake>>> {
        let mut kept = self.kept();
        kept.turn += 1;
        let used = kept.turn;
        let known = kept.by_id.get(id).map(|intake| intake.by_secret.clone()).unwrap_or_default();
        let mut by_secret = Vec::new();
        for secret in secrets {
            let intake = match known.iter().find(|(known, _)| *known == secret) {
                Some((_, intake)) => Arc::clone(intake),
                None => build(json!({ "secret": secret.expose() }), context)?,
            };
            by_secret.push((secret, intake));
        }
        let intakes = by_secret.iter().map(|(_, intake)| Arc::clone(intake)).collect();
        kept.by_id.insert(id.clone(), Intake { by_secret, used });
        if kept.by_id.len() > KEPT
            && let Some(oldest) = kept.by_id.iter().min_by_key(|(_, intake)| intake.used).map(|(id, _)| id.clone())
        {
            kept.by_id.remove(&oldest);
        }
        Ok(intakes)
    }
}

/// Deliveries that may be signed with any of several secrets: the new one and the old one, while one is being replaced.
#[derive(Debug)]
struct AnySecret {
    intakes: Vec<Arc<dyn WebhookIntake>>,
}

impl WebhookIntake for AnySecret {
    fn receive(&self, delivery: &WebhookDelivery) -> Result<Vec<ChangeEvent>> {
        let mut refused = None;
        for intake in &self.intakes {
            match intake.receive(delivery) {
                Err(error) if error.kind() == ErrorKind::Unauthenticated => refused = Some(error),
                outcome => return outcome,
            }
        }
        Err(refused.unwrap_or_else(|| Error::config("webhook_secrets", "there is none")))
    }
}
