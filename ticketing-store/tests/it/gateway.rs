//! A provider for these tests alone: a gateway behind which a customer has sites, whose refresh tokens rotate. Its facts are
//! those of Jira's 3LO (`wire/jira-zendesk.md` A2.2), and Jira's sandbox answers it.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use ticketing_core::model::{Group, Ref, RefType, Ticket, User};
use ticketing_core::request::{
    CreateTicket, GetGroup, GetTicket, GetUser, ListGroups, ListTickets, ListUsers, UpdateTicket,
};
use ticketing_core::{
    Authorization, BuildContext, Capabilities, Check, Error, Operation, Page, ProviderInfo, ProviderRegistration,
    Result, TicketingProvider,
};
use ticketing_http::{HttpClient, HttpContext, Request};

#[derive(Debug)]
struct Gateway {
    info: ProviderInfo,
    client: HttpClient,
    cloud_id: String,
}

pub(crate) const REGISTRATION: ProviderRegistration = ProviderRegistration {
    name: "gateway",
    aliases: &[],
    description: "Sites behind a gateway",
    config_schema: || schemars_of_nothing(),
    build: |config, context| Ok(Arc::new(Gateway::new(&config, context)?)),
    authorization: Some(authorization),
    webhook: None,
};

fn schemars_of_nothing() -> schemars::Schema {
    schemars::Schema::default()
}

fn text(config: &Value, key: &str) -> Result<String> {
    config[key].as_str().map(str::to_owned).ok_or_else(|| Error::config(key.to_owned(), "it is missing"))
}

fn authorization(config: &Value, context: &BuildContext) -> Result<Authorization> {
    let http = HttpContext::from_build(context)?;
    let address = http.policy().check("gateway", &text(config, "gateway")?, None)?;
    let at = |path: &str| address.join(path).map(|url| url.to_string());
    let mut authorization = Authorization::new(at("/authorize")?, at("/oauth/token")?);
    authorization.sites_url = Some(at("/oauth/token/accessible-resources")?);
    authorization.site_id_key = Some("cloud_id".to_owned());
    authorization.site_url_key = Some("site".to_owned());
    authorization.scopes =
        ["read:jira-work", "read:jira-user", "write:jira-work", "offline_access"].map(str::to_owned).to_vec();
    authorization.authorize_parameters =
        vec![("audience".to_owned(), "api.atlassian.com".to_owned()), ("prompt".to_owned(), "consent".to_owned())];
    authorization.json_token_request = true;
    authorization.is_vendors_own = true;
    authorization.rotates_refresh_token = true;
    Ok(authorization)
}

impl Gateway {
    fn new(config: &Value, context: &BuildContext) -> Result<Self> {
        let http = HttpContext::from_build(context)?;
        let address = http.policy().check("gateway", &text(config, "gateway")?, None)?;
        let credential = http.credential()?;
        let site = text(config, "site")?;
        let client = HttpClient::builder(address, http).with_authenticator(credential).build();
        Ok(Self { info: ProviderInfo::new("gateway", site), client, cloud_id: text(config, "cloud_id")? })
    }
}

#[async_trait]
impl TicketingProvider for Gateway {
    fn info(&self) -> &ProviderInfo {
        &self.info
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::required()
    }

    async fn check(&self) -> Result<Check> {
        let path = format!("/ex/jira/{}/rest/api/3/myself", self.cloud_id);
        let response = self.client.send(&Request::get(path)).await?;
        let me: Value = ticketing_http::decode(&response.body)?;
        Ok(Check::new(Some(Ref::new(RefType::User, text(&me, "accountId")?))))
    }

    async fn list_tickets(&self, _: ListTickets) -> Result<Page<Ticket>> {
        Err(Error::unsupported(Operation::ListTickets))
    }

    async fn get_ticket(&self, _: GetTicket) -> Result<Ticket> {
        Err(Error::unsupported(Operation::GetTicket))
    }

    async fn create_ticket(&self, _: CreateTicket) -> Result<Ticket> {
        Err(Error::unsupported(Operation::CreateTicket))
    }

    async fn update_ticket(&self, _: UpdateTicket) -> Result<Ticket> {
        Err(Error::unsupported(Operation::UpdateTicket))
    }

    async fn list_users(&self, _: ListUsers) -> Result<Page<User>> {
        Err(Error::unsupported(Operation::ListUsers))
    }

    async fn get_user(&self, _: GetUser) -> Result<User> {
        Err(Error::unsupported(Operation::GetUser))
    }

    async fn list_groups(&self, _: ListGroups) -> Result<Page<Group>> {
        Err(Error::unsupported(Operation::ListGroups))
    }

    async fn get_group(&self, _: GetGroup) -> Result<Group> {
        Err(Error::unsupported(Operation::GetGroup))
    }
}
