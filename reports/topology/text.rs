//! How wide a text is, and what is left of it where there is no room.

use vaudit_model::shell::inert;

/// What a text is written in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Font {
    /// The size in pixels.
    pub(super) size: i32,
    /// Whether it is bold, and so wider.
    pub(super) is_bold: bool,
}

/// The width of a text in pixels in a font, rather too large than too small: the fonts of the
/// reader are not known.
pub(super) fn width(text: &str, font: Font) -> i32 {
    pixels(text.chars().map(advance).sum(), font)
}

fn pixels(hundredths: i32, font: Font) -> i32 {
    let weight = if font.is_bold { 118 } else { 100 };
    (hundredths * font.size * weight + 9_999) / 10_000
}

/// The width of a character in hundredths of the font size.
fn advance(c: char) -> i32 {
    match c {
        ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'i' | 'j' | 'l' | '·' => 36,
        'f' | 't' | 'r' | 'I' | '(' | ')' | '[' | ']' | '/' | '-' => 46,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 98,
        'a'..='z' | '0'..='9' | '_' | '…' => 62,
        ' '..='~' => 76,
        '\u{300}'..='\u{36f}' | '\u{2068}' | '\u{2069}' => 0,
        '\u{80}'..='\u{10ff}' => 80,
        _ => 125,
    }
}

/// A text of others that shows what it is: without control characters, and as it stands whatever the
/// writing direction of what is beside it.
pub(super) fn shown(text: &str) -> String {
    let text = inert(text);
    if text.is_ascii() { text } else { format!("\u{2068}{text}\u{2069}") }
}

/// A text that fits into a width: without its middle if need be.
pub(super) fn fitting(text: &str, room: i32, font: Font) -> String {
    if width(text, font) <= room {
        return text.to_owned();
    }
    let marks = ['\u{2068}', '\u{2069}'];
    let chars: Vec<char> = text.chars().filter(|c| !marks.contains(c)).collect();
    let fits = |hundredths: i32| pixels(hundredths, font) <= room;
    let (mut head, mut tail) = (0, 0);
    let mut used = advance('…');
    while head + tail < chars.len() {
        let is_heads = head <= tail;
        let next = if is_heads { chars[head] } else { chars[chars.len() - 1 - tail] };
        used += advance(next);
        if !fits(used) {
            break;
        }
        if is_heads {
            head += 1;
        } else {
            tail += 1;
        }
    }
    let mut short: String = chars[..head].iter().collect();
    short.push('…');
    short.extend(&chars[chars.len() - tail..]);
    match short.chars().all(|c| c.is_ascii() || c == '…') {
        true => short,
        false => format!("\u{2068}{short}\u{2069}"),
    }
}

/// A text for an XML document.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Not characters of XML.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FONT: Font = Font { size: 11, is_bold: false };

    #[test]
    fn long_names_lose_their_middle_and_fit() {
        let long = format!("vnet-{}-end", "x".repeat(300));
        let short = fitting(&long, 120, FONT);
        assert!(short.starts_with("vnet-") && short.ends_with("end") && short.contains('…'));
        assert!(width(&short, FONT) <= 120);
        assert_eq!(fitting("vnet-aks", 120, FONT), "vnet-aks");
        let wide = shown(&"日本語".repeat(20));
        let short = fitting(&wide, 100, FONT);
        assert!(width(&short, FONT) <= 100 && short.starts_with('\u{2068}'), "{short}");
        assert_eq!(fitting("xxxx", 1, FONT), "…");
    }

    #[test]
    fn names_of_others_neither_act_nor_turn_what_stands_beside() {
        assert_eq!(shown("a\u{1b}[31m\u{202e}b"), "\u{2068}a\u{fffd}[31m\u{fffd}b\u{2069}");
        assert_eq!(escaped("<b>&\"'\u{1}"), "&lt;b&gt;&amp;&quot;'\u{fffd}");
    }
}
