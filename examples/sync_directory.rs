//! Reads users, groups and memberships into a directory, as a product keeps it for its assignee picker, then picks.
//!
//! ```sh
//! cargo run -p ticketing-examples --example sync_directory
//! ```
#![expect(clippy::print_stdout, reason = "an example program says what it found")]

use std::collections::{BTreeMap, BTreeSet};

use futures::TryStreamExt;
use ticketing::model::{Group, User, UserType};
use ticketing::request::{AssignableTo, FindUsers, ListGroupMembers, ListGroups, ListUsers};
use ticketing::{GroupId, TicketingClient, UserId};
use ticketing_examples::{Connection, Result};

/// Who can work on tickets.
#[derive(Default)]
struct Directory {
    users: BTreeMap<UserId, User>,
    groups: BTreeMap<GroupId, Group>,
    members: BTreeMap<GroupId, BTreeSet<UserId>>,
}

impl Directory {
    /// Reads all of it. Only those who can still work come; `with_include_inactive` would bring the others.
    async fn read(client: &TicketingClient) -> Result<Self> {
        let mut directory = Self::default();
        let mut users = client.users(ListUsers::new());
        while let Some(user) = users.try_next().await? {
            directory.users.insert(user.id.clone(), user);
        }
        let mut groups = client.groups(ListGroups::new());
        while let Some(group) = groups.try_next().await? {
            let members: Vec<User> =
                client.group_members(ListGroupMembers::new(group.id.clone())).try_collect().await?;
            directory.members.insert(group.id.clone(), members.into_iter().map(|user| user.id).collect());
            directory.groups.insert(group.id.clone(), group);
        }
        Ok(directory)
    }

    /// The people whom a picker for this group offers, by name.
    fn pick(&self, group: &GroupId, typed: &str) -> Vec<&User> {
        let typed = typed.to_lowercase();
        let members = self.members.get(group).into_iter().flatten();
        let mut found: Vec<_> = members
            .filter_map(|id| self.users.get(id))
            .filter(|user| user.user_type != UserType::Bot && user.name.to_lowercase().contains(&typed))
            .collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let connection = Connection::open().await?;
    let client = &connection.client;

    let directory = Directory::read(client).await?;
    println!("{} users, {} groups", directory.users.len(), directory.groups.len());
    for group in directory.groups.values() {
        let names: Vec<_> = directory.pick(&group.id, "").iter().map(|user| user.name.as_str()).collect();
        println!("  {}: {}", group.name, if names.is_empty() { "nobody".to_owned() } else { names.join(", ") });
    }

    // A picker that keeps no directory asks as its user types; the answer says how old it is.
    if let Some(group) = directory.groups.values().find(|group| !directory.pick(&group.id, "").is_empty()) {
        let request = FindUsers::new().with_assignable_to(AssignableTo::Group(group.id.clone()));
        let page = client.find_users(request).await?;
        let asked: BTreeSet<_> = page.items.iter().map(|user| user.id.clone()).collect();
        let kept = &directory.members[&group.id];
        println!("{}: {} assignable when asked, {} in the directory", group.name, asked.len(), kept.len());
    }

    connection.close().await;
    Ok(())
}
