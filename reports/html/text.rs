//! Text of others as HTML that shows it and does nothing else.

use std::borrow::Cow;
use std::fmt::{self, Write};

use askama::filters::Escaper;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use vaudit_model::assessment::RuleResult;
use vaudit_model::deployment::Deployment;
use vaudit_model::rule::Verdict;
use vaudit_model::shell::inert;

/// What every template of this folder escapes with (`askama.toml`): markup becomes text, and
/// characters that act or hide something become a visible mark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inert;

impl Escaper for Inert {
    fn write_escaped_str<W: Write>(&self, mut dest: W, text: &str) -> fmt::Result {
        let text = quiet(text);
        let mut rest = text.as_ref();
        while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
            dest.write_str(&rest[..at])?;
            dest.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&#34;",
                _ => "&#39;",
            })?;
            rest = &rest[at + 1..];
        }
        dest.write_str(rest)
    }
}

/// The same text without active characters; most texts have none and are not copied.
fn quiet(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'#')
        && !text.contains("::");
    if is_plain { Cow::Borrowed(text) } else { Cow::Owned(inert(text)) }
}

/// A sentence as markup: what stands between two backticks is code, as rules mean it.
pub(crate) fn prose(text: &str) -> String {
    let mut markup = String::with_capacity(text.len() + 16);
    let parts: Vec<&str> = text.trim().split('`').collect();
    for (place, part) in parts.iter().enumerate() {
        let is_closed = place + 1 < parts.len();
        // Writing to a text cannot fail.
        let _ = match (place % 2 == 1, is_closed) {
            (true, true) => {
                markup.push_str("<code>");
                let written = Inert.write_escaped_str(&mut markup, part);
                markup.push_str("</code>");
                written
            }
            (true, false) => {
                markup.push('`');
                Inert.write_escaped_str(&mut markup, part)
            }
            (false, _) => Inert.write_escaped_str(&mut markup, part),
        };
    }
    markup
}

/// What a rule's page says under "Why it matters", a paragraph after the other. The pages are ours
/// and write plain sentences there; fences are left out and of links only their text is kept.
pub(crate) fn why_it_matters(page: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = vec![String::new()];
    let (mut is_there, mut is_fenced) = (false, false);
    for line in page.lines().map(str::trim) {
        is_fenced ^= line.starts_with("```");
        if let Some(heading) = line.strip_prefix("## ") {
            is_there = heading == "Why it matters";
        } else if is_there && line.is_empty() {
            paragraphs.push(String::new());
        } else if is_there && !is_fenced && !line.starts_with("```") {
            let paragraph = paragraphs.last_mut().filter(|own| !own.is_empty());
            match paragraph {
                Some(paragraph) => *paragraph += &format!(" {}", unlinked(line)),
                None => paragraphs.push(unlinked(line)),
            }
        }
    }
    paragraphs.retain(|own| !own.is_empty());
    paragraphs.iter().map(|own| prose(own)).collect()
}

/// A line of Markdown with the texts of its links in place of them.
fn unlinked(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, label, after)) = first_link(rest) {
        text.push_str(before);
        text.push_str(label);
        rest = after;
    }
    text + rest
}

fn first_link(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('[')?;
    let (label, rest) = rest.split_once("](")?;
    let (_, after) = rest.split_once(')')?;
    Some((before, label, after))
}

/// An instant for people: `2026-11-22 09:00:41 UTC`.
pub(crate) fn instant(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// An instant to the minute: `2026-11-22 09:00`.
pub(crate) fn minute(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}

/// How a result counts: its verdict, or that a waiver covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Failed.
    Fail,
    /// Could not be judged.
    Unknown,
    /// Covered by a waiver.
    Waived,
    /// A statement.
    Info,
    /// Passed.
    Pass,
    /// Not applicable.
    Moot,
}

impl Kind {
    /// All kinds, in the order in which they are shown.
    pub(crate) const ALL: [Self; 6] =
        [Self::Fail, Self::Unknown, Self::Waived, Self::Info, Self::Pass, Self::Moot];

    /// The kind of a result.
    pub(crate) fn of(result: &RuleResult) -> Self {
        match result.judgement.verdict {
            _ if result.waiver.is_some() => Self::Waived,
            Verdict::Fail => Self::Fail,
            Verdict::Indeterminate => Self::Unknown,
            Verdict::Informational => Self::Info,
            Verdict::Pass => Self::Pass,
            Verdict::NotApplicable => Self::Moot,
        }
    }

    /// The letter of classes, and what the filters call it.
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Fail => 'f',
            Self::Unknown => 'u',
            Self::Waived => 'w',
            Self::Info => 'i',
            Self::Pass => 'p',
            Self::Moot => 'n',
        }
    }

    /// The sign that goes with the colour.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Fail => "✗",
            Self::Unknown => "?",
            Self::Waived => "~",
            Self::Info => "i",
            Self::Pass => "✓",
            Self::Moot => "–",
        }
    }

    /// The word that goes with the sign.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Fail => "failed",
            Self::Unknown => "could not be judged",
            Self::Waived => "waived",
            Self::Info => "for information",
            Self::Pass => "passed",
            Self::Moot => "not applicable",
        }
    }

    /// The word of a narrow column.
    pub(crate) fn short(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Waived => "waived",
            Self::Info => "info",
            Self::Pass => "pass",
            Self::Moot => "n/a",
        }
    }
}

/// The names of resources as one deployment's section shows them.
pub(crate) struct Names {
    /// What `…/` stands for: where most of its resources are.
    pub(crate) prefix: String,
}

impl Names {
    /// Those of a deployment.
    pub(crate) fn of(deployment: &Deployment) -> Self {
        Self {
            prefix: format!(
                "/subscriptions/{}/resourceGroups/{}/providers/",
                deployment.subscription, deployment.resource_group
            ),
        }
    }

    /// A name without what it has in common with the others.
    pub(crate) fn short<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let length = self.prefix.len();
        match (name.get(..length), name.get(length..)) {
            (Some(begin), Some(rest)) if begin.eq_ignore_ascii_case(&self.prefix) => {
                Cow::Owned(format!("…/{rest}"))
            }
            _ => Cow::Borrowed(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut markup = String::new();
        Inert.write_escaped_str(&mut markup, text).unwrap();
        markup
    }

    #[test]
    fn text_is_text() {
        for (text, markup) in [
            ("pg-vectice", "pg-vectice"),
            ("<b a=\"1\" b='2'>&amp;", "&lt;b a=&#34;1&#34; b=&#39;2&#39;&gt;&amp;amp;"),
            ("a\u{1b}[31m\r\n\u{202e}b\u{200b}", "a\u{fffd}[31m\u{fffd}\u{fffd}\u{fffd}b\u{fffd}"),
            ("##vso[x] ::error::y", "\u{fffd}#vso[x] \u{fffd}:error::y"),
            ("日本語", "日本語"),
        ] {
            assert_eq!(escaped(text), markup);
        }
    }

    #[test]
    fn what_rules_quote_is_code() {
        for (text, markup) in [
            ("set `a<b` or `c`", "set <code>a&lt;b</code> or <code>c</code>"),
            ("half a `<pair>", "half a `&lt;pair&gt;"),
            ("``", "<code></code>"),
        ] {
            assert_eq!(prose(text), markup);
        }
    }

    #[test]
    fn of_a_page_the_reasons_are_taken() {
        let page = "# T\n\n## Why it matters\n\nOne `a`\nand [two](https://x.example).\n\n```sh\nrm x\n```\n\nThree.\n\n## How to fix\n\nFour.\n";
        assert_eq!(why_it_matters(page), ["One <code>a</code> and two.", "Three."]);
        assert!(why_it_matters("# T\n\nNothing.\n").is_empty());
    }

    #[test]
    fn names_lose_only_what_they_share() {
        let names = Names::of(&Deployment::new("production", "sub-a", "rg"));
        for (name, short) in [
            ("/subscriptions/SUB-A/resourcegroups/rg/providers/M.N/v/x", "…/M.N/v/x"),
            (
                "/subscriptions/sub-a/resourceGroups/rg-2/providers/M.N/v/x",
                "/subscriptions/sub-a/resourceGroups/rg-2/providers/M.N/v/x",
            ),
            ("graph:servicePrincipals/1", "graph:servicePrincipals/1"),
            ("日本語", "日本語"),
        ] {
            assert_eq!(names.short(name), short);
        }
    }
}
