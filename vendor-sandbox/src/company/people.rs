//! Who works at the company, in which teams, and for whom.

use super::{Account, Contact, Group, Person, january};

/// Ordered as they joined; `admin` is the program that integrations log in as.
pub(super) fn people() -> Vec<Person> {
    let person = |key: &str, name: &str, email: &str, title: &str, zone: Option<&str>, day| Person {
        key: key.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        title: Some(title.to_owned()),
        phone: None,
        time_zone: zone.map(str::to_owned),
        active: true,
        bot: false,
        created_at: january(1, 8, day, 0),
        updated_at: january(1, 8, day, 0),
    };
    let mut people = vec![
        Person {
            bot: true,
            ..person("admin", "Integration Service", "integration@example.com", "Service account", None, 0)
        },
        person("itil", "Ines Tilden", "ines.tilden@example.com", "Service Desk Analyst", Some("Europe/Lisbon"), 1),
        Person {
            phone: Some("+1 555 0100".to_owned()),
            ..person(
                "amara.okafor",
                "Amara Okafor",
                "amara.okafor@example.com",
                "Network Engineer",
                Some("America/New_York"),
                2,
            )
        },
        person("alex.kim", "Alex Kim", "alex.kim@example.com", "Database Administrator", Some("Asia/Seoul"), 3),
        // The same name as the person above, and no relation.
        person("alex.kim2", "Alex Kim", "alex.kim2@example.com", "Accountant", None, 4),
        // These two share one mailbox.
        person("lena.brandt", "Lena Brandt", "reception@example.com", "Receptionist", Some("Europe/Berlin"), 5),
        person("tomas.silva", "Tomás Silva", "reception@example.com", "Receptionist", Some("America/Sao_Paulo"), 6),
        person("jo.former", "Jo Former", "jo.former@example.com", "Network Engineer", None, 7),
    ];
    if let Some(former) = people.last_mut() {
        former.active = false;
        former.updated_at = january(15, 17, 0, 0);
    }
    people
}

/// A parent, two of its parts, and one that was dissolved.
pub(super) fn groups() -> Vec<Group> {
    let group = |key: &str, name: &str, description: &str, minute| Group {
        key: key.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        email: None,
        active: true,
        parent: None,
        lead: None,
        members: Vec::new(),
        created_at: january(1, 9, minute, 0),
        updated_at: january(1, 9, minute, 0),
    };
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    vec![
        Group {
            lead: Some("amara.okafor".to_owned()),
            members: keys(&["amara.okafor"]),
            ..group("it", "IT", "Everything with a plug", 0)
        },
        Group {
            email: Some("helpdesk@example.com".to_owned()),
            parent: Some("it".to_owned()),
            lead: Some("itil".to_owned()),
            members: keys(&["itil", "lena.brandt", "tomas.silva"]),
            ..group("helpdesk", "IT Help Desk", "First line", 1)
        },
        Group {
            parent: Some("it".to_owned()),
            lead: Some("amara.okafor".to_owned()),
            members: keys(&["amara.okafor", "alex.kim", "jo.former"]),
            ..group("network", "Network & Databases", "Second line", 2)
        },
        Group { active: false, updated_at: january(10, 12, 0, 0), ..group("fax", "Fax Support", "Dissolved", 3) },
    ]
}

/// Two customers.
pub(super) fn accounts() -> Vec<Account> {
    let account = |key: &str, name: &str, domain: &str, minute| Account {
        key: key.to_owned(),
        name: name.to_owned(),
        domain: domain.to_owned(),
        created_at: january(1, 10, minute, 0),
        updated_at: january(1, 10, minute, 0),
    };
    vec![
        account("boreal", "Boreal Freight GmbH", "boreal.example", 0),
        account("sakura", "さくら食品", "sakura.example", 1),
    ]
}

/// Two people at the first customer, one at the second.
pub(super) fn contacts() -> Vec<Contact> {
    let contact = |key: &str, name: &str, email: &str, account: &str, minute| Contact {
        key: key.to_owned(),
        name: name.to_owned(),
        email: email.to_owned(),
        phone: Some(format!("+49 555 02{minute:02}")),
        account: Some(account.to_owned()),
        active: true,
        created_at: january(1, 11, minute, 0),
        updated_at: january(1, 11, minute, 0),
    };
    vec![
        contact("greta.holm", "Greta Holm", "greta@boreal.example", "boreal", 0),
        contact("olaf.meyer", "Olaf Meyer", "olaf@boreal.example", "boreal", 1),
        contact("yui.tanaka", "田中 結衣", "yui@sakura.example", "sakura", 2),
    ]
}
