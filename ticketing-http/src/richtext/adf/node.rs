//! ADF as it comes in: whatever parses as JSON is read, node by node, with the nesting bounded.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Nodes nest no deeper than this; what is below is read for its words only. Below the 128 levels of JSON that the parser
/// allows, at two for each node.
const DEEPEST: usize = 56;

/// The outermost node, its blocks still as they were sent.
#[derive(Debug, Deserialize)]
pub(super) struct Doc<'a> {
    #[serde(rename = "type", default, borrow)]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    pub(super) content: Vec<&'a RawValue>,
}

/// A node or a mark.
#[derive(Debug, Default)]
pub(super) struct Node<'a> {
    pub(super) kind: Cow<'a, str>,
    pub(super) text: Option<Cow<'a, str>>,
    pub(super) attrs: Option<&'a RawValue>,
    pub(super) marks: Vec<Node<'a>>,
    pub(super) content: Vec<Node<'a>>,
    /// Content that is nested too deeply to be read.
    pub(super) beyond: Option<&'a RawValue>,
    /// Whether some of it was not what a node is made of.
    pub(super) malformed: bool,
}

impl<'a> Node<'a> {
    /// A node from its JSON; what is not one is an empty node that says so.
    pub(super) fn parse(raw: &'a RawValue) -> Self {
        let mut parser = serde_json::Deserializer::from_str(raw.get());
        Seed(0).deserialize(&mut parser).unwrap_or_else(|_| Self {
            malformed: true,
            beyond: Some(raw),
            ..Self::default()
        })
    }

    /// Its attributes; an empty object if there are none, or none that can be read.
    pub(super) fn attributes(&self) -> Value {
        self.attrs.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    pub(super) fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }
}

/// Every value of a `text` member in a JSON, joined by blanks: the words of what is not read otherwise.
pub(super) fn words(json: &str) -> String {
    let mut out = String::new();
    let mut rest = json;
    while let Some(at) = rest.find("\"text\"") {
        rest = &rest[at + 6..];
        let Some(value) = rest.trim_start().strip_prefix(':').map(str::trim_start) else { continue };
        if let Some(Ok(text)) = serde_json::Deserializer::from_str(value).into_iter::<String>().next() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(&text);
        }
    }
    out
}

struct Seed(usize);

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What stands where a node should be, and is none.
macro_rules! not_a_node {
    ($($visit:ident: $from:ty),*) => {$(
        fn $visit<E>(self, _: $from) -> Result<Self::Value, E> {
            Ok(Node { malformed: true, ..Node::default() })
        }
    )*};
}

impl<'de> Visitor<'de> for Seed {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an ADF node")
    }

    not_a_node!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node { malformed: true, ..Node::default() })
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Node { malformed: true, text: Some(text.to_owned().into()), ..Node::default() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Node { malformed: true, ..Node::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut node = Node::default();
        while let Some(Text(key)) = map.next_key::<Text<'de>>()? {
            match key.as_ref().map(Cow::as_ref) {
                Some("type") => match map.next_value::<Text<'de>>()?.0 {
                    Some(kind) => node.kind = kind,
                    None => node.malformed = true,
                },
                Some("text") => match map.next_value::<Text<'de>>()?.0 {
                    Some(text) => node.text = Some(text),
                    None => node.malformed = true,
                },
                Some("attrs") => node.attrs = Some(map.next_value()?),
                Some("marks") => node.marks = map.next_value_seed(List(self.0 + 1, &mut node.malformed))?,
                Some("content") if self.0 >= DEEPEST => node.beyond = Some(map.next_value()?),
                Some("content") => node.content = map.next_value_seed(List(self.0 + 1, &mut node.malformed))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(node)
    }
}

/// A list of nodes; anything else is none, and said to be malformed.
struct List<'m>(usize, &'m mut bool);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Vec<Node<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Vec<Node<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of ADF nodes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = seq.next_element_seed(Seed(self.0))? {
            list.push(node);
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        // One node where a list should be.
        *self.1 = true;
        Ok(vec![Seed(self.0).visit_map(map)?])
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        *self.1 = true;
        Ok(Vec::new())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        *self.1 = true;
        Ok(Vec::new())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        *self.1 = true;
        Ok(Vec::new())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        *self.1 = true;
        Ok(Vec::new())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        *self.1 = true;
        Ok(vec![Node { kind: "text".into(), text: Some(text.to_owned().into()), ..Node::default() }])
    }
}

/// A string, borrowed where it has no escapes; a number as its digits; `None` for anything else.
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Text<'de>, E> {
                Ok(Text(None))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text<'de>, E> {
                Ok(Text(Some(number.to_string().into())))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Text<'de>, E> {
                Ok(Text(Some(number.to_string().into())))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Text<'de>, E> {
                Ok(Text(Some(number.to_string().into())))
            }
            fn visit_unit<E>(self) -> Result<Text<'de>, E> {
                Ok(Text(None))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Text<'de>, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text(None))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
