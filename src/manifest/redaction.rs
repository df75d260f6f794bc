//! The manifest of a redacted snapshot: the same text with other names in it and without comments.
//!
//! Everything stays on its line, so that reports name the same lines, and on its column where no
//! value stands before it on the line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::keys::{CLOUD, Kind};
use crate::keys::{Key, deployment, waiver};

/// The keys with texts of a form that names nobody; those with words and time zones stay too.
const KEPT: [&str; 3] = ["allowed_ip_rules", "expected_major", "rule"];

/// The manifest with other names: `replace` is told the last part of a key and the text behind it.
/// Numbers, flags, dates, words of vaudit and the endpoints of the cloud stay. A text that is no
/// manifest is given back empty: nobody could tell what in it is a name.
pub fn redacted(text: &str, mut replace: impl FnMut(&str, &str) -> String) -> String {
    let Ok(root) = DeTable::parse(text) else { return String::new() };
    let mut leaves = Leaves { texts: Vec::new(), quoted: Vec::new() };
    leaves.of_table(root.get_ref(), "");
    leaves.texts.sort_by_key(|leaf| leaf.span.start);
    leaves.quoted.sort_by_key(|span| span.start);
    let mut redacted = String::with_capacity(text.len());
    let mut copied = 0;
    for leaf in &leaves.texts {
        if leaf.span.start < copied {
            continue;
        }
        redacted.push_str(&uncommented(text, copied..leaf.span.start, &leaves.quoted));
        let source = &text[leaf.span.clone()];
        let replaced = replace(&leaf.key, &leaf.text);
        if replaced == leaf.text {
            redacted.push_str(source);
        } else {
            redacted.push_str(&quoted(&replaced, source.matches('\n').count()));
        }
        copied = leaf.span.end;
    }
    redacted.push_str(&uncommented(text, copied..text.len(), &leaves.quoted));
    redacted
}

/// A text of the manifest that may name somebody.
struct Leaf {
    key: String,
    text: String,
    span: Range<usize>,
}

struct Leaves {
    texts: Vec<Leaf>,
    /// Where keys and texts that stay are: a `#` in them begins no comment.
    quoted: Vec<Range<usize>>,
}

impl Leaves {
    fn of_table(&mut self, table: &DeTable<'_>, above: &str) {
        for (key, value) in table {
            self.quoted.push(key.span());
            let name = key.get_ref().as_ref();
            if above.is_empty() && name == CLOUD.name {
                self.keep(value);
            } else {
                self.of_value(value, name);
            }
        }
    }

    fn of_value(&mut self, value: &Spanned<DeValue<'_>>, key: &str) {
        match value.get_ref() {
            DeValue::String(_) if is_kept(key) => self.quoted.push(value.span()),
            DeValue::String(text) => {
                let (key, text) = (key.to_owned(), text.clone().into_owned());
                self.texts.push(Leaf { key, text, span: value.span() });
            }
            DeValue::Array(items) => items.iter().for_each(|item| self.of_value(item, key)),
            DeValue::Table(table) => self.of_table(table, key),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }

    /// Notes the texts of a part that stays as it is.
    fn keep(&mut self, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::String(_) => self.quoted.push(value.span()),
            DeValue::Array(items) => items.iter().for_each(|item| self.keep(item)),
            DeValue::Table(table) => {
                for (key, value) in table {
                    self.quoted.push(key.span());
                    self.keep(value);
                }
            }
            _ => {}
        }
    }
}

/// Whether the texts behind a key are vaudit's own words, or of a form that names nobody.
fn is_kept(key: &str) -> bool {
    fn has_words<T>(keys: &[Key<T>], name: &str) -> bool {
        let is_word = |own: &Key<T>| matches!(own.kind, Kind::Word(_) | Kind::Zone(_));
        keys.iter().any(|own| own.name == name && is_word(own))
    }
    KEPT.contains(&key)
        || deployment::TABLES.iter().any(|table| has_words(table.keys, key))
        || has_words(&deployment::KEYS, key)
        || has_words(&waiver::KEYS, key)
}

/// A part of the text without its comments. Line breaks stay.
fn uncommented(text: &str, part: Range<usize>, quoted: &[Range<usize>]) -> String {
    let mut redacted = String::with_capacity(part.len());
    let mut at = part.start;
    while at < part.end {
        let next = quoted.partition_point(|span| span.end <= at);
        if let Some(span) = quoted.get(next).filter(|span| span.contains(&at)) {
            let end = span.end.min(part.end);
            redacted.push_str(&text[at..end]);
            at = end;
            continue;
        }
        let rest = &text[at..part.end];
        let Some(c) = rest.chars().next() else { break };
        if c == '#' {
            redacted.truncate(redacted.trim_end_matches([' ', '\t']).len());
            let line = rest.find('\n').unwrap_or(rest.len());
            let end = rest[..line].trim_end_matches('\r').len();
            at += end;
        } else {
            redacted.push(c);
            at += c.len_utf8();
        }
    }
    redacted
}

/// A text as a TOML string that takes as many lines as the one before.
fn quoted(text: &str, line_breaks: usize) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    if line_breaks == 0 {
        return format!("\"{escaped}\"");
    }
    // A backslash at the end of a line takes the breaks after it away.
    format!("\"\"\"{escaped}\\{}\"\"\"", "\n".repeat(line_breaks))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"# Of contoso, "quoted".
[defaults]
clock_skew_seconds = 60 # contoso's clocks

[[deployment]]
name = "contoso # 1"       # not "inside"
subscription = '00000000-0000-0000-0000-00000000000a'
resource_group = "rg-contoso"
postgres = { server = "pg-contoso", expected_major = "13", private_mode = "vnet" } # contoso

[deployment.identity]
allowed_federations = [
  { issuer = "https://contoso.example", subject = "contoso" }, # of contoso
]

[[waiver]]
rule = "DNS005"
reason = """
contoso # no comment
agrees"""
owner = "contoso"
expires = 2026-12-24

[cloud]
name = "public" # of contoso
"##;

    #[test]
    fn names_and_comments_go_and_lines_stay() {
        let mut seen = Vec::new();
        let redacted = redacted(TEXT, |key, text| {
            seen.push(key.to_owned());
            text.len().to_string() + "\"x\\"
        });
        assert!(!redacted.contains("contoso"), "{redacted}");
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&redacted), lines(TEXT));
        for kept in [
            "expected_major = \"13\"",
            "private_mode = \"vnet\"",
            "name = \"public\"",
            "rule = \"DNS005\"",
            "expires = 2026-12-24",
        ] {
            let line = |text: &str| text.lines().position(|line| line.contains(kept));
            assert!(line(TEXT).is_some());
            assert_eq!(line(&redacted), line(TEXT), "{kept}:\n{redacted}");
        }
        assert_eq!(
            seen,
            [
                "name",
                "subscription",
                "resource_group",
                "server",
                "issuer",
                "subject",
                "reason",
                "owner"
            ]
        );
        let again = DeTable::parse(&redacted).unwrap().into_inner();
        let waiver = again["waiver"].get_ref().as_array().unwrap()[0].get_ref().as_table().unwrap();
        assert_eq!(waiver["reason"].get_ref().as_str(), Some("27\"x\\"));
    }

    #[test]
    fn what_is_replaced_by_itself_is_written_as_it_was() {
        let without = redacted(TEXT, |_, text| text.to_owned());
        let comments = TEXT.lines().filter(|line| line.contains("# ")).count();
        let changed = TEXT.lines().zip(without.lines()).filter(|(a, b)| a != b).count();
        assert_eq!(changed, comments - 1, "{without}");
        assert_eq!(redacted("no manifest", |_, text| text.to_owned()), "");
    }
}
