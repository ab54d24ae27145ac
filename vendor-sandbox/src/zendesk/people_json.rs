//! Users, groups, memberships and organisations as JSON: wire B7.

use serde_json::{Value, json};

use super::call::{Call, time};
use super::model::{Group, Membership, Organization, Role, User};
use super::world::World;

/// The name that Zendesk gives a time zone; its own are those of Rails, of which these few are known here.
fn zone_name(iana: &str) -> &str {
    match iana {
        "Europe/Berlin" => "Berlin",
        "Europe/Lisbon" => "Lisbon",
        "America/New_York" => "Eastern Time (US & Canada)",
        "Asia/Seoul" => "Seoul",
        "America/Sao_Paulo" => "Brasilia",
        _ => "UTC",
    }
}

/// wire B7, S10: what an agent sees of somebody.
pub(crate) fn user(call: &Call<'_>, world: &World, user: &User) -> Value {
    let zone = user.zone.as_deref().unwrap_or("Etc/UTC");
    let organization = user.organization.or_else(|| world.organizations_of(user.id).first().copied());
    json!({
        "id": user.id,
        "url": call.url(&format!("users/{}", user.id)),
        "name": user.name,
        "email": user.email,
        "created_at": time(user.created),
        "updated_at": time(user.updated),
        "time_zone": zone_name(zone),
        "iana_time_zone": zone,
        "phone": user.phone,
        "shared_phone_number": user.phone.as_ref().map(|_| false),
        "photo": null,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": organization,
        "role": user.role.name(),
        "verified": true,
        "external_id": user.external_id,
        "tags": user.tags,
        "alias": null,
        "active": user.active,
        "shared": false,
        "shared_agent": false,
        "last_login_at": null,
        "two_factor_auth_enabled": false,
        "signature": null,
        "details": user.details,
        "notes": user.notes,
        "role_type": match user.role { Role::EndUser => Value::Null, Role::Agent => json!(0), Role::Admin => json!(4) },
        "custom_role_id": null,
        "moderator": user.role == Role::Admin,
        "ticket_restriction": if user.is_agent() { Value::Null } else { json!("requested") },
        "only_private_comments": user.light,
        "restricted_agent": false,
        "suspended": user.suspended,
        "default_group_id": world.groups_of(user.id).first(),
        "report_csv": user.role == Role::Admin,
        "user_fields": {},
    })
}

/// Who is asking when nobody is (wire B1.3; members as those of any user).
pub(crate) fn anonymous(call: &Call<'_>) -> Value {
    json!({
        "id": null,
        "url": call.url("users/"),
        "name": "Anonymous user",
        "email": "invalid@example.com",
        "created_at": null,
        "updated_at": null,
        "time_zone": "UTC",
        "iana_time_zone": "Etc/UTC",
        "phone": null,
        "shared_phone_number": null,
        "photo": null,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": null,
        "role": "end-user",
        "verified": false,
        "authenticity_token": null,
    })
}

pub(crate) fn group(call: &Call<'_>, group: &Group) -> Value {
    json!({
        "url": call.url(&format!("groups/{}", group.id)),
        "id": group.id,
        "is_public": true,
        "name": group.name,
        "description": group.description,
        "default": group.default,
        "deleted": group.deleted,
        "created_at": time(group.created),
        "updated_at": time(group.updated),
    })
}

pub(crate) fn membership(call: &Call<'_>, own: &Membership) -> Value {
    json!({
        "url": call.url(&format!("group_memberships/{}", own.id)),
        "id": own.id,
        "user_id": own.user,
        "group_id": own.of,
        "default": own.default,
        "created_at": time(own.created),
        "updated_at": time(own.created),
    })
}

pub(crate) fn organization_membership(call: &Call<'_>, world: &World, own: &Membership) -> Value {
    json!({
        "url": call.url(&format!("organization_memberships/{}", own.id)),
        "id": own.id,
        "user_id": own.user,
        "organization_id": own.of,
        "organization_name": world.organizations.get(&own.of).map(|own| own.name.as_str()),
        "default": own.default,
        "view_tickets": false,
        "created_at": time(own.created),
        "updated_at": time(own.created),
    })
}

/// Recorded (wire S12).
pub(crate) fn organization(call: &Call<'_>, own: &Organization) -> Value {
    json!({
        "url": call.url(&format!("organizations/{}", own.id)),
        "id": own.id,
        "name": own.name,
        "shared_tickets": own.shared_tickets,
        "shared_comments": own.shared_comments,
        "external_id": own.external_id,
        "created_at": time(own.created),
        "updated_at": time(own.updated),
        "domain_names": own.domains,
        "details": own.details,
        "notes": own.notes,
        "group_id": own.group,
        "tags": own.tags,
        "organization_fields": own.fields,
    })
}
