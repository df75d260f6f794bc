//! A mistake in the manifest, and the list of all of them.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::places::Places;

/// A mistake in the manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
#[non_exhaustive]
pub struct Problem {
    /// What is wrong and what is wanted instead.
    pub message: String,
    /// The bytes of the text it is about.
    pub span: Range<usize>,
    /// The line of the span's start, from 1.
    pub line: u32,
    /// The column of the span's start in characters, from 1.
    pub column: u32,
    /// The full key it is about, such as `deployment.postgres.expected_major`; none when the text is
    /// not TOML.
    pub key: Option<String>,
    /// What to write instead.
    pub help: Option<String>,
    /// Other places of the text that have to do with it.
    pub notes: Vec<Note>,
}

/// Another place of the text that has to do with a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What is there.
    pub message: String,
    /// The bytes of the text it is about.
    pub span: Range<usize>,
}

impl Problem {
    /// Adds what to write instead.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }
}

/// The problems found so far.
pub(crate) struct Problems<'t> {
    pub(crate) places: Places<'t>,
    list: Vec<Problem>,
    /// The lines that are not TOML.
    damaged: BTreeSet<u32>,
    /// Where on them the first mistake is.
    damage: Vec<usize>,
    /// Where the headers of tables are, sorted.
    headers: Vec<usize>,
    /// The sections that hold a line that is not TOML. Section 0 ends at the first header.
    damaged_sections: BTreeSet<usize>,
    /// The first names in headers that were lost.
    lost_headers: BTreeSet<&'t str>,
}

impl<'t> Problems<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            places: Places::new(text),
            list: Vec::new(),
            damaged: BTreeSet::new(),
            damage: Vec::new(),
            headers: Vec::new(),
            damaged_sections: BTreeSet::new(),
            lost_headers: BTreeSet::new(),
        }
    }

    /// Adds a problem with a key.
    pub(crate) fn add(
        &mut self,
        span: Range<usize>,
        key: &str,
        message: impl Into<String>,
    ) -> &mut Problem {
        self.push(span, Some(key.to_owned()), message.into())
    }

    /// Adds that the text is not TOML. The first such problem of a line explains the others.
    pub(crate) fn add_syntax(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        if self.damaged.insert(self.places.of(span.start).0) {
            self.damage.push(span.start);
            self.push(span, None, message).help = help;
        }
    }

    /// Points at another place from the problem added last.
    pub(crate) fn note_last(&mut self, span: Range<usize>, message: impl Into<String>) {
        let note = Note { message: message.into(), span: self.places.within(span) };
        if let Some(problem) = self.list.last_mut() {
            problem.notes.push(note);
        }
    }

    /// Whether part of the text is not TOML, so that what seems to be missing may be there.
    pub(crate) fn are_damaged(&self) -> bool {
        !self.damaged.is_empty()
    }

    /// Takes note of where tables begin, when all that is not TOML is known.
    pub(crate) fn note_headers(&mut self, mut headers: Vec<usize>) {
        headers.sort_unstable();
        self.headers = headers;
        let header_lines: BTreeSet<u32> =
            self.headers.iter().map(|header| self.places.of(*header).0).collect();
        for at in &self.damage {
            self.damaged_sections.insert(self.section(*at));
            let line = self.places.line(*at).trim_start();
            if line.starts_with('[') && !header_lines.contains(&self.places.of(*at).0) {
                let path = line.trim_start_matches(['[', ' ', '\t', '"', '\'']);
                let is_over = |c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c);
                self.lost_headers.insert(path.split(is_over).next().unwrap_or_default());
            }
        }
    }

    fn section(&self, offset: usize) -> usize {
        self.headers.partition_point(|header| *header <= offset)
    }

    /// Whether a key of a table may stand on a line that is not TOML: on one between the table's
    /// header and the next, or below a header that was lost and has the same first name. A table is
    /// given by a place below its header, none for what stands above all headers.
    pub(crate) fn may_hide_keys_of(&self, table: Option<usize>, name: &str) -> bool {
        let section = table.map_or(0, |table| self.section(table));
        self.damaged_sections.contains(&section) || self.lost_headers.contains(name)
    }

    /// How many problems there are so far.
    pub(crate) fn count(&self) -> usize {
        self.list.len()
    }

    /// All problems in the order of the file. What stands on a line that is not TOML was read by
    /// guessing, as was a value that has no place, so nothing else is said about them.
    /// `original` gives an offset of the text the user wrote for one of the text that was read.
    pub(crate) fn finish(self, original: impl Fn(usize) -> usize) -> Vec<Problem> {
        let mut list = self.list;
        if !self.damaged.is_empty() {
            list.retain(|problem| {
                let was_guessed = problem.span.is_empty() || self.damaged.contains(&problem.line);
                problem.key.is_none() || !was_guessed
            });
        }
        for problem in &mut list {
            let spans = problem.notes.iter_mut().map(|note| &mut note.span);
            for span in spans.chain([&mut problem.span]) {
                *span = original(span.start)..original(span.end);
            }
        }
        list.sort_by_key(|problem| (problem.span.start, problem.span.end));
        list.dedup();
        list
    }

    fn push(&mut self, span: Range<usize>, key: Option<String>, message: String) -> &mut Problem {
        let span = self.places.within(span);
        let (line, column) = self.places.of(span.start);
        self.list.push(Problem { message, span, line, column, key, help: None, notes: Vec::new() });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }
}

/// A text from the manifest for a message: short, and without characters that would act on a
/// terminal.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.is_empty() {
        return "an empty text".to_owned();
    }
    let mut shown = String::new();
    for c in text.chars() {
        if shown.len() >= LONGEST {
            shown.push('…');
            break;
        }
        match c {
            // Between backticks these need no escape.
            '\'' | '"' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    format!("`{shown}`")
}
