//! What went wrong in January 2026.

use chrono::{NaiveDate, TimeDelta};

use super::{Attachment, Change, ChangedField, Comment, HoldReason, Kind, Party, Priority, Status, Ticket, january};

fn person(key: &str) -> Option<Party> {
    Some(Party::Person(key.to_owned()))
}

fn contact(key: &str) -> Option<Party> {
    Some(Party::Contact(key.to_owned()))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn all(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn comment(author: &str, public: bool, day: u32, hour: u32, body: &str) -> Comment {
    Comment { author: author.to_owned(), body: body.to_owned(), public, created_at: january(day, hour, 0, 0) }
}

fn status_change(author: &str, day: u32, hour: u32, from: Status, to: Status) -> Change {
    Change { author: author.to_owned(), at: january(day, hour, 0, 0), field: ChangedField::Status(from, to) }
}

fn ended(code: &str, notes: &str) -> Option<(String, String)> {
    Some((code.to_owned(), notes.to_owned()))
}

/// An open incident of normal priority, entered at 09:00 of the day and changed an hour later.
fn ticket(key: &str, day: u32, title: &str, description: &str) -> Ticket {
    Ticket {
        key: key.to_owned(),
        kind: Kind::Incident,
        title: title.to_owned(),
        description: description.to_owned(),
        status: Status::Open,
        resolution: None,
        priority: Priority::Normal,
        requester: None,
        creator: "itil".to_owned(),
        assignee: None,
        group: None,
        account: None,
        parent: None,
        duplicate_of: None,
        tags: Vec::new(),
        watchers: Vec::new(),
        external_id: None,
        due: None,
        created_at: january(day, 9, 0, 0),
        updated_at: january(day, 10, 0, 0),
        resolved_at: None,
        closed_at: None,
        comments: Vec::new(),
        attachments: Vec::new(),
        history: Vec::new(),
    }
}

/// Fourteen tickets, oldest first.
pub(super) fn tickets() -> Vec<Ticket> {
    let mut tickets = first_week();
    tickets.extend(second_week());
    tickets.extend(third_week());
    tickets
}

fn first_week() -> Vec<Ticket> {
    vec![
        Ticket {
            status: Status::Closed,
            resolution: ended("Solution provided", "Replaced the toner.\nTested with a full page."),
            priority: Priority::Lowest,
            requester: person("alex.kim2"),
            assignee: some("lena.brandt"),
            group: some("helpdesk"),
            resolved_at: Some(january(5, 15, 0, 0)),
            closed_at: Some(january(8, 15, 0, 0)),
            updated_at: january(8, 15, 0, 0),
            comments: vec![
                comment("lena.brandt", true, 5, 14, "New toner is on its way."),
                comment("lena.brandt", false, 5, 15, "Last cartridge, please reorder."),
            ],
            history: vec![
                status_change("lena.brandt", 5, 14, Status::Open, Status::InProgress),
                status_change("lena.brandt", 5, 15, Status::InProgress, Status::Resolved),
                status_change("admin", 8, 15, Status::Resolved, Status::Closed),
            ],
            ..ticket(
                "toner",
                5,
                "Printer on floor 2 prints blank pages",
                "Every page comes out blank.\n\nSince this morning.",
            )
        },
        Ticket {
            kind: Kind::Problem,
            status: Status::InProgress,
            priority: Priority::High,
            requester: person("amara.okafor"),
            creator: "amara.okafor".to_owned(),
            assignee: some("alex.kim"),
            group: some("network"),
            tags: all(&["network"]),
            comments: vec![comment("alex.kim", false, 6, 10, "Lease table is full twice a day.")],
            ..ticket(
                "dhcp",
                6,
                "DHCP leases run out",
                "# Observation\n\n- pool of 200 addresses\n- 340 devices\n\n## Next\n\nFind who holds them.",
            )
        },
        Ticket {
            status: Status::Resolved,
            resolution: ended("Workaround provided", "Reconnect after 09:30."),
            priority: Priority::High,
            requester: contact("greta.holm"),
            assignee: some("amara.okafor"),
            group: some("network"),
            account: some("boreal"),
            tags: all(&["vpn", "network"]),
            watchers: all(&["itil", "alex.kim"]),
            external_id: some("ALERT-1001"),
            resolved_at: Some(january(7, 12, 0, 0)),
            updated_at: january(7, 12, 0, 0),
            comments: vec![
                comment("itil", true, 7, 10, "We can see the drops and are looking into them."),
                comment("amara.okafor", false, 7, 11, "Concentrator 2 is out of licences."),
                comment("amara.okafor", true, 7, 12, "Please reconnect after 09:30. Sorry for the trouble! 🙏"),
            ],
            attachments: vec![Attachment {
                file_name: "vpn.log".to_owned(),
                content_type: "text/plain".to_owned(),
                content: b"09:00:01 tunnel up\n09:04:59 tunnel down (no licence)\n".to_vec(),
                author: "itil".to_owned(),
                created_at: january(7, 10, 0, 30),
            }],
            history: vec![
                status_change("itil", 7, 10, Status::Open, Status::InProgress),
                Change {
                    author: "itil".to_owned(),
                    at: january(7, 10, 0, 0),
                    field: ChangedField::Assignee(None, some("amara.okafor")),
                },
                status_change("amara.okafor", 7, 12, Status::InProgress, Status::Resolved),
            ],
            ..ticket(
                "vpn",
                7,
                "VPN drops every five minutes",
                "Steps:\n\n1. connect\n2. wait five minutes\n\n> tunnel down (no licence)\n",
            )
        },
        Ticket {
            status: Status::Cancelled,
            priority: Priority::Low,
            requester: person("tomas.silva"),
            creator: "tomas.silva".to_owned(),
            group: some("helpdesk"),
            closed_at: Some(january(9, 9, 5, 0)),
            updated_at: january(9, 9, 5, 0),
            history: vec![status_change("tomas.silva", 9, 9, Status::Open, Status::Cancelled)],
            ..ticket("mistake", 9, "Opened by mistake", "Please ignore.")
        },
    ]
}

fn second_week() -> Vec<Ticket> {
    // Three of these were changed in the same second, by a nightly job.
    let night = january(13, 2, 0, 0);
    vec![
        Ticket {
            status: Status::OnHold(HoldReason::Requester),
            requester: contact("yui.tanaka"),
            assignee: some("itil"),
            group: some("helpdesk"),
            account: some("sakura"),
            updated_at: night,
            comments: vec![comment("itil", true, 12, 11, "どのブラウザをお使いですか？")],
            history: vec![status_change("itil", 12, 11, Status::Open, Status::OnHold(HoldReason::Requester))],
            ..ticket(
                "login-ja",
                12,
                "ポータルにログインできない 🔑",
                "パスワードを変更した後、\nログイン画面に戻ります。",
            )
        },
        Ticket {
            status: Status::OnHold(HoldReason::Vendor),
            priority: Priority::High,
            requester: person("alex.kim"),
            creator: "alex.kim".to_owned(),
            assignee: some("alex.kim"),
            group: some("network"),
            due: NaiveDate::from_ymd_opt(2026, 2, 10),
            tags: all(&["hardware"]),
            updated_at: night,
            ..ticket(
                "disk",
                12,
                "Disk 7 of the array reports errors",
                "```\nsmartctl: 14 reallocated sectors\n```\n\nReplacement ordered.",
            )
        },
        Ticket {
            requester: contact("olaf.meyer"),
            account: some("boreal"),
            updated_at: night,
            ..ticket(
                "arabic",
                12,
                "لا يمكن طباعة الفاتورة رقم 42",
                "تظهر رسالة خطأ عند الطباعة.\nInvoice 42, printer \"P-3\".",
            )
        },
        Ticket {
            status: Status::InProgress,
            priority: Priority::Urgent,
            requester: person("lena.brandt"),
            creator: "lena.brandt".to_owned(),
            // Left the company two days later and still has it.
            assignee: some("jo.former"),
            group: some("network"),
            watchers: all(&["lena.brandt"]),
            tags: all(&["outage", "network"]),
            external_id: some("ALERT-1002"),
            comments: vec![comment("jo.former", false, 13, 10, "Looking at the core switch.")],
            history: vec![Change {
                author: "lena.brandt".to_owned(),
                at: january(13, 10, 0, 0),
                field: ChangedField::Priority(Priority::Normal, Priority::Urgent),
            }],
            ..ticket("outage", 13, "No network in the whole building", "Nothing works since 08:55.")
        },
        Ticket {
            status: Status::Closed,
            resolution: ended("Duplicate", "See the outage."),
            priority: Priority::Urgent,
            requester: person("tomas.silva"),
            creator: "tomas.silva".to_owned(),
            assignee: some("itil"),
            group: some("helpdesk"),
            duplicate_of: some("outage"),
            resolved_at: Some(january(13, 10, 30, 0)),
            closed_at: Some(january(13, 10, 30, 0)),
            updated_at: january(13, 10, 30, 0),
            ..ticket("outage-again", 13, "Internet is down", "No wifi either.")
        },
    ]
}

fn third_week() -> Vec<Ticket> {
    vec![
        Ticket {
            status: Status::InProgress,
            requester: person("alex.kim2"),
            assignee: some("itil"),
            group: some("helpdesk"),
            updated_at: january(20, 9, 0, 0) + TimeDelta::minutes(30),
            ..ticket(
                "punctuation",
                20,
                "Search for \"a^b, c@d\" finds nothing: it's broken",
                "Typed `short^description`, then 'x,y' & <z> % + \\ / done.\n^OR^NQ are just text here.",
            )
        },
        Ticket {
            parent: some("move"),
            requester: person("lena.brandt"),
            group: some("helpdesk"),
            due: NaiveDate::from_ymd_opt(2026, 2, 2),
            priority: Priority::Low,
            ..ticket("move-phones", 21, "Move the phones to floor 3", "- 12 desk phones\n- 1 conference phone")
        },
        Ticket {
            kind: Kind::Change,
            status: Status::Open,
            requester: person("amara.okafor"),
            creator: "amara.okafor".to_owned(),
            assignee: some("amara.okafor"),
            group: some("network"),
            due: NaiveDate::from_ymd_opt(2026, 2, 14),
            ..ticket(
                "pool",
                22,
                "Enlarge the DHCP pool to /22",
                "Change window: Saturday night.\nRollback: restore the old scope.",
            )
        },
        Ticket {
            status: Status::InProgress,
            requester: person("lena.brandt"),
            assignee: some("tomas.silva"),
            group: some("helpdesk"),
            tags: all(&["move", "été 2026"]),
            watchers: all(&["itil", "lena.brandt", "amara.okafor"]),
            comments: vec![comment(
                "tomas.silva",
                true,
                22,
                10,
                "Line one\n\nLine three, with **bold** and a [link](https://example.com/?a=1&b=2).",
            )],
            updated_at: january(22, 10, 0, 0),
            ..ticket("move", 21, "Move reception to floor 3 🏢→🏬", "Everything that moves:\n\n* phones\n* screens\n")
        },
        Ticket {
            status: Status::Resolved,
            resolution: ended("Resolved by caller", "It was the cable."),
            priority: Priority::Low,
            requester: None,
            assignee: some("lena.brandt"),
            group: some("helpdesk"),
            resolved_at: Some(january(23, 11, 0, 0)),
            updated_at: january(23, 11, 0, 0),
            ..ticket("anonymous", 23, "Screen stays black", "Reported by phone, no name given.")
        },
    ]
}
