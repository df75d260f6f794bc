//! Writes JSON in which no character can act on a terminal or hide text.
//!
//! Values stay what they are: such a character is written as an escape, so a reader gets back
//! exactly what Azure said, and `cat report.json` shows nothing but plain text.

use std::fmt::Write;

use serde::Serialize;
use vaudit_model::shell::inert;

/// Writes a value with an indentation of two spaces and a line break at the end.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    match serde_json::to_string_pretty(value) {
        Ok(text) => escape_active(&text) + "\n",
        // Every key of a report is a text and no value writes itself by hand.
        Err(error) => unreachable!("a report always serialises: {error}"),
    }
}

/// Writes a value in one line, without a line break at its end.
pub(crate) fn line(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => escape_active(&text),
        Err(error) => unreachable!("a report always serialises: {error}"),
    }
}

/// Escapes what `serde_json` leaves raw: DEL, the C1 controls and the marks that turn the writing
/// direction or have no width. They can only stand inside a JSON text, where an escape means the
/// same; the line breaks between the values are the only active characters outside.
fn escape_active(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    let mut copied = 0;
    for (place, c) in json.char_indices() {
        if c == '\n' || matches!(c, ' '..='~') || !is_active(c) {
            continue;
        }
        safe.push_str(&json[copied..place]);
        copied = place + c.len_utf8();
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a text cannot fail.
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe.push_str(&json[copied..]);
    safe
}

fn is_active(c: char) -> bool {
    let text = c.encode_utf8(&mut [0; 4]).to_owned();
    inert(&text) != text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_characters_are_escaped_and_kept() {
        let hostile = "\u{1b}[31m\u{7f}\u{9b}2J\u{202e}\u{200b}\n日本 🚀 é";
        let json = pretty(&[hostile]);
        assert_eq!(json.lines().count(), 3);
        assert!(json.chars().all(|c| c == '\n' || !is_active(c)), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [hostile]);
        let json = line(&[hostile]);
        assert_eq!(json.lines().count(), 1);
        assert!(!json.chars().any(is_active), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [hostile]);
    }
}
