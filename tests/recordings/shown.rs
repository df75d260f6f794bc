//! The model's facts as texts, to be held against the naive look.

use jiff::Timestamp;
use vaudit_model::network_path::Prefix;
use vaudit_model::{ArmId, Fact, List, Region};

use crate::naive::{NONE, joined};

/// A value of a fact that can be told as a text.
pub(crate) trait Shown {
    fn shown(&self) -> String;
}

/// A fact as a text: its value, `none`, or `?` and why it is unread.
pub(crate) fn show<T: Shown>(fact: &Fact<T>) -> String {
    match fact {
        Fact::Known(value, _) => value.shown(),
        Fact::Absent(_) => NONE.to_owned(),
        Fact::Unread(gap) => format!("?{}", gap.reason),
    }
}

impl Shown for String {
    fn shown(&self) -> String {
        self.clone()
    }
}

impl Shown for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for i64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for usize {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for Timestamp {
    fn shown(&self) -> String {
        self.to_string()[..19].to_owned()
    }
}

impl Shown for ArmId {
    fn shown(&self) -> String {
        self.key().to_owned()
    }
}

impl Shown for Region {
    fn shown(&self) -> String {
        self.programmatic_name()
    }
}

impl Shown for Prefix {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl<T: Shown> Shown for Fact<T> {
    fn shown(&self) -> String {
        show(self)
    }
}

impl<T: Shown> Shown for Vec<T> {
    fn shown(&self) -> String {
        joined(self.iter().map(Shown::shown).collect())
    }
}

impl<T: Shown> Shown for List<T> {
    fn shown(&self) -> String {
        let rest = if self.is_complete() { "" } else { " …" };
        format!("{}{rest}", self.items.shown())
    }
}
