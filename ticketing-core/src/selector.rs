//! Naming people, places and values the way people do; the provider resolves them.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::id::{AccountId, CollectionId, ContactId, GroupId, UserId};
use crate::model::{PriorityLevel, StatusCategory, TypeCategory};

macro_rules! selectors {
    ($( $(#[$doc:meta])* $name:ident: $what:literal {
        $( $(#[$vdoc:meta])* $variant:ident($inner:ty) = $prefix:literal, )*
        $( ; $(#[$udoc:meta])* $unit:ident = $word:literal )?
    } )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$vdoc])* $variant($inner), )*
            $( $(#[$udoc])* $unit, )?
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $( Self::$variant(value) => write!(f, "{}:{value}", $prefix), )*
                    $( Self::$unit => f.write_str($word), )?
                }
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// Reads `prefix:value`; a text without a known prefix is an id.
            fn from_str(text: &str) -> Result<Self, Error> {
                $( if text == $word { return Ok(Self::$unit); } )?
                $( if let Some(value) = text.strip_prefix(concat!($prefix, ":")) {
                    if value.trim().is_empty() {
                        return Err(Error::invalid($what, format!("`{text}` has nothing behind the colon"))
                            .with_hint(concat!("write `", $prefix, ":VALUE`")));
                    }
                    return Ok(Self::$variant(value.into()));
                } )*
                if text.trim().is_empty() {
                    return Err(Error::invalid($what, "it is empty")
                        .with_hint(format!("write one of: {}", [$( concat!($prefix, ":VALUE"), )* $( $word, )?].join(", "))));
                }
                Ok(Self::Id(text.into()))
            }
        }
    )* };
}

selectors! {
    /// A user, named.
    UserSelector: "user" {
        /// By id.
        Id(UserId) = "id",
        /// By email address; an error where several users share it.
        Email(String) = "email",
        /// By login name.
        Username(String) = "username",
        ;
        /// The user that the credential belongs to.
        Me = "me"
    }
    /// A group, named.
    GroupSelector: "group" {
        /// By id.
        Id(GroupId) = "id",
        /// By its exact name; an error where several groups share it.
        Name(String) = "name",
    }
    /// An account, named.
    AccountSelector: "account" {
        /// By id.
        Id(AccountId) = "id",
        /// By its exact name; an error where several accounts share it.
        Name(String) = "name",
    }
    /// A contact, named.
    ContactSelector: "contact" {
        /// By id.
        Id(ContactId) = "id",
        /// By email address; an error where several contacts share it.
        Email(String) = "email",
    }
    /// A collection, named.
    CollectionSelector: "collection" {
        /// By id.
        Id(CollectionId) = "id",
        /// By what people say for it: `PROJ`, `owner/repo`.
        Key(String) = "key",
    }
}

impl UserSelector {
    /// By id.
    #[must_use]
    pub fn id(id: impl Into<UserId>) -> Self {
        Self::Id(id.into())
    }

    /// By email address.
    #[must_use]
    pub fn email(email: impl Into<String>) -> Self {
        Self::Email(email.into())
    }

    /// By login name.
    #[must_use]
    pub fn username(username: impl Into<String>) -> Self {
        Self::Username(username.into())
    }
}

impl GroupSelector {
    /// By id.
    #[must_use]
    pub fn id(id: impl Into<GroupId>) -> Self {
        Self::Id(id.into())
    }

    /// By its exact name.
    #[must_use]
    pub fn name(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }
}

macro_rules! category_selectors {
    ($( $(#[$doc:meta])* $name:ident { $variant:ident($category:ty) } )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name {
            /// In the shared words.
            $variant($category),
            /// The vendor's own, by id or name.
            Native(String),
        }

        impl $name {
            /// The vendor's own, by id or name.
            #[must_use]
            pub fn native(value: impl Into<String>) -> Self {
                Self::Native(value.into())
            }
        }

        impl From<$category> for $name {
            fn from(category: $category) -> Self {
                Self::$variant(category)
            }
        }

        impl FromStr for $name {
            type Err = Error;

            /// Reads one of the shared words, or `native:VALUE`.
            fn from_str(text: &str) -> Result<Self, Error> {
                match text.strip_prefix("native:") {
                    Some(value) => Ok(Self::Native(value.to_owned())),
                    None => text.parse().map(Self::$variant).map_err(|error: Error| {
                        let hint = format!("{}; or `native:VALUE` for the vendor's own", error.hint().unwrap_or_default());
                        error.with_hint(hint)
                    }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::$variant(category) => category.fmt(f),
                    Self::Native(value) => write!(f, "native:{value}"),
                }
            }
        }
    )* };
}

category_selectors! {
    /// A status to reach or to look for: a category, or the vendor's own.
    StatusSelector { Category(StatusCategory) }
    /// A priority: a level, or the vendor's own.
    PrioritySelector { Level(PriorityLevel) }
    /// A type: a category, or the vendor's own.
    TypeSelector { Category(TypeCategory) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_read_what_they_write() {
        for text in ["id:42", "email:a@example.com", "username:ada", "me"] {
            assert_eq!(text.parse::<UserSelector>().unwrap().to_string(), text);
        }
        assert_eq!("42".parse::<GroupSelector>().unwrap(), GroupSelector::id("42"));
        assert_eq!("native:3".parse::<StatusSelector>().unwrap(), StatusSelector::native("3"));
        let error = "opened".parse::<StatusSelector>().unwrap_err().to_string();
        assert!(error.contains("opened") && error.contains("in_progress") && error.contains("native:"), "{error}");
        assert!("email:".parse::<UserSelector>().is_err());
    }
}
