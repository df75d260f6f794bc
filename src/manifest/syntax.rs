//! The text as a tree of TOML values with their places, as much of it as can be read.

use std::ops::Range;

use toml::de::{DeTable, Error};

use crate::keys::DEPLOYMENT;
use crate::problem::{Problems, quote};

/// A text without the mistakes after which `toml` loses sight of what follows.
pub(crate) struct Repaired {
    /// The text, every line where the original has it.
    pub(crate) text: String,
    /// The brackets that were put in.
    inserted: Vec<Inserted>,
    /// The mistakes, by their places in the repaired text.
    mistakes: Vec<Mistake>,
}

struct Inserted {
    /// Where, in the repaired text.
    range: Range<usize>,
    /// How many bytes were put in before.
    earlier: usize,
}

struct Mistake {
    message: String,
    span: Range<usize>,
}

impl Repaired {
    /// Blanks lines that are no `key = value`, and closes headers that are not closed.
    pub(crate) fn new(original: &str) -> Self {
        let mut repaired = Self { text: String::new(), inserted: Vec::new(), mistakes: Vec::new() };
        let (_, errors) = DeTable::parse_recoverable(original);
        let mut errors: Vec<Mistake> = errors.into_iter().map(Mistake::from).collect();
        errors.retain(|error| error.is_stray_word() || error.missing_brackets().is_some());
        errors.sort_by_key(|error| error.span.start);
        let mut copied = 0;
        for error in errors {
            let at = error.span.start;
            if at < copied || !original.is_char_boundary(at) {
                continue;
            }
            if let Some(brackets) = error.missing_brackets() {
                repaired.text.push_str(&original[copied..at]);
                repaired.mistake_here(error);
                let start = repaired.text.len();
                let earlier = start - at;
                repaired.text.push_str(brackets);
                repaired.inserted.push(Inserted { range: start..repaired.text.len(), earlier });
                copied = at;
            } else {
                let start = original[copied..at].rfind('\n').map_or(copied, |n| copied + n + 1);
                let end = original[at..].find('\n').map_or(original.len(), |n| at + n);
                repaired.text.push_str(&original[copied..start]);
                repaired.text.push_str(&" ".repeat(at - start));
                repaired.mistake_here(error);
                repaired.text.push_str(&" ".repeat(end - at));
                copied = end;
            }
        }
        repaired.text.push_str(&original[copied..]);
        repaired
    }

    /// The offset in the original of an offset in the repaired text.
    pub(crate) fn original(&self, offset: usize) -> usize {
        let next = self.inserted.partition_point(|inserted| inserted.range.start < offset);
        let Some(last) = next.checked_sub(1).map(|last| &self.inserted[last]) else {
            return offset;
        };
        offset - last.earlier - (offset.min(last.range.end) - last.range.start)
    }

    fn mistake_here(&mut self, error: Mistake) {
        let here = self.text.len();
        self.mistakes.push(Mistake { span: here..here, ..error });
    }
}

impl Mistake {
    /// `toml` reads nothing after a key without `=`.
    fn is_stray_word(&self) -> bool {
        self.message.starts_with("key with no value")
    }

    /// `toml` takes everything up to the next header for a part of a header that is not closed.
    fn missing_brackets(&self) -> Option<&'static str> {
        match self.message.as_str() {
            "unclosed table, expected `]`" | "unclosed array table, expected `]`" => Some("]"),
            "unclosed array table, expected `]]`" => Some("]]"),
            _ => None,
        }
    }
}

impl From<Error> for Mistake {
    fn from(error: Error) -> Self {
        Self { message: error.message().to_owned(), span: error.span().unwrap_or(0..0) }
    }
}

/// Reads the tree. What is not TOML goes to the problems.
pub(crate) fn read<'r>(repaired: &'r Repaired, problems: &mut Problems<'_>) -> DeTable<'r> {
    let (root, errors) = DeTable::parse_recoverable(&repaired.text);
    let mut mistakes: Vec<Mistake> = errors.into_iter().map(Mistake::from).collect();
    mistakes.sort_by_key(|mistake| mistake.span.start);
    for mistake in repaired.mistakes.iter().chain(&mistakes) {
        report(mistake, problems);
    }
    let root = root.into_inner();
    let mut headers = Vec::new();
    note_headers(&root, problems, &mut headers);
    problems.note_headers(headers);
    root
}

/// Adds where the headers of the tables below a table are. Inline tables, and those of keys with
/// dots, stand below the header of another.
fn note_headers(table: &DeTable<'_>, problems: &Problems<'_>, headers: &mut Vec<usize>) {
    for value in table.values() {
        let items = value.get_ref().as_array().into_iter().flatten();
        for value in items.chain([value]) {
            let Some(table) = value.get_ref().as_table() else { continue };
            if problems.places.slice(value.span()).starts_with('[') {
                headers.push(value.span().start);
            }
            note_headers(table, problems, headers);
        }
    }
}

fn report(mistake: &Mistake, problems: &mut Problems<'_>) {
    let span = mistake.span.clone();
    let source = problems.places.slice(span.clone());
    let mut help = None;
    let message = match mistake.message.as_str() {
        "duplicate key" => {
            if source == DEPLOYMENT.name {
                let heading = DEPLOYMENT.heading();
                help = Some(format!("write `{heading}` above the tables that belong to it"));
            }
            format!("{} is set a second time", quote(source))
        }
        message if !message.starts_with("string values must be quoted") => message.to_owned(),
        _ if source.is_empty() => "a value is missing".to_owned(),
        _ => format!("{} is no value: texts stand in quotes", quote(source)),
    };
    problems.add_syntax(span, message, help);
}
