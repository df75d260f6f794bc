//! Facts with three values, by type: known, proven absent, or unread.
//!
//! A rule gets at a value only through an access that turns *unread* into an indeterminate verdict,
//! so code that forgets the case does not compile into a pass.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of one thing in Azure.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact<T> {
    /// It was read, and this is its value.
    Known(T, Source),
    /// It was proven not to exist.
    Absent(Source),
    /// It could not be read or understood.
    Unread(Gap),
}

/// Where a fact was read: the resource, the place in its body, and the answer that carried it.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The ARM id, `graph:…` name or blob URL of the resource.
    pub resource: String,
    /// JSON pointer inside the resource's own body; empty for the whole resource.
    pub pointer: String,
    /// The answer that carried the fact.
    pub origin: Arc<Origin>,
}

/// The answer a fact came from, as far as evidence quotes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `x-ms-request-id` (or Graph's `request-id`) of the answer.
    pub request_id: Option<String>,
    /// The auditor's clock when the answer arrived.
    pub read_at: Option<Timestamp>,
    /// The server's clock: the `Date` header of the answer.
    pub date: Option<Timestamp>,
}

impl Origin {
    /// "Now" for everything this answer says: the server's clock, and nothing else.
    ///
    /// A wrong local clock must not turn an old backup young (`catalogue.md`, AUD002), so an answer
    /// without a `Date` has no "now" and nothing in it has an age.
    pub fn now(&self) -> Option<Timestamp> {
        self.date
    }
}

/// Why something is unread, in the words of the report.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The kind of loss.
    pub reason: Reason,
    /// One plain sentence fragment: what could not be read, and why.
    pub message: String,
    /// The permission that was missing, if one was (`Microsoft.Network/virtualNetworks/read`).
    pub action: Option<String>,
    /// The scope or resource that could not be read.
    pub scope: Option<String>,
    /// The HTTP status of the refusal, if there was an answer.
    pub status: Option<u16>,
}

/// The reason codes of an indeterminate verdict, exactly those of `CONTRACT.md`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// 403: the auditor lacks a permission.
    Forbidden,
    /// 429 until the retry budget ended.
    Throttled,
    /// No usable answer: connection, TLS, timeout, 5xx.
    Transport,
    /// The token was refused.
    SignIn,
    /// An answer came without a field a rule needs.
    MissingField,
    /// A value or shape that vaudit does not understand.
    Unrecognised,
    /// The manifest does not say what is needed.
    NotConfigured,
    /// The snapshot does not hold the document.
    NotCollected,
    /// The storage firewall refused the auditor's address.
    Network,
    /// The server is stopped or busy and does not answer this question.
    ServerState,
    /// A change is under way; ask again later.
    InProgress,
    /// Several candidates and no selector.
    Ambiguous,
    /// Azure does not show it to this kind of reader.
    BeyondReach,
    /// A next link or redirect led to another host and was not followed.
    UntrustedNextLink,
    /// The run was stopped before this was read.
    Interrupted,
}

impl Reason {
    /// The code as the report spells it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::Throttled => "throttled",
            Self::Transport => "transport",
            Self::SignIn => "sign-in",
            Self::MissingField => "missing-field",
            Self::Unrecognised => "unrecognised",
            Self::NotConfigured => "not-configured",
            Self::NotCollected => "not-collected",
            Self::Network => "network",
            Self::ServerState => "server-state",
            Self::InProgress => "in-progress",
            Self::Ambiguous => "ambiguous",
            Self::BeyondReach => "beyond-reach",
            Self::UntrustedNextLink => "untrusted-next-link",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Gap {
    /// A gap without a refused permission.
    pub fn because(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), action: None, scope: None, status: None }
    }

    /// The same gap, naming what could not be read.
    #[must_use]
    pub fn at(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// The manifest lacks a key; `key` is its path inside a deployment, such as `backup.container`.
    pub fn not_configured(key: &str) -> Self {
        Self::because(Reason::NotConfigured, format!("`{key}` is not set in the manifest"))
    }

    /// Whether the only trouble is that the document is not there (yet).
    pub fn is_not_collected(&self) -> bool {
        self.reason == Reason::NotCollected
    }
}

impl<T> Fact<T> {
    /// The value, if it was read.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known(value, _) => Some(value),
            Self::Absent(_) | Self::Unread(_) => None,
        }
    }

    /// The gap, if it could not be read.
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Self::Unread(gap) => Some(gap),
            Self::Known(..) | Self::Absent(_) => None,
        }
    }

    /// Where the value, or the proof of absence, was read.
    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::Known(_, source) | Self::Absent(source) => Some(source),
            Self::Unread(_) => None,
        }
    }

    /// Whether it was proven not to exist.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_))
    }

    /// The same fact about a reference.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(value, source) => Fact::Known(value, source.clone()),
            Self::Absent(source) => Fact::Absent(source.clone()),
            Self::Unread(gap) => Fact::Unread(gap.clone()),
        }
    }

    /// Another fact with the value changed; absence and gaps stay what they are.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value, source) => Fact::Known(change(value), source),
            Self::Absent(source) => Fact::Absent(source),
            Self::Unread(gap) => Fact::Unread(gap),
        }
    }

    /// A fact that follows from this one; absence and gaps pass through.
    pub fn and_then<U>(self, next: impl FnOnce(T, Source) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Known(value, source) => next(value, source),
            Self::Absent(source) => Fact::Absent(source),
            Self::Unread(gap) => Fact::Unread(gap),
        }
    }
}

/// A list that may have been read only in part.
///
/// Presence may be concluded from an incomplete list, absence only from a complete one.
#[derive(Clone, Debug, PartialEq)]
pub struct List<T> {
    /// What was read.
    pub items: Vec<T>,
    /// Why the rest was not read; `None` when the list is complete.
    pub missing: Option<Gap>,
}

impl<T> List<T> {
    /// A list of which every page was read.
    pub fn complete(items: Vec<T>) -> Self {
        Self { items, missing: None }
    }

    /// Whether every page was read.
    pub fn is_complete(&self) -> bool {
        self.missing.is_none()
    }

    /// The list of what `read` makes of each item; as complete as this one.
    pub fn map<U>(self, read: impl FnMut(T) -> U) -> List<U> {
        List { items: self.items.into_iter().map(read).collect(), missing: self.missing }
    }

    /// Looks for an item: known when it is there, absent when a complete list has none, unread when
    /// it may be on a page that was not read.
    pub fn find(&self, source: &Source, wanted: impl Fn(&T) -> bool) -> Fact<&T> {
        match (self.items.iter().find(|item| wanted(item)), &self.missing) {
            (Some(item), _) => Fact::Known(item, source.clone()),
            (None, None) => Fact::Absent(source.clone()),
            (None, Some(gap)) => Fact::Unread(gap.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source {
            resource: "/subscriptions/s".into(),
            pointer: String::new(),
            origin: Arc::default(),
        }
    }

    #[test]
    fn absence_needs_a_complete_list() {
        let complete = List::complete(vec![1, 2]);
        let partial =
            List { items: vec![1, 2], missing: Some(Gap::because(Reason::Forbidden, "page 2")) };
        assert_eq!(complete.find(&source(), |n| *n == 2).value(), Some(&&2));
        assert_eq!(partial.find(&source(), |n| *n == 2).value(), Some(&&2));
        assert!(complete.find(&source(), |n| *n == 3).is_absent());
        assert_eq!(partial.find(&source(), |n| *n == 3).gap().unwrap().reason, Reason::Forbidden);
    }

    #[test]
    fn the_auditors_clock_is_nobodys_now() {
        let origin = Origin { read_at: Some(Timestamp::UNIX_EPOCH), ..Origin::default() };
        assert_eq!(origin.now(), None);
    }

    #[test]
    fn codes_are_those_serde_writes() {
        for reason in [Reason::SignIn, Reason::UntrustedNextLink, Reason::MissingField] {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }
}
