//! Suggested commands: every inserted value quoted for a POSIX shell, control characters replaced.
//!
//! Names come from Azure and are hostile text: `$(reboot)` in a tag or a name must come out as a
//! word, not as a command.

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
/// the writing direction or have no width.
pub fn inert(text: &str) -> String {
    text.chars().map(|c| if is_active(c) { '\u{fffd}' } else { c }).collect()
}

/// The same for a text of several lines that is ours in shape: line breaks stay.
pub fn inert_lines(text: &str) -> String {
    text.chars().map(|c| if is_active(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
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
