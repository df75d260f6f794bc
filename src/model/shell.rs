//! Suggested commands: every inserted value quoted for a POSIX shell, control characters replaced.
//!
//! Names come from Azure and are hostile text: `$(reboot)` in a tag or a name must come out as a
//! word, not as a command.

use std::borrow::Cow;
use std::fmt;

/// A command for the reader to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    text: String,
}

impl Command {
    /// Begins a command with words of ours, such as `az postgres flexible-server update`.
    pub fn new(words: &'static str) -> Self {
        Self { text: words.to_owned() }
    }

    /// Adds a flag of ours without a value.
    #[must_use]
    pub fn flag(mut self, flag: &'static str) -> Self {
        self.text.push(' ');
        self.text.push_str(flag);
        self
    }

    /// Adds a flag of ours with an inserted value, quoted.
    #[must_use]
    pub fn arg(self, flag: &'static str, value: &str) -> Self {
        self.flag(flag).value(value)
    }

    /// Adds an inserted value, quoted.
    #[must_use]
    pub fn value(mut self, value: &str) -> Self {
        self.text.push(' ');
        self.text.push_str(&quote(value));
        self
    }

    /// A line that a saved report holds. Its values were quoted when it was made, which cannot be seen
    /// any more; control characters are replaced again.
    pub fn saved(line: &str) -> Self {
        Self { text: inert(line) }
    }

    /// The whole line.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Quotes a value for a POSIX shell. Plain words stay as they are.
pub fn quote(value: &str) -> String {
    let value = inert(value);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    if !value.is_empty() && value.chars().all(plain) && !value.starts_with('-') {
        return value;
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Replaces what could act on a terminal or hide text: control characters, and the marks that turn
/// the writing direction or have no width. And what the log of a CI job would take for a command.
pub fn inert(text: &str) -> String {
    as_inert(text).into_owned()
}

/// The same without a copy of what can stay as it is.
pub fn as_inert(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(disarmed(text.chars().map(|c| if is_active(c) { '\u{fffd}' } else { c }).collect()))
}

/// Whether a text is of letters and signs that are just shown, as nearly all are. Quickly told: large
/// reports hold millions of texts.
fn is_plain(text: &str) -> bool {
    // Without a way out of the loop it takes many bytes at a time.
    let (mut is_shown, mut may_order) = (true, false);
    for byte in text.bytes() {
        is_shown &= byte.wrapping_sub(b' ') <= b'~' - b' ';
        may_order |= byte == b'#' || byte == b':';
    }
    is_shown && !(may_order && (text.contains("##") || text.contains("::")))
}

/// The same for a text of several lines that is ours in shape: line breaks stay.
pub fn inert_lines(text: &str) -> String {
    disarmed(text.chars().map(|c| if is_active(c) && c != '\n' { '\u{fffd}' } else { c }).collect())
}

/// Takes the mark off what a runner acts on wherever it is printed: `##vso[` (Azure Pipelines) and
/// `##[` (GitHub, of old) anywhere in a line, `::name` (GitHub) at its beginning, which a wrapped line
/// may find in any word.
fn disarmed(text: String) -> String {
    if !text.contains("##") && !text.contains("::") {
        return text;
    }
    let mut disarmed = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let (before, rest) = (&text[..at], &text[at..]);
        let begins = |prefix: &str| {
            rest.get(..prefix.len()).is_some_and(|own| own.eq_ignore_ascii_case(prefix))
        };
        let is_word = before.chars().next_back().is_none_or(char::is_whitespace);
        let is_named = rest.chars().nth(2).is_some_and(|c| c.is_ascii_alphabetic());
        let acts = begins("##[") || begins("##vso[") || (is_word && is_named && begins("::"));
        disarmed.push(if acts { '\u{fffd}' } else { c });
    }
    disarmed
}

/// Whether a character acts instead of showing: controls, marks of direction, and what has no
/// width.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_left_as_it_is_has_nothing_to_replace(
            parts in prop::collection::vec("[ -~]{0,9}|[#:]{1,3}[a-z]?|\\PC|[\u{0}-\u{ff}]", 0..5),
        ) {
            let text = parts.concat();
            let replaced = text.chars().map(|c| if is_active(c) { '\u{fffd}' } else { c });
            prop_assert_eq!(inert(&text), disarmed(replaced.collect()));
        }
    }

    #[test]
    fn what_is_printed_in_a_job_gives_its_runner_no_orders() {
        for (text, shown) in [
            ("##vso[task.setvariable variable=x]y", "\u{fffd}#vso[task.setvariable variable=x]y"),
            ("a ###VSO[x] ##[error]z", "a #\u{fffd}#VSO[x] \u{fffd}#[error]z"),
            ("::add-mask::x", "\u{fffd}:add-mask::x"),
            ("see\t::stop-commands::x", "see\u{fffd}::stop-commands::x"),
            ("see ::stop-commands::x", "see \u{fffd}:stop-commands::x"),
            ("::1 fe80::1 a::b ## heading #1", "::1 fe80::1 a::b ## heading #1"),
        ] {
            assert_eq!(inert(text), shown);
            assert_eq!(matches!(as_inert(text), Cow::Borrowed(_)), is_plain(text));
        }
        assert_eq!(inert_lines("a\n::error::b"), "a\n\u{fffd}:error::b");
    }

    #[test]
    fn hostile_values_are_one_word() {
        for (value, quoted) in [
            ("pg-vectice", "pg-vectice"),
            ("", "''"),
            ("$(reboot)", "'$(reboot)'"),
            ("a'b", r"'a'\''b'"),
            ("--yes", "'--yes'"),
            ("a\u{1b}[31m\nb", "'a\u{fffd}[31m\u{fffd}b'"),
            ("rtl\u{202e}txt", "'rtl\u{fffd}txt'"),
        ] {
            assert_eq!(quote(value), quoted);
        }
        let command = Command::new("az lock list").arg("--resource", "a;b").flag("--query x");
        assert_eq!(command.as_str(), "az lock list --resource 'a;b' --query x");
    }
}
