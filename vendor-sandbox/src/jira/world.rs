//! Everything on a site that changes, with earlier versions of issues for searches that lag.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::history;
use super::model::{ChangeSet, Group, Issue, Link, Organization, Project, RemoteLink, User};
use super::paging::Walks;
use crate::content::Content;

/// Earlier versions kept.
const PAST: usize = 20_000;

/// What a user may be forbidden, see [`super::Control::deny`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Permission {
    /// Editing issues: 403, and an empty `editmeta`.
    EditIssues,
    /// Transitions: the list is empty, and a move is refused (wire A4.5).
    TransitionIssues,
    /// Comments: 403 on writing.
    AddComments,
    /// Looking up users and groups: 403.
    BrowseUsers,
    /// Deleting issues: 403.
    DeleteIssues,
    /// Creating issues: 403.
    CreateIssues,
}

/// An issue as it was until `until`; `None` while it did not exist.
#[derive(Debug, Clone)]
struct Past {
    until: DateTime<Utc>,
    id: u64,
    before: Option<Arc<Issue>>,
}

/// A file uploaded for a request that will name it (wire A10).
#[derive(Debug, Clone)]
pub(crate) struct TemporaryFile {
    pub(crate) filename: String,
    pub(crate) mime_type: String,
    pub(crate) content: Content,
}

/// People, projects and issues of one site.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
    pub(crate) organizations: Vec<Organization>,
    pub(crate) projects: Vec<Project>,
    issues: BTreeMap<u64, Arc<Issue>>,
    /// Every key that an issue ever had, in upper case.
    keys: HashMap<String, u64>,
    past: VecDeque<Past>,
    /// Ids of the issues below an issue.
    children: HashMap<u64, Vec<u64>>,
    pub(crate) links: BTreeMap<u64, Link>,
    pub(crate) remote_links: BTreeMap<u64, RemoteLink>,
    pub(crate) temporary: HashMap<String, TemporaryFile>,
    pub(crate) denied: HashSet<(String, Permission)>,
    pub(crate) walks: Walks,
    ids: u64,
}

impl World {
    /// A number that nothing else has.
    pub(crate) fn new_id(&mut self) -> u64 {
        self.ids += 1;
        10_000 + self.ids
    }

    /// By account id, or by name on Data Center.
    pub(crate) fn user(&self, account_id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.account_id == account_id)
    }

    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name.eq_ignore_ascii_case(name))
    }

    /// By name, or by address; several people may share an address, the first one counts.
    pub(crate) fn login(&self, name: &str) -> Option<&User> {
        self.user_named(name).or_else(|| self.users.iter().find(|user| user.email.eq_ignore_ascii_case(name)))
    }

    pub(crate) fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }

    pub(crate) fn group_named(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn organization(&self, id: u64) -> Option<&Organization> {
        self.organizations.iter().find(|own| own.id == id)
    }

    pub(crate) fn project(&self, id: u64) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == id)
    }

    /// By id or key.
    pub(crate) fn project_at(&self, id_or_key: &str) -> Option<&Project> {
        self.projects
            .iter()
            .find(|project| project.key.eq_ignore_ascii_case(id_or_key) || project.id.to_string() == id_or_key)
    }

    pub(crate) fn issue(&self, id: u64) -> Option<&Arc<Issue>> {
        self.issues.get(&id)
    }

    /// By id or by any key it ever had, in any case (wire A4.1).
    pub(crate) fn issue_at(&self, id_or_key: &str) -> Option<&Arc<Issue>> {
        let by_id = id_or_key.parse().ok().and_then(|id: u64| self.issues.get(&id));
        by_id.or_else(|| self.issues.get(self.keys.get(&id_or_key.to_ascii_uppercase())?))
    }

    pub(crate) fn issues(&self) -> impl Iterator<Item = &Arc<Issue>> {
        self.issues.values()
    }

    pub(crate) fn issue_count(&self) -> usize {
        self.issues.len()
    }

    pub(crate) fn subtasks(&self, id: u64) -> impl Iterator<Item = &Arc<Issue>> {
        self.children.get(&id).into_iter().flatten().filter_map(|child| self.issues.get(child))
    }

    /// Keeps track of who is below whom.
    fn rehang(&mut self, id: u64, before: Option<u64>, after: Option<u64>) {
        if before == after {
            return;
        }
        if let Some(children) = before.and_then(|parent| self.children.get_mut(&parent)) {
            children.retain(|child| *child != id);
        }
        if let Some(parent) = after {
            self.children.entry(parent).or_default().push(id);
        }
    }

    /// The issues as a search sees them at a moment: the writes since are missing, except on the
    /// issues to be reconciled (wire A3.4).
    pub(crate) fn view(&self, moment: DateTime<Utc>, reconciled: &[u64]) -> View<'_> {
        let mut overlay: HashMap<u64, Option<&Arc<Issue>>> = HashMap::new();
        for past in self.past.iter().filter(|past| past.until > moment && !reconciled.contains(&past.id)) {
            overlay.entry(past.id).or_insert(past.before.as_ref());
        }
        View { issues: &self.issues, overlay }
    }

    fn remember(&mut self, id: u64, before: Option<Arc<Issue>>, until: DateTime<Utc>) {
        if self.past.len() == PAST {
            self.past.pop_front();
        }
        self.past.push_back(Past { until, id, before });
    }

    /// Adds an issue that exists from the start: searches never lag behind it.
    pub(crate) fn seed_issue(&mut self, issue: Issue) {
        self.keys.insert(issue.key.clone(), issue.id);
        self.rehang(issue.id, None, issue.parent);
        self.issues.insert(issue.id, Arc::new(issue));
    }

    /// Adds a new issue.
    pub(crate) fn add_issue(&mut self, issue: Issue, now: DateTime<Utc>) {
        self.remember(issue.id, None, now);
        self.seed_issue(issue);
    }

    /// Changes an issue, notes in its changelog what is different, and stamps it.
    pub(crate) fn change(
        &mut self,
        id: u64,
        author: Option<&str>,
        now: DateTime<Utc>,
        change: impl FnOnce(&mut Issue),
    ) {
        let Some(before) = self.issues.get(&id).cloned() else { return };
        let mut after = Issue::clone(&before);
        change(&mut after);
        let items = history::difference(self, &before, &after);
        after.updated = now;
        self.note(&mut after, author, now, items);
        self.rehang(id, before.parent, after.parent);
        if after.key != before.key {
            self.keys.insert(after.key.clone(), id);
        }
        self.remember(id, Some(before), now);
        self.issues.insert(id, Arc::new(after));
    }

    /// Says of a new issue that it was made at a moment that has passed.
    pub(crate) fn predate(&mut self, id: u64, at: DateTime<Utc>) {
        if let Some(issue) = self.issues.get_mut(&id) {
            let issue = Arc::make_mut(issue);
            (issue.created, issue.updated, issue.category_changed) = (at, at, at);
        }
    }

    /// Adds an entry to the changelog, unless nothing is in it.
    pub(crate) fn note(
        &mut self,
        issue: &mut Issue,
        author: Option<&str>,
        at: DateTime<Utc>,
        items: Vec<super::model::ChangeItem>,
    ) {
        if !items.is_empty() {
            let id = self.new_id();
            issue.history.push(ChangeSet { id, author: author.map(str::to_owned), at, items });
        }
    }

    /// Removes an issue with its links; its keys stay taken.
    pub(crate) fn remove_issue(&mut self, id: u64, now: DateTime<Utc>) {
        if let Some(before) = self.issues.remove(&id) {
            self.rehang(id, before.parent, None);
            self.remember(id, Some(before), now);
        }
        self.links.retain(|_, link| link.inward != id && link.outward != id);
        self.remote_links.retain(|_, link| link.issue != id);
    }

    pub(crate) fn is_denied(&self, account_id: &str, permission: Permission) -> bool {
        self.denied.contains(&(account_id.to_owned(), permission))
    }
}

/// Issues as the search index has them.
#[derive(Debug)]
pub(crate) struct View<'w> {
    issues: &'w BTreeMap<u64, Arc<Issue>>,
    overlay: HashMap<u64, Option<&'w Arc<Issue>>>,
}

impl<'w> View<'w> {
    pub(crate) fn get(&self, id: u64) -> Option<&'w Arc<Issue>> {
        match self.overlay.get(&id) {
            Some(past) => *past,
            None => self.issues.get(&id),
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &'w Arc<Issue>> + '_ {
        let untouched = self.issues.values().filter(|issue| !self.overlay.contains_key(&issue.id));
        untouched.chain(self.overlay.values().copied().flatten())
    }
}
