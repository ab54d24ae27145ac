//! `{"tickets": […], "meta": {…}}`: lists by the name of what they hold, and single records (§B2).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use ticketing_core::{Delivery, Error, ErrorKind, Result, remedy};
use ticketing_http::{decode, decode_error};

/// Where a page of a cursor listing ended. `links.next` and the cursor are there behind the last page too (§B2): only
/// `has_more` says whether there is more.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Meta {
    #[serde(default)]
    has_more: bool,
    after_cursor: Option<String>,
}

impl Meta {
    /// The cursor of the next page; `None`: there is none.
    ///
    /// # Errors
    /// `Integrity` where there is more, and nothing says where.
    pub(crate) fn next(meta: Option<&Self>) -> Result<Option<String>> {
        let Some(meta) = meta else { return Ok(None) };
        let has_more = meta.has_more || (remedy::is_removed("zendesk.has_more") && meta.after_cursor.is_some());
        match (&meta.after_cursor, has_more) {
            (_, false) => Ok(None),
            (Some(cursor), true) if !cursor.is_empty() => Ok(Some(cursor.clone())),
            _ => Err(Error::new(ErrorKind::Integrity, "there is another page, and the answer does not say where")
                .with_delivery(Delivery::Answered)
                .with_retry_after(std::time::Duration::ZERO)),
        }
    }
}

/// A page of any list.
#[derive(Debug)]
pub(crate) struct Paged<T> {
    /// The records, each with the vendor's own JSON.
    pub(crate) items: Vec<(T, Value)>,
    /// The cursor of the next page.
    pub(crate) next: Option<String>,
    /// What else the answer holds.
    pub(crate) rest: Map<String, Value>,
}

/// A record that is none is an error that names it by its place and id.
fn record<T: DeserializeOwned>(key: &str, nth: usize, value: &Value) -> Result<T> {
    T::deserialize(value).map_err(|error| {
        let id = value.get("id").map_or_else(|| "without an id".to_owned(), |id| format!("`{id}`"));
        let what = if error.is_data() { "it has another shape than documented" } else { "it cannot be read" };
        Error::new(ErrorKind::Decode, format!("the record {id} at `{key}[{nth}]` cannot be understood: {what}"))
            .with_code("row")
            .with_delivery(Delivery::Answered)
    })
}

/// The records under `key`.
///
/// # Errors
/// `Decode` where the answer is no such list, naming the record that cannot be understood.
pub(crate) fn rows<T: DeserializeOwned>(body: &[u8], key: &str) -> Result<Paged<T>> {
    let mut map: Map<String, Value> = decode(body)?;
    let Some(Value::Array(list)) = map.remove(key) else {
        return Err(Error::new(ErrorKind::Decode, format!("the answer holds no list `{key}`"))
            .with_delivery(Delivery::Answered));
    };
    // One that cannot be understood is no end.
    let meta: Option<Meta> = match map.get("meta") {
        None => None,
        Some(meta) => Option::deserialize(meta).map_err(|error| decode_error("meta", error))?,
    };
    let mut items = Vec::with_capacity(list.len());
    for (nth, value) in list.into_iter().enumerate() {
        items.push((record(key, nth, &value)?, value));
    }
    Ok(Paged { items, next: Meta::next(meta.as_ref())?, rest: map })
}

/// The one record under `key`, and the vendor's own JSON.
///
/// # Errors
/// `Decode` where there is none.
pub(crate) fn one<T: DeserializeOwned>(body: &[u8], key: &str) -> Result<(T, Value)> {
    let mut map: Map<String, Value> = decode(body)?;
    match map.remove(key) {
        Some(value @ Value::Object(_)) => Ok((record(key, 0, &value)?, value)),
        _ => {
            Err(Error::new(ErrorKind::Decode, format!("the answer holds no `{key}`")).with_delivery(Delivery::Answered))
        }
    }
}

/// The records under `key` as they are, for those who asked for the vendor's own JSON.
pub(crate) fn raw_rows(body: &[u8], key: &str) -> Vec<Value> {
    match decode::<Map<String, Value>>(body).ok().and_then(|mut map| map.remove(key)) {
        Some(Value::Array(rows)) => rows,
        Some(row) => vec![row],
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Row {
        id: i64,
    }

    #[test]
    fn has_more_alone_says_whether_there_is_more() {
        let page = |meta: &str| rows::<Row>(format!(r#"{{"rows":[{{"id":1}}],"meta":{meta}}}"#).as_bytes(), "rows");
        // wire §B2: recorded, cursor and link are there behind the last page.
        assert_eq!(page(r#"{"has_more":false,"after_cursor":"xyz"}"#).unwrap().next, None);
        assert_eq!(page(r#"{"has_more":true,"after_cursor":"xyz"}"#).unwrap().next.as_deref(), Some("xyz"));
        assert_eq!(page(r#"{"has_more":true,"after_cursor":null}"#).unwrap_err().kind(), ErrorKind::Integrity);
        assert_eq!(page("null").unwrap().items[0].0.id, 1);
        for odd in [r#"{"has_more":"yes"}"#, "7", "\"more\""] {
            assert_eq!(page(odd).unwrap_err().kind(), ErrorKind::Decode, "{odd} is no end");
        }
    }

    #[test]
    fn a_broken_record_is_named() {
        let error = rows::<Row>(br#"{"rows":[{"id":1},{"id":"seven"}]}"#, "rows").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.message().contains("rows[1]") && error.message().contains("seven"), "{error}");
        assert_eq!(rows::<Row>(br#"{"tickets":[]}"#, "rows").unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(one::<Row>(br#"{"row":null}"#, "row").unwrap_err().kind(), ErrorKind::Decode);
    }
}
