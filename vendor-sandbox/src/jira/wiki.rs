//! Wiki markup, as far as the site turns it into ADF and back (wire A6).

use serde_json::{Value, json};

use super::adf::{children, code_block, document, heading, inline_text, list, paragraph, quote, text_with};

/// What v2 shows of a text that is ADF.
pub(crate) fn from_adf(value: &Value) -> String {
    let blocks: Vec<String> = children(value).iter().map(|block| show_block(block, "")).collect();
    blocks.join("\n\n")
}

fn show_block(value: &Value, bullets: &str) -> String {
    let inline = || children(value).iter().map(show_inline).collect::<String>();
    let inner = || children(value).iter().map(|block| show_block(block, bullets)).collect::<Vec<_>>().join("\n");
    match value["type"].as_str().unwrap_or_default() {
        "heading" => format!("h{}. {}", value["attrs"]["level"], inline()),
        "codeBlock" => {
            let text: String = children(value).iter().map(inline_text).collect();
            match value["attrs"]["language"].as_str() {
                Some(language) => format!("{{code:{language}}}\n{text}\n{{code}}"),
                None => format!("{{code}}\n{text}\n{{code}}"),
            }
        }
        "blockquote" => format!("{{quote}}\n{}\n{{quote}}", inner()),
        "panel" => format!("{{panel}}\n{}\n{{panel}}", inner()),
        "rule" => "----".to_owned(),
        "bulletList" => items(value, &format!("{bullets}*")),
        "orderedList" => items(value, &format!("{bullets}#")),
        "taskList" => items(value, &format!("{bullets}*")),
        "table" => children(value).iter().map(row).collect::<Vec<_>>().join("\n"),
        "paragraph" | "taskItem" => inline(),
        _ => inner(),
    }
}

fn items(value: &Value, bullets: &str) -> String {
    let mut lines = Vec::new();
    for item in children(value) {
        if item["type"] != "listItem" {
            lines.push(format!("{bullets} {}", children(item).iter().map(show_inline).collect::<String>()));
            continue;
        }
        for (at, block) in children(item).iter().enumerate() {
            let text = show_block(block, bullets);
            lines.push(if at == 0 { format!("{bullets} {text}") } else { text });
        }
    }
    lines.join("\n")
}

fn row(value: &Value) -> String {
    let mut out = String::new();
    let mut last = "|";
    for cell in children(value) {
        last = if cell["type"] == "tableHeader" { "||" } else { "|" };
        let text = children(cell).iter().map(|block| show_block(block, "")).collect::<Vec<_>>().join("\\\\");
        out.push_str(last);
        out.push_str(&text);
    }
    out + last
}

fn show_inline(value: &Value) -> String {
    let text = inline_text(value);
    if value["type"] == "mention" {
        return format!("[~accountid:{}]", value["attrs"]["id"].as_str().unwrap_or_default());
    }
    value["marks"].as_array().into_iter().flatten().fold(text, |text, mark| match mark["type"].as_str() {
        Some("strong") => format!("*{text}*"),
        Some("em") => format!("_{text}_"),
        Some("strike") => format!("-{text}-"),
        Some("underline") => format!("+{text}+"),
        Some("code") => format!("{{{{{text}}}}}"),
        Some("link") => format!("[{text}|{}]", mark["attrs"]["href"].as_str().unwrap_or_default()),
        _ => text,
    })
}

/// What v3 shows of a text that is wiki markup.
pub(crate) fn to_adf(text: &str) -> Value {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<&str> = text.lines().collect();
    let mut blocks = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at].trim_end();
        if line.trim().is_empty() {
            at += 1;
        } else if let Some((name, language)) = fence(line) {
            let close = format!("{{{name}}}");
            let end = lines[at + 1..].iter().position(|line| line.trim() == close).unwrap_or(lines.len() - at - 1);
            let inner = lines[at + 1..at + 1 + end].join("\n");
            blocks.push(match name {
                "quote" => quote(vec![paragraph(lines_of(&inner))]),
                _ => code_block(&inner, language),
            });
            at += end + 2;
        } else if let Some((level, title)) = heading_line(line) {
            blocks.push(heading(level, inline(title)));
            at += 1;
        } else if let Some(quoted) = line.strip_prefix("bq. ") {
            blocks.push(quote(vec![paragraph(inline(quoted))]));
            at += 1;
        } else if line.trim() == "----" {
            blocks.push(json!({ "type": "rule" }));
            at += 1;
        } else if let Some(kind) = bullet(line) {
            let count = lines[at..].iter().take_while(|line| bullet(line) == Some(kind)).count();
            let items = lines[at..at + count].iter().map(|line| vec![paragraph(inline(line[2..].trim()))]).collect();
            blocks.push(list(if kind == b'#' { "orderedList" } else { "bulletList" }, items));
            at += count;
        } else {
            let plain = |line: &&&str| {
                !line.trim().is_empty()
                    && fence(line).is_none()
                    && heading_line(line).is_none()
                    && bullet(line).is_none()
            };
            let count = lines[at..].iter().take_while(plain).count().max(1);
            blocks.push(paragraph(lines_of(&lines[at..at + count].join("\n"))));
            at += count;
        }
    }
    document(blocks)
}

fn fence(line: &str) -> Option<(&'static str, Option<&str>)> {
    let inner = line.trim().strip_prefix('{')?.strip_suffix('}')?;
    let (name, language) = match inner.split_once(':') {
        Some((name, language)) => (name, Some(language)),
        None => (inner, None),
    };
    let name = ["code", "noformat", "quote"].into_iter().find(|own| *own == name)?;
    Some((name, language))
}

fn heading_line(line: &str) -> Option<(u64, &str)> {
    let rest = line.strip_prefix('h')?;
    let level = rest.chars().next()?.to_digit(10).filter(|level| (1..=6).contains(level))?;
    Some((level.into(), rest[1..].strip_prefix(". ")?))
}

fn bullet(line: &str) -> Option<u8> {
    let kind = *line.as_bytes().first()?;
    (matches!(kind, b'*' | b'#' | b'-') && line.as_bytes().get(1) == Some(&b' ')).then_some(kind)
}

fn lines_of(text: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for line in text.lines() {
        if !all.is_empty() {
            all.push(json!({ "type": "hardBreak" }));
        }
        all.extend(inline(line));
    }
    all
}

/// `*strong*`, `_em_`, `{{mono}}` and `[text|address]` at the edges of words; the rest is text.
fn inline(text: &str) -> Vec<Value> {
    let mut nodes = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    let mut word = false;
    while let Some(character) = rest.chars().next() {
        let found = if word { None } else { marked(rest) };
        if let Some((node, length)) = found {
            if !plain.is_empty() {
                nodes.push(text_with(&std::mem::take(&mut plain), &[]));
            }
            nodes.push(node);
            rest = &rest[length..];
            word = true;
            continue;
        }
        plain.push(character);
        word = character.is_alphanumeric();
        rest = &rest[character.len_utf8()..];
    }
    if !plain.is_empty() {
        nodes.push(text_with(&plain, &[]));
    }
    nodes
}

fn marked(text: &str) -> Option<(Value, usize)> {
    if let Some(inner) = text.strip_prefix("{{") {
        let end = inner.find("}}").filter(|end| *end > 0)?;
        return Some((text_with(&inner[..end], &[json!({ "type": "code" })]), end + 4));
    }
    if let Some(inner) = text.strip_prefix('[') {
        let end = inner.find(']')?;
        if let Some(account) = inner[..end].strip_prefix("~accountid:") {
            return Some((json!({ "type": "mention", "attrs": { "id": account } }), end + 2));
        }
        let (label, target) = inner[..end].split_once('|').unwrap_or((&inner[..end], &inner[..end]));
        let is_address = target.contains("://") || target.starts_with("mailto:");
        if label.is_empty() || !is_address {
            return None;
        }
        return Some((text_with(label, &[json!({ "type": "link", "attrs": { "href": target } })]), end + 2));
    }
    for (sign, mark) in [('*', "strong"), ('_', "em"), ('-', "strike"), ('+', "underline")] {
        let Some(inner) = text.strip_prefix(sign) else { continue };
        let end = inner.find(sign)?;
        let words = &inner[..end];
        let after = inner[end + 1..].chars().next();
        let at_edges = !words.is_empty()
            && !words.starts_with(char::is_whitespace)
            && !words.ends_with(char::is_whitespace)
            && !after.is_some_and(char::is_alphanumeric);
        return at_edges.then(|| (text_with(words, &[json!({ "type": mark })]), end + 2));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jira::adf;

    #[test]
    fn what_goes_out_comes_back() {
        let text = "h2. Title\n\nSome *bold* and _slanted_ text, see [here|https://example.com/?a=1].\n\n* one\n* two\n\n\
                    {code:rust}\nlet x = 1;\n{code}\n\n{quote}\nsaid\n{quote}\n\n----";
        let document = to_adf(text);
        assert!(adf::is_valid(&document), "{document}");
        assert_eq!(from_adf(&document), text);
    }

    #[test]
    fn snake_case_and_products_are_text() {
        let document = to_adf("use snake_case_names and 2*3*4");
        assert_eq!(document["content"][0]["content"].as_array().map(Vec::len), Some(1));
    }
}
