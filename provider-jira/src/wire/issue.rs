//! Issues, with their fields unread until somebody asks: there are hundreds, and most are empty (wire A4.2).

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use ticketing_core::Result;

/// A value as it came.
pub(crate) type Raw<'a> = &'a RawValue;

/// A page of issues, in whichever form: [`Raw`] ones can be read one by one, so that one that cannot be is named.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IssuePage<I> {
    pub(crate) issues: Vec<I>,
    /// Cloud's: there is more. Missing at the end, and only there (wire A3.2).
    #[serde(default)]
    pub(crate) next_page_token: Option<String>,
    /// Cloud's; says the same as the token.
    #[serde(default)]
    pub(crate) is_last: Option<bool>,
    /// Data Center's: where this page begins.
    #[serde(default)]
    pub(crate) start_at: Option<u64>,
    /// Data Center's: how many there are.
    #[serde(default)]
    pub(crate) total: Option<u64>,
}

impl<I> IssuePage<I> {
    /// The page with each of its issues made into something else.
    pub(crate) fn made_into<T>(self, make: impl FnMut(I) -> Result<T>) -> Result<IssuePage<T>> {
        Ok(IssuePage {
            issues: self.issues.into_iter().map(make).collect::<Result<_>>()?,
            next_page_token: self.next_page_token,
            is_last: self.is_last,
            start_at: self.start_at,
            total: self.total,
        })
    }
}

/// An issue.
#[derive(Debug, Deserialize)]
pub(crate) struct Issue<'a> {
    #[serde(borrow, default)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) key: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) fields: Fields<'a>,
}

/// The fields of an issue, in the order they came.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a>(Vec<(Cow<'a, str>, Raw<'a>)>);

impl<'a> Fields<'a> {
    /// A field, `null` included; `None`: it is not in the answer.
    pub(crate) fn get(&self, id: &str) -> Option<Raw<'a>> {
        self.0.iter().find(|(name, _)| name == id).map(|(_, value)| *value)
    }

    /// A field that holds something.
    pub(crate) fn some(&self, id: &str) -> Option<Raw<'a>> {
        self.get(id).filter(|value| value.get() != "null")
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(32));
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, Raw<'de>>()? {
                    fields.push((name, value));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A value that stands for something: status, priority, resolution, type, project, option, component, version.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Thing {
    #[serde(default, deserialize_with = "super::some_text")]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) key: Option<String>,
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// An option's name.
    #[serde(default)]
    pub(crate) value: Option<String>,
    /// A status's.
    #[serde(default)]
    pub(crate) status_category: Option<Box<Thing>>,
    /// A cascading option's second half.
    #[serde(default)]
    pub(crate) child: Option<Box<Thing>>,
    /// A cascading option's second halves, where it is offered.
    #[serde(default, deserialize_with = "super::list")]
    pub(crate) children: Vec<Thing>,
    /// An option's: it remains on old issues.
    #[serde(default)]
    pub(crate) disabled: Option<bool>,
    /// A version's.
    #[serde(default)]
    pub(crate) archived: Option<bool>,
}

impl Thing {
    pub(crate) fn label(&self) -> Option<&str> {
        self.name.as_deref().or(self.value.as_deref())
    }
}
