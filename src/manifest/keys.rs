//! What a key of `vaudit.toml` is.
//!
//! The key table below this module is the only list of keys: it drives the validation, the nearest
//! key of a suggestion, the JSON Schema and the commented defaults. A row holds its own setter, so
//! that no second list maps names to fields.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use vaudit_model::ArmId;
use vaudit_model::deployment::{Federation, Selector};

use crate::forms::Form;

pub(crate) mod cloud;
pub(crate) mod deployment;
pub(crate) mod waiver;

/// One key: what may stand there and what it changes in `T`.
pub(crate) struct Key<T: 'static> {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind<T>,
    pub(crate) absent: Absent,
    pub(crate) about: &'static str,
}

/// A table of keys.
pub(crate) struct Table<T: 'static> {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) keys: &'static [Key<T>],
}

/// What it means that a key is not there. The texts are TOML values.
pub(crate) enum Absent {
    /// A mistake; a value could be this.
    Mistake(&'static str),
    /// That nothing is known; a value could be this.
    Unknown(&'static str),
    /// The same as this value.
    Means(&'static str),
}

/// What may stand behind a key, and the setter that takes it.
pub(crate) enum Kind<T: 'static> {
    /// A text that may not be empty.
    Text(&'static Form, fn(&mut T, String)),
    /// A text; the empty one counts as not set.
    OptionalText(&'static Form, fn(&mut T, Option<String>)),
    /// Texts of one form.
    Texts(&'static Form, fn(&mut T, Vec<String>)),
    /// One of a few words, each with its effect.
    Word(&'static [Word<T>]),
    /// True or false.
    Flag(fn(&mut T, bool)),
    /// A whole number.
    Number(RangeInclusive<u32>, fn(&mut T, u32)),
    /// TCP ports, at least one.
    Ports(fn(&mut T, Vec<u16>)),
    /// The last day of a waiver, not too far ahead.
    LastDay(fn(&mut T, Date)),
    /// A name of the time zone database.
    Zone(fn(&mut T, TimeZone)),
    /// A name in the resource group or an ARM id; the empty text counts as not set.
    Selector(&'static Resource, fn(&mut T, Option<Selector>)),
    /// ARM ids, of one type when it is given.
    Ids(Option<&'static str>, fn(&mut T, Vec<ArmId>)),
    /// Tables with keys of their own.
    Federations(&'static [Key<Federation>], fn(&mut T, Vec<Federation>)),
}

/// A word and what it changes.
pub(crate) type Word<T> = (&'static str, fn(&mut T));

/// What a selector selects.
pub(crate) struct Resource {
    pub(crate) resource_type: &'static str,
    pub(crate) name: &'static Form,
}

/// What stands at the top of the file.
pub(crate) struct Top {
    pub(crate) name: &'static str,
    /// Whether there may be several, with double brackets.
    pub(crate) repeated: bool,
    pub(crate) about: &'static str,
}

impl Top {
    /// The header as it is written.
    pub(crate) fn heading(&self) -> String {
        if self.repeated { format!("[[{}]]", self.name) } else { format!("[{}]", self.name) }
    }

    /// The header of a table below.
    pub(crate) fn heading_of(&self, table: &str) -> String {
        format!("[{}.{table}]", self.name)
    }
}

/// What applies to all deployments.
pub(crate) static DEFAULTS: Top = Top {
    name: "defaults",
    repeated: false,
    about: "any key or table of a deployment except `name`, applied to all deployments",
};

/// What is audited.
pub(crate) static DEPLOYMENT: Top =
    Top { name: "deployment", repeated: true, about: "one audited deployment" };

/// What is accepted for a while.
pub(crate) static WAIVER: Top =
    Top { name: "waiver", repeated: true, about: "an accepted result, with a reason and an end" };

/// Where Azure is.
pub(crate) static CLOUD: Top =
    Top { name: "cloud", repeated: false, about: "the Azure cloud and its endpoints" };

/// Everything that may stand at the top of the file, in the order of the documentation.
pub(crate) static TOPS: [&Top; 4] = [&DEFAULTS, &DEPLOYMENT, &WAIVER, &CLOUD];

/// The names of some keys.
pub(crate) fn names<T>(keys: &'static [Key<T>]) -> impl Iterator<Item = &'static str> {
    keys.iter().map(|key| key.name)
}

impl<T> Kind<T> {
    /// What may stand there, in words that follow "must be".
    pub(crate) fn wants(&self) -> String {
        match self {
            Self::Text(form, _) | Self::OptionalText(form, _) => form.wants.to_owned(),
            Self::Texts(form, _) => format!("an array, each item {}", form.wants),
            Self::Word(words) => {
                let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Self::Flag(_) => "true or false".to_owned(),
            Self::Number(range, _) => {
                format!("a whole number from {} to {}", range.start(), range.end())
            }
            Self::Ports(_) => "an array of ports".to_owned(),
            Self::LastDay(_) => "a date".to_owned(),
            Self::Zone(_) => "the name of a time zone".to_owned(),
            Self::Selector(resource, _) => format!("{} or an ARM id", resource.name.wants),
            Self::Ids(_, _) => "an array of ARM ids".to_owned(),
            Self::Federations(keys, _) => {
                let keys: Vec<_> = names(keys).map(|name| format!("{name} = \"…\"")).collect();
                format!("an array of {{ {} }}", keys.join(", "))
            }
        }
    }
}
