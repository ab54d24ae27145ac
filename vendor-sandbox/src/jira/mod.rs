//! A Jira site, Cloud or Data Center, with Service Management: `wire/jira-zendesk.md` part A says what
//! it does, and why.
//!
//! ```
//! # async fn example() -> Result<(), vendor_sandbox::SandboxError> {
//! use vendor_sandbox::jira::{Flavour, Sandbox};
//!
//! let sandbox = Sandbox::builder().flavour(Flavour::Cloud).seed(7).build()?;
//! let running = sandbox.serve(0).await?;
//! println!("curl -u admin:admin '{}/rest/api/3/search/jql?jql=project=HELP&fields=summary'", running.base_url());
//! sandbox.control().advance(60)?;
//! running.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Logins: `admin` with `admin`, an administrator, and `itil` with `itil`, an agent; as the user name,
//! the address (`integration@example.com`, `ines.tilden@example.com`) does as well. Personal access
//! tokens of a Data Center: `sandbox-pat`, `sandbox-itil-pat`. The OAuth client of a Cloud site is
//! `sandbox-client` with the secret `sandbox-secret`; consent is given at once, `?login=itil` at
//! `/authorize` chooses by whom. The vendor's other hosts answer on the same port: `/authorize` and
//! `/oauth/token` (auth.atlassian.com), `/oauth/token/accessible-resources` and `/ex/jira/{cloudId}/…`
//! (api.atlassian.com), and the media host of attachments as `localhost` where the API is `127.0.0.1`.
//!
//! `GET` and `PUT /_sandbox/settings` show and change how far searches lag, how long pages are and
//! which limits are enforced ([`SiteSettings`]).
//!
//! | emulated below `/rest/api/{2,3}` | |
//! |---|---|
//! | search | `search/jql`, `search/approximate-count`, `jql/parse`, `jql/match`, `jql/autocompletedata`; on Data Center `search` |
//! | issues | get, create, edit, delete, `bulk`, `bulkfetch`, assignee, `createmeta`, `editmeta`, transitions, comments, attachments, watchers, changelog, properties, `issueLink`, `remotelink` |
//! | around them | serverInfo, myself, mypermissions, fields, statuses, priorities, resolutions, issue types, link types, labels, projects, components, versions, users, groups |
//!
//! and below `/rest/servicedeskapi`: info, service desks, request types and their fields, queues,
//! customers, organisations, requests with comments, status, transitions and attachments. Everything
//! else is answered as an unknown path: worklogs, votes, remote links, webhooks, boards, bulk jobs,
//! the writing of projects and configuration among it.
//!
//! The company's tickets are issues of the service desk `HELP`; the project `IT`, whose key is a
//! reserved word of JQL, is empty. Teams are groups, and the group of a ticket is a group picker;
//! customers are organisations; a tag's blanks become underscores; a ticket within a ticket is a
//! sub-task, because Jira's parents are a level higher.

mod adf;
mod answer;
mod attachment_api;
mod builder;
mod call;
mod catalogue;
mod catalogue_api;
mod changelog_api;
mod comment_api;
mod control;
mod control_issues;
mod credentials;
mod edit;
mod faults;
mod history;
mod issue_api;
mod issue_json;
mod jql;
mod link_api;
mod load;
mod markdown;
mod meta_api;
mod model;
mod oauth;
mod paging;
mod people_api;
mod project_api;
mod rate_limit;
mod remote_link_api;
mod rich_text;
mod routes;
mod search_api;
mod seed_company;
mod service_desk;
mod settings;
mod show;
mod shown;
mod site;
mod transition_api;
mod wiki;
mod world;

pub use builder::{Sandbox, SandboxBuilder};
pub use control::Control;
pub use control_issues::IssueState;
pub use jql::{JqlCondition, JqlReading, JqlValue};
pub use settings::{Flavour, OtherSite, SiteSettings};
pub use world::Permission;
