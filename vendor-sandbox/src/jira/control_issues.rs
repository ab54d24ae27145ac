//! What somebody else does to issues, past the API: no request is logged for it.

use chrono::{DateTime, TimeDelta, Utc};

use super::catalogue::{CANCELED, CLOSED, INCIDENT, OPEN, PRIORITIES, RESOLVED, STATUSES};
use super::control::{Control, account, issue};
use super::model::{Comment, Issue};
use super::rich_text::RichText;
use super::seed_company::DESK;
use super::settings::Flavour;
use crate::error::{Result, SandboxError};

/// A text as the flavour keeps it.
fn kept(text: &str, flavour: Flavour) -> RichText {
    let document = RichText::from_markdown(text);
    match flavour {
        Flavour::Cloud => document,
        Flavour::DataCenter => RichText::Wiki(document.to_wiki()),
    }
}

/// An issue as it truly is, whoever may read it and however far searches lag.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IssueState {
    /// Its id.
    pub id: String,
    /// Its summary.
    pub summary: String,
    /// True in a status of the category `done`.
    pub done: bool,
    /// When it was made, in whole milliseconds as the API shows it (wire A12).
    pub created: DateTime<Utc>,
    /// When it was last changed, in whole milliseconds.
    pub updated: DateTime<Utc>,
}

/// wire A12: the API knows whole milliseconds.
fn whole_millis(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::nanoseconds(i64::from(at.timestamp_subsec_nanos() % 1_000_000))
}

impl Control {
    /// The issues of a project, by id.
    pub fn issues(&self, project: &str) -> Vec<IssueState> {
        self.site().read(|world| {
            let project = world.project_at(project).map(|own| own.id);
            let own = world.issues().filter(|own| Some(own.project) == project);
            let shown = own.map(|own| IssueState {
                id: own.id.to_string(),
                summary: own.summary.clone(),
                done: matches!(own.status, RESOLVED | CLOSED | CANCELED),
                created: whole_millis(own.created),
                updated: whole_millis(own.updated),
            });
            shown.collect()
        })
    }

    /// What was said on an issue, without formatting; empty for an unknown issue.
    pub fn comment_texts(&self, id_or_key: &str) -> Vec<String> {
        self.site().read(|world| {
            let comments = world.issue_at(id_or_key).map(|own| own.comments.iter());
            comments.into_iter().flatten().map(|comment| comment.body.plain().trim().to_owned()).collect()
        })
    }

    /// Sets an issue's time stamps back: what a transaction that took long looks like. Searches that lag count from now.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown issue.
    pub fn predate_issue(&self, id_or_key: &str, seconds: u32) -> Result<()> {
        let at = self.now() - TimeDelta::seconds(seconds.into());
        self.site().write(|world| {
            let id = issue(world, id_or_key)?;
            world.predate(id, at);
            Ok(())
        })
    }

    /// Enters an incident at the service desk as a user; gives its id.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown user.
    pub fn create_issue(&self, summary: &str, user: &str) -> Result<String> {
        let now = self.now();
        self.site().write(|world| {
            let account = account(world, user)?;
            let id = world.new_id();
            let model = world.issues().next().cloned();
            let model = model.ok_or_else(|| SandboxError::invalid("issue", "there is none to copy".to_owned()))?;
            let Some(desk) = world.projects.iter_mut().find(|own| own.id == DESK) else {
                return Err(SandboxError::invalid("project", "there is no service desk".to_owned()));
            };
            let key = format!("{}-{}", desk.key, desk.next);
            desk.next += 1;
            let own = Issue {
                id,
                key,
                project: DESK,
                issue_type: INCIDENT,
                status: OPEN,
                summary: summary.to_owned(),
                reporter: Some(account.clone()),
                creator: Some(account),
                created: now,
                category_changed: now,
                ..emptied(&model, now)
            };
            world.add_issue(own, now);
            Ok(id.to_string())
        })
    }

    /// Changes an issue as a user.
    fn change_issue(&self, id_or_key: &str, user: &str, change: impl FnOnce(&mut Issue)) -> Result<()> {
        let now = self.now();
        self.site().write(|world| {
            let (account, id) = (account(world, user)?, issue(world, id_or_key)?);
            world.change(id, Some(&account), now, change);
            Ok(())
        })
    }

    /// Changes an issue's summary as a user.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown issue or user.
    pub fn set_summary(&self, id_or_key: &str, summary: &str, user: &str) -> Result<()> {
        self.change_issue(id_or_key, user, |issue| summary.clone_into(&mut issue.summary))
    }

    /// Puts an issue into a status, whatever its workflow says.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown issue, user or status.
    pub fn set_status(&self, id_or_key: &str, status: &str, user: &str) -> Result<String> {
        let found = STATUSES.iter().find(|own| own.name == status);
        let id = found.ok_or_else(|| SandboxError::invalid("status", format!("there is no {status:?}")))?.id;
        self.change_issue(id_or_key, user, |issue| issue.status = id)?;
        Ok(id.to_string())
    }

    /// Gives an issue a priority.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown issue, user or priority.
    pub fn set_priority(&self, id_or_key: &str, priority: &str, user: &str) -> Result<String> {
        let found = PRIORITIES.iter().find(|own| own.1 == priority);
        let id = found.ok_or_else(|| SandboxError::invalid("priority", format!("there is no {priority:?}")))?.0;
        self.change_issue(id_or_key, user, |issue| issue.priority = Some(id))?;
        Ok(id.to_string())
    }

    /// Empties everything on an issue that can be empty.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown issue or user.
    pub fn empty_issue(&self, id_or_key: &str, user: &str) -> Result<()> {
        let now = self.now();
        self.change_issue(id_or_key, user, |issue| *issue = emptied(issue, now))
    }

    /// Says something on an issue as a user, for everybody to read; gives the comment's id.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown issue or user.
    pub fn add_comment(&self, id_or_key: &str, text: &str, user: &str) -> Result<String> {
        let (now, flavour) = (self.now(), self.site().settings.flavour);
        self.site().write(|world| {
            let (account, id) = (account(world, user)?, issue(world, id_or_key)?);
            let own = Comment {
                id: world.new_id(),
                author: Some(account.clone()),
                update_author: Some(account.clone()),
                body: kept(text, flavour),
                created: now,
                updated: now,
                visibility: None,
                internal: false,
                properties: std::collections::BTreeMap::new(),
            };
            let comment = own.id.to_string();
            world.change(id, Some(&account), now, |issue| issue.comments.push(own));
            Ok(comment)
        })
    }

    /// Deletes an issue.
    ///
    /// # Errors
    /// [`SandboxError::Invalid`] for an unknown issue.
    pub fn delete_issue(&self, id_or_key: &str) -> Result<()> {
        let now = self.now();
        self.site().write(|world| {
            let id = issue(world, id_or_key)?;
            world.remove_issue(id, now);
            Ok(())
        })
    }
}

/// An issue without everything that it can do without.
fn emptied(own: &Issue, now: DateTime<Utc>) -> Issue {
    Issue {
        resolution: None,
        priority: None,
        description: None,
        environment: None,
        assignee: None,
        reporter: None,
        labels: Vec::new(),
        components: Vec::new(),
        fix_versions: Vec::new(),
        versions: Vec::new(),
        parent: None,
        due: None,
        updated: now,
        resolved: None,
        custom: std::collections::BTreeMap::new(),
        watchers: Vec::new(),
        comments: Vec::new(),
        attachments: Vec::new(),
        history: Vec::new(),
        properties: std::collections::BTreeMap::new(),
        request_type: None,
        hidden_from: Vec::new(),
        ..own.clone()
    }
}
