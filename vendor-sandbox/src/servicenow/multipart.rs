//! Just enough of multipart/form-data for `POST /api/now/attachment/upload` (wire §4.1).

use std::collections::HashMap;

/// A form whose last part is a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) fields: HashMap<String, String>,
    pub(crate) file_name: String,
    pub(crate) content_type: String,
    pub(crate) content: Vec<u8>,
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// The value of `name="…"` in a header.
fn quoted<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let start = header.find(&format!("{name}=\""))? + name.len() + 2;
    let rest = &header[start..];
    Some(&rest[..rest.find('"')?])
}

/// Parses a body; `None` when it is malformed, or its last part is not a file.
pub(crate) fn parse(content_type: &str, body: &[u8]) -> Option<Form> {
    let boundary = content_type.split(';').find_map(|part| {
        let value = part.trim().strip_prefix("boundary=")?;
        Some(value.trim_matches('"').to_owned())
    })?;
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // The first delimiter has no line break before it.
    let mut rest = body.strip_prefix(&delimiter[2..])?;
    let mut fields = HashMap::new();
    let mut file = None;
    while !rest.starts_with(b"--") {
        // D: the file has to come last.
        if file.is_some() {
            return None;
        }
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
        match quoted(disposition, "filename") {
            Some(name) => {
                let kind = header("content-type").unwrap_or("application/octet-stream");
                file = Some((name.to_owned(), kind.to_owned(), content.to_vec()));
            }
            None => {
                let name = quoted(disposition, "name")?;
                fields.insert(name.to_owned(), String::from_utf8_lossy(content).into_owned());
            }
        }
    }
    let (file_name, content_type, content) = file?;
    Some(Form { fields, file_name, content_type, content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_first_file_last() {
        let body = b"--X\r\nContent-Disposition: form-data; name=\"table_name\"\r\n\r\nincident\r\n\
            --X\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"a.txt\"\r\n\
            Content-Type: text/plain\r\n\r\nhe\r\nllo\r\n--X--\r\n";
        let form = parse("multipart/form-data; boundary=X", body).unwrap();
        assert_eq!(form.fields["table_name"], "incident");
        assert_eq!((form.file_name.as_str(), form.content_type.as_str()), ("a.txt", "text/plain"));
        assert_eq!(form.content, b"he\r\nllo");
        assert!(parse("multipart/form-data; boundary=Y", body).is_none());
        assert!(parse("text/plain", body).is_none());
    }
}
