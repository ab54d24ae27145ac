//! The vendors: what differs between them, so that a target is written once.

use std::fmt::Debug;
use std::ops::Deref;

use axum::Router;
use serde_json::{Value, json};
use ticketing_core::ProviderRegistration;
use vendor_sandbox::jira::Flavour;
use vendor_sandbox::{Control, SandboxError, jira, servicenow, zendesk};

/// A vendor: its sandbox, and a connection to it.
pub trait Vendor: Debug + 'static {
    /// What kept inputs are filed under.
    const NAME: &'static str;
    /// What the paths of its API begin with.
    const API: &'static str;
    /// Its provider.
    const REGISTRATION: ProviderRegistration;
    /// The credential as a header carries it, or the beginning of that: in no error.
    const CREDENTIAL: &'static str;
    /// What moves its sandbox.
    type Control: Deref<Target = Control> + Debug;

    /// The standard company.
    ///
    /// # Errors
    /// None that a target could mend.
    fn sandbox() -> Result<(Router, Self::Control), SandboxError>;

    /// The configuration of its administrator's connection.
    fn config() -> Value;
}

/// An instance of ServiceNow, and its incidents.
#[derive(Debug)]
pub struct ServiceNow;

/// A site of Jira Cloud, and its service desk.
#[derive(Debug)]
pub struct JiraCloud;

/// A Jira Data Center, and its service desk.
#[derive(Debug)]
pub struct JiraDataCenter;

/// An account of Zendesk.
#[derive(Debug)]
pub struct Zendesk;

impl Vendor for ServiceNow {
    const NAME: &'static str = "servicenow";
    const API: &'static str = "/api/now/";
    const REGISTRATION: ProviderRegistration = provider_servicenow::REGISTRATION;
    const CREDENTIAL: &'static str = "YWRtaW46YWRtaW4";
    type Control = servicenow::Control;

    fn sandbox() -> Result<(Router, Self::Control), SandboxError> {
        let sandbox = servicenow::Sandbox::builder().seed(7).build()?;
        Ok((sandbox.router(), sandbox.control()))
    }

    fn config() -> Value {
        json!({
            "instance": "http://127.0.0.1:4010",
            "auth": {"type": "basic", "username": "admin", "password": "admin"},
            "tables": ["incident"],
        })
    }
}

fn jira(flavour: Flavour) -> Result<(Router, jira::Control), SandboxError> {
    let sandbox = jira::Sandbox::builder().seed(7).flavour(flavour).build()?;
    Ok((sandbox.router(), sandbox.control()))
}

fn jira_config() -> Value {
    json!({
        "instance": "http://127.0.0.1:4020",
        "auth": {"type": "basic", "username": "admin", "password": "admin"},
        "projects": ["HELP"],
        "mapping": {"fields": {"assigned_groups": "customfield_10030", "external_id": "External ID"}},
    })
}

impl Vendor for JiraCloud {
    const NAME: &'static str = "jira-cloud";
    const API: &'static str = "/rest/api/3/";
    const REGISTRATION: ProviderRegistration = provider_jira::REGISTRATION;
    const CREDENTIAL: &'static str = "YWRtaW46YWRtaW4";
    type Control = jira::Control;

    fn sandbox() -> Result<(Router, Self::Control), SandboxError> {
        jira(Flavour::Cloud)
    }

    fn config() -> Value {
        jira_config()
    }
}

impl Vendor for JiraDataCenter {
    const NAME: &'static str = "jira-data-center";
    const API: &'static str = "/rest/api/2/";
    const REGISTRATION: ProviderRegistration = provider_jira::REGISTRATION;
    const CREDENTIAL: &'static str = "YWRtaW46YWRtaW4";
    type Control = jira::Control;

    fn sandbox() -> Result<(Router, Self::Control), SandboxError> {
        jira(Flavour::DataCenter)
    }

    fn config() -> Value {
        jira_config()
    }
}

impl Vendor for Zendesk {
    const NAME: &'static str = "zendesk";
    const API: &'static str = "/api/v2/";
    const REGISTRATION: ProviderRegistration = provider_zendesk::REGISTRATION;
    const CREDENTIAL: &'static str = "aW50ZWdyYXRpb25AZXhhbXBsZS5jb20vdG9rZW46";
    type Control = zendesk::Control;

    fn sandbox() -> Result<(Router, Self::Control), SandboxError> {
        let sandbox = zendesk::Sandbox::builder().seed(7).build()?;
        Ok((sandbox.router(), sandbox.control()))
    }

    fn config() -> Value {
        json!({
            "instance": "http://127.0.0.1:4030",
            "auth": {"type": "api_token", "email": "integration@example.com", "token": "sandbox-token"},
        })
    }
}
