//! The keys of `[[waiver]]`.

use vaudit_model::deployment::{Accept, WaiverPolicy};

use crate::forms;
use crate::keys::Absent::{Means, Mistake, Unknown};
use crate::keys::Key;
use crate::keys::Kind::{LastDay, OptionalText, Text, Word};

pub(crate) static KEYS: [Key<WaiverPolicy>; 9] = [
    Key {
        name: "rule",
        kind: Text(&forms::GLOB, |w, text| w.rule = text),
        absent: Mistake(r#""DNS005""#),
        about: "the id or name of the rule, or a glob",
    },
    Key {
        name: "deployment",
        kind: OptionalText(&forms::LABEL, |w, text| w.deployment = text),
        absent: Unknown(r#""production""#),
        about: "the only deployment it is for",
    },
    Key {
        name: "subject",
        kind: OptionalText(&forms::LINE, |w, text| w.subject = text),
        absent: Unknown(
            r#""/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg-vectice""#,
        ),
        about: "the only subject it is for",
    },
    Key {
        name: "accept",
        kind: Word(&[
            ("fail", |w| w.accept = Accept::Fail),
            ("indeterminate", |w| w.accept = Accept::Indeterminate),
            ("both", |w| w.accept = Accept::Both),
        ]),
        absent: Means(r#""fail""#),
        about: "the verdict that is accepted",
    },
    Key {
        name: "reason",
        kind: Text(&forms::PROSE, |w, text| w.reason = text),
        absent: Mistake(r#""Registration zone is owned by the platform team""#),
        about: "why it is accepted",
    },
    Key {
        name: "owner",
        kind: Text(&forms::LINE, |w, text| w.owner = text),
        absent: Mistake(r#""platform@example.com""#),
        about: "who answers for it",
    },
    Key {
        name: "expires",
        kind: LastDay(|w, date| w.expires = date),
        absent: Mistake("2027-03-31"),
        about: "the last valid day (UTC), at most 366 days ahead",
    },
    Key {
        name: "ticket",
        kind: OptionalText(&forms::LINE, |w, text| w.ticket = text),
        absent: Unknown(r#""SEC-123""#),
        about: "a ticket",
    },
    Key {
        name: "pin",
        kind: OptionalText(&forms::LINE, |w, text| w.pin = text),
        absent: Unknown(r#""0123456789abcdef0123456789abcdef""#),
        about: "the `observed_digest` of the result; the waiver is void when it changes",
    },
];
