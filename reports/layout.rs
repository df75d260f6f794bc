//! Lines for a terminal: wrapped prose, labelled fields, aligned columns and commands to copy.
//!
//! Everything that wraps or aligns goes through `comfy-table`, which knows how wide characters are.

use comfy_table::{ContentArrangement, Table};

use crate::style::{Style, Terminal};

/// Lines longer than this are hard to read, however wide the terminal is.
const WIDEST_PROSE: usize = 120;
/// Below this nothing can be laid out; longer lines are left to the terminal.
const NARROWEST: usize = 40;
/// Words up to this length are shown whole: the id of a nested resource in a group with the longest
/// name there can be fits.
const LONGEST_WORD: usize = 280;
/// How much is shown of each end of a longer word.
const ENDS_OF_A_WORD: usize = 40;
/// The width of a field's label, with the space behind it.
const LABEL: usize = 10;

/// A sheet of lines under the pen.
pub(crate) struct Sheet {
    /// What the terminal can show.
    pub(crate) terminal: Terminal,
    width: usize,
    text: String,
}

impl Sheet {
    /// An empty sheet.
    pub(crate) fn new(terminal: Terminal, width: usize) -> Self {
        Self { terminal, width: width.max(NARROWEST), text: String::new() }
    }

    /// What was written, without blank lines at the end.
    pub(crate) fn finish(self) -> String {
        self.text.trim_end_matches('\n').to_owned() + "\n"
    }

    /// The width prose may have.
    pub(crate) fn prose_width(&self) -> usize {
        self.width.min(WIDEST_PROSE)
    }

    /// A blank line, never two in a row.
    pub(crate) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// One line as it is; the caller made it inert.
    pub(crate) fn line(&mut self, indent: usize, style: Style, text: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(&self.terminal.paint(style, text));
        self.text.push('\n');
    }

    /// Wrapped prose.
    pub(crate) fn prose(&mut self, indent: usize, style: Style, text: &str) {
        self.hanging(indent, &[], style, text);
    }

    /// A lead in several styles, then prose that wraps beside it. The lead holds ASCII and symbols
    /// of one column only.
    pub(crate) fn hanging(
        &mut self,
        indent: usize,
        lead: &[(Style, &str)],
        style: Style,
        text: &str,
    ) {
        let lead_width: usize = lead.iter().map(|(_, piece)| piece.chars().count()).sum();
        let text = elided(&self.terminal.prose(text));
        let room = self.prose_width().saturating_sub(indent + lead_width);
        for (number, line) in wrap(&text, room).iter().enumerate() {
            self.text.push_str(&" ".repeat(indent));
            if number == 0 {
                for (style, piece) in lead {
                    self.text.push_str(&self.terminal.paint(*style, piece));
                }
            } else {
                self.text.push_str(&" ".repeat(lead_width));
            }
            self.text.push_str(&self.terminal.paint(style, line));
            self.text.push('\n');
        }
    }

    /// A labelled value.
    pub(crate) fn field(&mut self, label: &str, text: &str) {
        if !text.is_empty() {
            let label = format!("{label:<LABEL$}");
            self.hanging(4, &[(Style::Faint, &label)], Style::Plain, text);
        }
    }

    /// A labelled name or id: wrapped only where that is the lesser evil.
    pub(crate) fn exact_field(&mut self, label: &str, text: &str, whole: bool) {
        let text = self.terminal.exact(text);
        if text.is_empty() {
            return;
        }
        if whole {
            let label = format!("{label:<LABEL$}");
            let label = self.terminal.paint(Style::Faint, &label);
            self.line(4, Style::Plain, &(label + &text));
        } else {
            self.field(label, &text);
        }
    }

    /// A command on a line of its own, however long: a wrapped one could not be copied.
    pub(crate) fn command(&mut self, text: &str) {
        let text = self.terminal.exact(text);
        self.line(6, Style::Command, &text);
    }

    /// Aligned columns; the first row is a heading when `heading` says so.
    pub(crate) fn columns(&mut self, indent: usize, heading: bool, rows: &[Vec<String>]) {
        let mut table = plain_table(self.width.saturating_sub(indent));
        for row in rows {
            table.add_row(row.iter().map(|cell| self.terminal.prose(cell)));
        }
        spread(&mut table);
        for (number, line) in table.trim_fmt().lines().enumerate() {
            let style = if heading && number == 0 { Style::Faint } else { Style::Plain };
            self.line(indent, style, line);
        }
    }

    /// Whether rows stand side by side in the width there is, no cell wrapped.
    pub(crate) fn fits(&self, indent: usize, rows: &[Vec<String>]) -> bool {
        let mut table = Table::new();
        table.set_content_arrangement(ContentArrangement::Disabled);
        for row in rows {
            table.add_row(row.iter().map(|cell| self.terminal.prose(cell)));
        }
        let widths = table.column_max_content_widths();
        let total: usize = widths.iter().map(|width| usize::from(*width) + 2).sum();
        indent + total <= self.width + 2
    }
}

/// Takes the middle out of words no name in Azure is as long as, so that one of them cannot push the
/// rest off the screen. Commands and the full ids of `-v` do not come this way.
fn elided(text: &str) -> String {
    let word = |word: &str| {
        let length = word.chars().count();
        if length <= LONGEST_WORD {
            return word.to_owned();
        }
        let start: String = word.chars().take(ENDS_OF_A_WORD).collect();
        let end: String = word.chars().skip(length - ENDS_OF_A_WORD).collect();
        format!("{start}[{} more]{end}", length - 2 * ENDS_OF_A_WORD)
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Breaks text at spaces, ids at their slashes, and what is still wider than the room inside.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let room = room.max(NARROWEST / 2);
    let mut table = plain_table(room);
    table.add_row([broken_at_slashes(text, room)]);
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, 0));
    }
    table.trim_fmt().lines().map(str::to_owned).collect()
}

/// Puts an id that is wider than the room on lines of its own that end in slashes: the names in it
/// stay whole.
fn broken_at_slashes(text: &str, room: usize) -> String {
    let mut lines = String::with_capacity(text.len());
    for word in text.split(' ') {
        let is_wide_id = word.len() > room && word.is_ascii() && word.contains('/');
        if !lines.is_empty() {
            lines.push(if is_wide_id { '\n' } else { ' ' });
        }
        if !is_wide_id {
            lines.push_str(word);
            continue;
        }
        let mut filled = 0;
        for segment in word.split_inclusive('/') {
            if filled > 0 && filled + segment.len() > room {
                lines.push('\n');
                filled = 0;
            }
            lines.push_str(segment);
            filled += segment.len();
        }
    }
    lines
}

fn plain_table(width: usize) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
}

/// Two spaces between columns and none before the first or behind the last.
fn spread(table: &mut Table) {
    let last = table.column_count().saturating_sub(1);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == last { 0 } else { 2 }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_wraps_at_the_width_in_columns() {
        assert_eq!(wrap("one two three four five six", 20), ["one two three four", "five six"]);
        assert_eq!(wrap("日本語日本語日本語日本語", 20), ["日本語日本語日本語日", "本語"]);
    }

    #[test]
    fn ids_break_behind_slashes() {
        let id = "on storageAccounts/stbackup/containers/vectice-backup";
        let lines = ["on", "storageAccounts/stbackup/", "containers/vectice-backup"];
        assert_eq!(wrap(id, 25), lines);
        assert_eq!(wrap("a/b short/words", 20), ["a/b short/words"]);
    }

    #[test]
    fn only_absurd_words_lose_their_middle() {
        let long = "x".repeat(LONGEST_WORD);
        assert_eq!(elided(&format!("a  {long} b")), format!("a  {long} b"));
        let ends = "x".repeat(ENDS_OF_A_WORD);
        assert_eq!(elided(&format!("a {long}x b")), format!("a {ends}[201 more]{ends} b"));
    }

    #[test]
    fn a_command_is_never_wrapped() {
        let mut sheet = Sheet::new(Terminal { colour: false, unicode: true }, 40);
        sheet.command(&"az ".repeat(40));
        assert_eq!(sheet.finish().lines().count(), 1);
    }
}
