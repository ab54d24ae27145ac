//! What may hold a secret shows itself by hand, or says here why it need not: a field that is named like a secret, is a text,
//! and belongs to a type that derives `Debug` or `Serialize`, is `Secret`, or is on the list.

use std::collections::BTreeSet;

use crate::{root, sources};

/// The crates whose types hold what belongs to customers. The sandbox is none of them: its passwords are the tests' own, everybody
/// knows them (docs/security.md), and its log of requests has a test of its own.
const CRATES: [&str; 9] = [
    "ticketing",
    "ticketing-core",
    "ticketing-http",
    "ticketing-store",
    "ticketing-cli",
    "provider-memory",
    "provider-servicenow",
    "provider-jira",
    "provider-zendesk",
];

/// Words in the name of what may be a secret.
const WORDS: [&str; 22] = [
    "password",
    "passphrase",
    "secret",
    "token",
    "code",
    "verifier",
    "key",
    "credential",
    "auth",
    "cookie",
    "signature",
    "state",
    "login",
    "sealed",
    "header",
    "query",
    "body",
    "refresh",
    "access",
    "bearer",
    "nonce",
    "config",
];

/// Types of what can hold a text. An address is looked at whatever its name is: its query may hold a state.
const TEXTS: [&str; 9] = ["String", "str", "Value", "Map", "Bytes", "u8", "HashMap", "BTreeMap", "Cow"];
const ADDRESSES: [&str; 3] = ["Url", "HeaderMap", "HeaderValue"];

const ADDRESS: &str = "a fixed address of the vendor's, without a query";
const ASKED_FOR: &str = "what `ticketing raw` was asked to show; the connection's cookies are taken out before";
const CODE: &str = "a vendor's code of an error";
const DIGEST: &str = "a digest";
const FIELD: &str = "the name of a field, or a ticket's state";
const KEY_OF_CONFIG: &str = "the name of a key of the configuration";
const KEY_OF_RECORD: &str = "what people call a record by, `HELP-2`";
const KEY_OF_WRITE: &str = "made by the caller so that a write is known again; it opens nothing";
const NAME_ALONE: &str = "a name, not the secret";
const NO_SECRET: &str = "a configuration that holds a secret is refused before it is kept";
const PAGE: &str = "where a page begins; it is given out as part of a cursor, and opens nothing without a credential";
const SEALED: &str = "what leaves is sealed; its `Debug` is written by hand";
const SORT: &str = "what a row is sorted by";
const TEXT: &str = "the text of a comment";
const TYPED: &str = "the path of a file, which the one who types it sees";
const UNDER_THE_SEAL: &str = "the form under the seal: it has JSON to be sealed, and no `Debug`";

/// `Type.field`, or `Type.field in JSON`, and why it may be shown.
const SHOWN: &[(&str, &str)] = &[
    ("Authorization.token_url", ADDRESS),
    ("Authorization.site_id_key", KEY_OF_CONFIG),
    ("Authorization.site_url_key", KEY_OF_CONFIG),
    ("CursorCodec.query", DIGEST),
    ("TicketFilter.keys", KEY_OF_RECORD),
    ("AddComment.idempotency_key", KEY_OF_WRITE),
    ("Keyed.key", KEY_OF_WRITE),
    ("OpenOrder.key", KEY_OF_WRITE),
    ("Connection.keys_in_use", KEY_OF_WRITE),
    ("CreateTicket.idempotency_key", KEY_OF_WRITE),
    ("UploadAttachment.idempotency_key", KEY_OF_WRITE),
    ("Ref.key", KEY_OF_RECORD),
    ("Account.key", KEY_OF_RECORD),
    ("Collection.key", KEY_OF_RECORD),
    ("Ticket.key", KEY_OF_RECORD),
    ("OAuthClient.token_url", ADDRESS),
    ("Pending.config in JSON", UNDER_THE_SEAL),
    ("Pending.client_secret in JSON", UNDER_THE_SEAL),
    ("Pending.verifier in JSON", UNDER_THE_SEAL),
    ("PendingTokens.access in JSON", UNDER_THE_SEAL),
    ("PendingTokens.refresh in JSON", UNDER_THE_SEAL),
    ("WireClient.secret in JSON", UNDER_THE_SEAL),
    ("WireCredential.auth in JSON", UNDER_THE_SEAL),
    ("WireCredential.access in JSON", UNDER_THE_SEAL),
    ("WireCredential.refresh in JSON", UNDER_THE_SEAL),
    ("WireCredential.password in JSON", UNDER_THE_SEAL),
    ("Content.config in JSON", UNDER_THE_SEAL),
    ("Content.credential in JSON", UNDER_THE_SEAL),
    ("Content.webhook_secrets in JSON", UNDER_THE_SEAL),
    ("Connection.config", NO_SECRET),
    ("Connection.credential", NAME_ALONE),
    ("Exported.nonce in JSON", SEALED),
    ("Exported.sealed in JSON", SEALED),
    ("Answer.headers in JSON", ASKED_FOR),
    ("Answer.body in JSON", ASKED_FOR),
    ("AdminKitCommand.secret_file", TYPED),
    ("Passphrase.passphrase_file", TYPED),
    ("Connect.client_secret_file", TYPED),
    ("Connect.password_file", TYPED),
    ("Comment.idempotency_key", KEY_OF_WRITE),
    ("Create.idempotency_key", KEY_OF_WRITE),
    ("Moved.key", KEY_OF_RECORD),
    ("FilterArgs.key", KEY_OF_RECORD),
    ("SortKey.SortKey", SORT),
    ("RowKey.RowKey", SORT),
    ("CoreFields.state", FIELD),
    ("CoreFields.close_code", FIELD),
    ("Goal.state", FIELD),
    ("MetaField.key", FIELD),
    ("FieldMeta.key", FIELD),
    ("From.Token", PAGE),
    ("Position.token", PAGE),
    ("Property.key", FIELD),
    ("Issue.key", KEY_OF_RECORD),
    ("Thing.key", KEY_OF_RECORD),
    ("Category.key", KEY_OF_RECORD),
    ("Project.key", KEY_OF_RECORD),
    ("Project.project_type_key", KEY_OF_RECORD),
    ("Person.key", KEY_OF_RECORD),
    ("TicketIds.key", KEY_OF_RECORD),
    ("Target.key", KEY_OF_RECORD),
    ("Resolved.keys", KEY_OF_RECORD),
    ("ZendeskError.code", CODE),
    ("CommentRow.body", TEXT),
    ("CommentRow.html_body", TEXT),
    ("CommentRow.plain_body", TEXT),
];

/// A field, or what stands in a variant or a tuple.
struct Field {
    name: String,
    of: String,
}

/// A text without comments, so that a brace in one ends nothing.
fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The text up to where the bracket that it begins with is closed.
fn inside(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' => depth += 1,
            '}' | ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[1.min(at)..at];
        }
    }
    text
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `name: Type` and `Variant(Type)` in a declaration's body.
fn fields(name: &str, body: &str) -> Vec<Field> {
    let mut found = Vec::new();
    for (at, c) in body.char_indices().filter(|(_, c)| matches!(c, ':' | '(')) {
        let (before, behind) = (body[..at].trim_end(), &body[at + 1..]);
        if before.ends_with(':') || behind.starts_with(':') {
            continue;
        }
        let word = before.rsplit(|c| !is_word(c)).next().unwrap_or_default();
        let mut depth = 0;
        let end = behind.find(|c: char| {
            match c {
                '<' | '(' | '[' => depth += 1,
                '>' | ')' | ']' => depth -= 1,
                _ => {}
            }
            depth < 0 || (depth == 0 && matches!(c, ',' | '\n' | '}'))
        });
        let of = behind[..end.unwrap_or(behind.len())].trim().to_owned();
        let is_variant = c == '(' && word.starts_with(char::is_uppercase);
        if c == ':' && word.starts_with(char::is_lowercase) || is_variant {
            found.push(Field { name: word.to_owned(), of });
        }
    }
    if found.is_empty() && !body.contains(':') {
        // A tuple goes by the name of its type.
        found.extend(body.split(',').map(|of| Field { name: name.to_owned(), of: of.trim().to_owned() }));
    }
    found
}

/// `refresh_token`, `RefreshToken` as words: `refresh`, `token`.
fn words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    for c in name.chars() {
        match c {
            '_' => spaced.push(' '),
            _ if c.is_uppercase() => spaced.extend([' ', c.to_ascii_lowercase()]),
            _ => spaced.push(c),
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn has_type(of: &str, types: &[&str]) -> bool {
    of.split(|c| !is_word(c)).any(|word| types.contains(&word))
}

fn may_be_secret(field: &Field) -> bool {
    let is_known = |word: &String| {
        WORDS.contains(&word.as_str()) || word.strip_suffix('s').is_some_and(|one| WORDS.contains(&one))
    };
    // Zeroized is not hidden: it shows itself like what is in it.
    if has_type(&field.of, &ADDRESSES) || has_type(&field.of, &["Zeroizing"]) {
        return true;
    }
    !has_type(&field.of, &["Secret"]) && has_type(&field.of, &TEXTS) && words(&field.name).iter().any(is_known)
}

/// The lines of a `request!` as fields: of `name / with_name: Type`, the name and the type.
fn declared(body: &str) -> String {
    let field = |line: &str| match line.split_once(" / with_") {
        Some((name, rest)) => format!("{name}: {}", rest.split_once(": ").map_or("", |(_, of)| of)),
        None => line.to_owned(),
    };
    body.lines().map(field).collect::<Vec<_>>().join("\n")
}

/// The fields of types that derive `Debug` or `Serialize` and may hold a secret, as `Type.field`; `Type.field in JSON` where it is
/// `Serialize` alone.
fn suspicious(text: &str) -> Vec<String> {
    let text = without_comments(text.split("#[cfg(test)]").next().unwrap_or_default());
    let mut found = Vec::new();
    for keyword in ["struct ", "enum ", "request! "] {
        for (at, _) in text.match_indices(keyword) {
            let line = text[..at].rfind('\n').map_or(0, |line| line + 1);
            if !matches!(text[line..at].trim(), "" | "pub" | "pub(crate)" | "pub(super)") {
                continue;
            }
            let is_request = keyword == "request! ";
            let rest = &text[at + keyword.len()..];
            // The attributes between what stands before it and it.
            let attributes = text[..line].rsplit(['}', ';']).next().unwrap_or_default();
            let derives = |name: &str| {
                let mut derived = attributes.split("derive(").skip(1).filter_map(|list| list.split(')').next());
                derived.any(|list| list.split(',').any(|one| one.trim() == name))
            };
            if !is_request && !derives("Debug") && !derives("Serialize") {
                continue;
            }
            let opens = rest.find(['{', '(', ';']).unwrap_or(rest.len());
            if rest[opens..].is_empty() || rest[opens..].starts_with(';') {
                continue;
            }
            let body = inside(&rest[opens..]);
            let (before, body) = if is_request { (body, declared(body)) } else { (rest, body.to_owned()) };
            let name: String = before.trim_start().chars().take_while(|c| is_word(*c)).collect();
            let place = if is_request || derives("Debug") { "" } else { " in JSON" };
            let fields = fields(&name, &body).into_iter().filter(may_be_secret);
            found.extend(fields.map(|field| format!("{name}.{}{place}", field.name)));
        }
    }
    found
}

#[test]
fn what_may_be_a_secret_is_shown_by_hand() {
    let (mut missing, mut unused) = (Vec::new(), SHOWN.iter().map(|(field, _)| *field).collect::<BTreeSet<_>>());
    for name in CRATES {
        for (path, text) in sources(&root().join(name).join("src")) {
            for field in suspicious(&text) {
                if !unused.remove(field.as_str()) && !SHOWN.iter().any(|(known, _)| *known == field) {
                    missing.push(format!("{}: {field}", path.strip_prefix(root()).unwrap().display()));
                }
            }
        }
    }
    assert!(
        missing.is_empty(),
        "make it a `Secret`, write `Debug` by hand, or say in {} why it may be shown:\n{}",
        file!(),
        missing.join("\n")
    );
    assert!(unused.is_empty(), "there is no such field any more: {unused:?}");
}

/// The scan itself sees what it should, or it proves nothing.
#[test]
fn the_scan_sees_every_form_of_declaration() {
    let found = |text: &str| suspicious(text);
    assert_eq!(
        found("#[derive(Debug, Clone)]\npub struct A {\n    /// Its password: a text.\n    pub password: String,\n}"),
        ["A.password"]
    );
    assert_eq!(
        found("#[derive(Serialize)]\nstruct A { access_tokens: Vec<String>, n: u8 }"),
        ["A.access_tokens in JSON"]
    );
    assert_eq!(
        found("#[derive(Debug)]\npub enum A {\n    B { code: Option<String> },\n    RefreshToken(String),\n    C,\n}"),
        ["A.code", "A.RefreshToken"]
    );
    assert_eq!(found("#[derive(Debug)]\npub struct ApiKey(pub(crate) String);"), ["ApiKey.ApiKey"]);
    assert_eq!(found("#[derive(Debug)]\nstruct A {\n    at: url::Url,\n    all: HeaderMap,\n}"), ["A.at", "A.all"]);
    assert_eq!(found("#[derive(Debug)]\nstruct A {\n    pair: Zeroizing<[u8; 32]>,\n}"), ["A.pair"]);
    assert_eq!(
        found(
            "request! {\n    /// Asks.\n    Ask {\n        id: TicketId,\n    } {\n        secret / with_secret: Option<String>,\n    }\n}"
        ),
        ["Ask.secret"]
    );
    for harmless in [
        "pub struct A {\n    pub password: String,\n}",
        "#[derive(Clone, Deserialize)]\npub struct A {\n    pub password: String,\n}",
        "#[derive(Debug)]\npub struct A {\n    pub password: Secret,\n    tokens: Vec<Secret>,\n}",
        "#[derive(Debug)]\npub struct A {\n    pub token_seconds: u64,\n    is_secret: bool,\n}",
        "#[derive(Debug)]\npub struct A;\n\npub struct B {\n    password: String,\n}",
        "request! {\n    Ask {} {\n        secret / with_secret: Option<Secret>,\n    }\n}",
    ] {
        assert_eq!(found(harmless), Vec::<String>::new(), "{harmless}");
    }
}
