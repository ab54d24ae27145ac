//! Where an account cannot hold what the company says.

use conformance_tests::Deviation;

/// Document, record, key, and why.
type Row = (&'static str, &'static str, &'static str, &'static str);

const ZONE: &str = "every user has a time zone: wire/jira-zendesk.md §B7";

const ROWS: &[Row] = &[
    ("tickets", "toner", "priority", "four priorities, the least is `low`: wire/jira-zendesk.md §B4"),
    ("tickets", "*", "type", "problem, incident, question and task: wire/jira-zendesk.md §B4"),
    ("tickets", "*", "due", "tasks alone have a due date: wire/jira-zendesk.md §B3.2"),
    (
        "tickets",
        "move",
        "description",
        "what is typed is read as Markdown, and a list is one: wire/jira-zendesk.md §B3.3, §B11",
    ),
    ("tickets", "move", "tags", "a tag is one word in lower case: wire/jira-zendesk.md §C"),
    ("tickets", "anonymous", "requester", "every ticket has a requester: wire/jira-zendesk.md §B3.2"),
    ("tickets", "mistake", "resolved_at", "what is closed was solved: wire/jira-zendesk.md §B4"),
    ("attachments", "vpn/0", "created_at", "a file is as old as the comment it hangs on: wire/jira-zendesk.md §B3.4"),
    ("users", "admin", "time_zone", ZONE),
    ("users", "alex.kim2", "time_zone", ZONE),
    ("users", "jo.former", "time_zone", ZONE),
    ("users", "*", "title", "users have no job title: wire/jira-zendesk.md §B7"),
    ("users", "admin", "type", "an integration's user is a user: wire/jira-zendesk.md §B7"),
    ("groups", "*", "email", "groups have no address: wire/jira-zendesk.md §B7"),
    ("groups", "*", "manager", "groups have no manager: wire/jira-zendesk.md §B7"),
    ("groups", "*", "parent", "groups are not nested: wire/jira-zendesk.md §B7"),
];

pub(super) fn deviations() -> Vec<Deviation> {
    let row = |(documents, record, key, because): Row| Deviation { documents, record, key, because };
    ROWS.iter().copied().map(row).collect()
}
