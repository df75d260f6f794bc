//! From byte offsets to lines and columns.

use std::ops::Range;

/// A marker is set at least every this many characters, so that a long line costs no more than a
/// short one.
const STRIDE: u32 = 256;

/// The lines and columns of a text, both from 1, columns in characters.
pub(crate) struct Places<'t> {
    text: &'t str,
    markers: Vec<Marker>,
}

struct Marker {
    offset: usize,
    line: u32,
    column: u32,
}

impl<'t> Places<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        // A byte order mark is no character of the first line.
        let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let mut markers = vec![Marker { offset: 0, line: 1, column: 1 }];
        let (mut line, mut column) = (1_u32, 1_u32);
        for (offset, c) in text[start..].char_indices() {
            if offset == 0 || column.is_multiple_of(STRIDE) {
                markers.push(Marker { offset: start + offset, line, column });
            }
            column += 1;
            if c == '\n' {
                (line, column) = (line + 1, 1);
                markers.push(Marker { offset: start + offset + 1, line, column });
            }
        }
        Self { text, markers }
    }

    /// The line and column of an offset.
    pub(crate) fn of(&self, offset: usize) -> (u32, u32) {
        let offset = self.within(offset..offset).start;
        let next = self.markers.partition_point(|marker| marker.offset <= offset);
        let marker = &self.markers[next.saturating_sub(1)];
        let between = self.text[marker.offset..offset].chars().filter(|c| *c != '\u{feff}').count();
        (marker.line, marker.column + u32::try_from(between).unwrap_or(u32::MAX))
    }

    /// The span, moved so that it lies in the text and cuts no character.
    pub(crate) fn within(&self, span: Range<usize>) -> Range<usize> {
        let floor = |offset: usize| {
            let offset = offset.min(self.text.len());
            (0..=offset).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
        };
        let start = floor(span.start);
        start..floor(span.end).max(start)
    }

    /// The line an offset is on, without its end.
    pub(crate) fn line(&self, offset: usize) -> &'t str {
        let at = self.within(offset..offset).start;
        let start = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        self.text[start..].lines().next().unwrap_or_default()
    }

    /// What stands in a span.
    pub(crate) fn slice(&self, span: Range<usize>) -> &'t str {
        &self.text[self.within(span)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = format!("\u{feff}a = \"äö\" # x\r\nb = 1\n{}ß = 2", "ü".repeat(1000));
        let places = Places::new(&text);
        let of = |needle| places.of(text.find(needle).unwrap());
        assert_eq!(places.of(0), (1, 1));
        assert_eq!(of("a ="), (1, 1));
        assert_eq!(of("#"), (1, 10));
        assert_eq!(of("b ="), (2, 1));
        assert_eq!(of("= 2"), (3, 1003));
        assert_eq!(places.of(usize::MAX), (3, 1006));
        let inside_a_character = text.find('ß').unwrap() + 1;
        assert_eq!(places.of(inside_a_character), (3, 1001));
        assert_eq!(places.slice(inside_a_character..usize::MAX), "ß = 2");
        assert_eq!(Places::new("").of(3), (1, 1));
    }
}
