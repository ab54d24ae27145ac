//! multipart/form-data, as far as uploads need it.

/// One part of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// Set for files.
    pub(crate) file_name: Option<String>,
    /// `application/octet-stream` when the part does not say.
    pub(crate) content_type: String,
    pub(crate) content: Vec<u8>,
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The value of `name="…"` in a header; a backslash stands before quotes and backslashes in it (RFC 7578 §4.2, RFC 2183 §2).
fn quoted(header: &str, name: &str) -> Option<String> {
    let start = header.find(&format!("{name}=\""))? + name.len() + 2;
    let mut out = String::new();
    let mut rest = header[start..].chars();
    loop {
        match rest.next()? {
            '"' => return Some(out),
            '\\' => match rest.next()? {
                escaped @ ('"' | '\\') => out.push(escaped),
                // Windows paths of old browsers.
                other => out.extend(['\\', other]),
            },
            c => out.push(c),
        }
    }
}

/// The parts of a body in order; `None` when it is malformed.
pub(crate) fn parse(content_type: &str, body: &[u8]) -> Option<Vec<Part>> {
    let boundary = content_type.split(';').find_map(|part| {
        let value = part.trim().strip_prefix("boundary=")?;
        Some(value.trim_matches('"').to_owned())
    })?;
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // The first delimiter has no line break before it.
    let mut rest = body.strip_prefix(&delimiter[2..])?;
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        rest = rest.strip_prefix(b"\r\n")?;
        let headers_end = find(rest, b"\r\n\r\n")?;
        let headers = String::from_utf8_lossy(&rest[..headers_end]).into_owned();
        rest = &rest[headers_end + 4..];
        let content_end = find(rest, &delimiter)?;
        let content = &rest[..content_end];
        rest = &rest[content_end + delimiter.len()..];
        let header = |wanted: &str| {
            headers.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case(wanted).then(|| value.trim())
            })
        };
        let disposition = header("content-disposition")?;
        parts.push(Part {
            name: quoted(disposition, " name").or_else(|| quoted(disposition, ";name"))?,
            file_name: quoted(disposition, "filename"),
            content_type: header("content-type").unwrap_or("application/octet-stream").to_owned(),
            content: content.to_vec(),
        });
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_in_order_with_their_line_breaks() {
        let body = b"--X\r\nContent-Disposition: form-data; name=\"table_name\"\r\n\r\nincident\r\n\
            --X\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"a.txt\"\r\n\
            Content-Type: text/plain\r\n\r\nhe\r\nllo\r\n--X--\r\n";
        let parts = parse("multipart/form-data; boundary=X", body).unwrap();
        let [field, file] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!((field.name.as_str(), field.content.as_slice()), ("table_name", b"incident".as_slice()));
        assert_eq!((file.file_name.as_deref(), file.content_type.as_str()), (Some("a.txt"), "text/plain"));
        assert_eq!(file.content, b"he\r\nllo");
        assert_eq!(quoted(r#"form-data; filename="a \"b\" C:\d.txt""#, "filename").unwrap(), r#"a "b" C:\d.txt"#);
        assert!(parse("multipart/form-data; boundary=Y", body).is_none());
        assert!(parse("text/plain", body).is_none());
    }
}
