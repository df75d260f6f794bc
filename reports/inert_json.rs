//! Writes JSON in which no character can act on a terminal or hide text.
//!
//! Values stay what they are: such a character is written as an escape, so a reader gets back
//! exactly what Azure said, and `cat report.json` shows nothing but plain text.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;
use vaudit_model::shell::inert;

/// As many levels as there may be.
pub(crate) const EVERY_LEVEL: usize = usize::MAX;
const INDENTATION: &str = "  ";

/// Writes a value with an indentation of two spaces and a line break at the end.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    shallow(value, EVERY_LEVEL)
}

/// Writes a value so that what lies deeper than so many levels is in one line each. There is a line
/// break at the end.
pub(crate) fn shallow(value: &impl Serialize, levels: usize) -> String {
    let mut written = Vec::new();
    write(&mut written, value, levels, 0);
    written.push(b'\n');
    text(written)
}

/// What was written, as the text it is.
pub(crate) fn text(written: Vec<u8>) -> String {
    match String::from_utf8(written) {
        Ok(text) => text,
        Err(error) => unreachable!("a report is made of texts: {error}"),
    }
}

/// Writes a value that stands so deep in a document whose levels, so many of them, have lines of their
/// own.
pub(crate) fn write(text: &mut Vec<u8>, value: &impl Serialize, levels: usize, depth: usize) {
    let layout = Inert(Lines { levels, depth, is_filled: false });
    // Every key of a report is a text and no value writes itself by hand.
    if let Err(error) = value.serialize(&mut Serializer::with_formatter(text, layout)) {
        unreachable!("a report always serialises: {error}")
    }
}

/// The line break before what stands so deep.
pub(crate) fn new_line(depth: usize) -> String {
    format!("\n{}", INDENTATION.repeat(depth))
}

/// A layout, in which texts have escapes for what `serde_json` leaves raw: DEL, the C1 controls and the
/// marks that turn the writing direction or have no width. An escape means the same to a reader.
struct Inert<F>(F);

impl<F: Formatter> Formatter for Inert<F> {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        // Without a way out of the loop it takes many bytes at a time.
        if fragment.bytes().fold(true, |is_plain, byte| is_plain & (byte < 0x7f)) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut written = 0;
        for (place, c) in fragment.char_indices().filter(|(_, c)| is_active(*c)) {
            writer.write_all(&fragment.as_bytes()[written..place])?;
            written = place + c.len_utf8();
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        writer.write_all(&fragment.as_bytes()[written..])
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// A layout with lines and an indentation for the outer levels, and none for the inner ones.
struct Lines {
    levels: usize,
    depth: usize,
    /// Whether what was written last is a value of the array or object that ends.
    is_filled: bool,
}

impl Lines {
    fn begin<W: ?Sized + io::Write>(&mut self, writer: &mut W, sign: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.is_filled = false;
        writer.write_all(sign)
    }

    fn next<W: ?Sized + io::Write>(&self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.new_line(writer, self.depth <= self.levels)
    }

    fn end<W: ?Sized + io::Write>(&mut self, writer: &mut W, sign: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        self.new_line(writer, self.is_filled && self.depth < self.levels)?;
        writer.write_all(sign)
    }

    fn new_line<W: ?Sized + io::Write>(&self, writer: &mut W, wanted: bool) -> io::Result<()> {
        if wanted {
            writer.write_all(b"\n")?;
            (0..self.depth).try_for_each(|_| writer.write_all(INDENTATION.as_bytes()))?;
        }
        Ok(())
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.next(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.next(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(if self.depth <= self.levels { b": " } else { b":" })
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_filled = true;
        Ok(())
    }
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
        let json = shallow(&[hostile], 0);
        assert_eq!(json.lines().count(), 1);
        assert!(!json.trim_end().chars().any(is_active), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [hostile]);
    }

    #[test]
    fn what_lies_deep_is_in_one_line() {
        let value = serde_json::json!({"a": [{"b": [1, 2], "c": {}}, []], "d": {}});
        let text = "{\n  \"a\": [\n    {\"b\":[1,2],\"c\":{}},\n    []\n  ],\n  \"d\": {}\n}\n";
        assert_eq!(shallow(&value, 2), text);
        assert_eq!(pretty(&value), format!("{value:#}\n"));
        let mut within = b"{\n  \"a\": ".to_vec();
        write(&mut within, &value["a"], 2, 1);
        assert_eq!(String::from_utf8(within).unwrap() + ",\n  \"d\": {}\n}\n", text);
    }
}
