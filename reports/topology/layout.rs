//! The places of the picture: boxes, lines and labels on a sheet. What is drawn is decided here, and
//! `svg.rs` writes it down.
//!
//! From top to bottom: the deployment, the private DNS zones, the two networks with what lies between
//! them, the application's storage and its service principal, the account of the blob copies.

use super::marks::{Mark, Scene};
use super::text::{Font, fitting, width};
use super::{columns, gap, storage, zones};

/// The width of every picture.
pub(super) const WIDTH: i32 = 960;
/// The left and the right column, and what lies between them.
pub(super) const LEFT: Span = Span { x: 16, w: 354 };
pub(super) const RIGHT: Span = Span { x: 590, w: 354 };
pub(super) const MIDDLE: Span = Span { x: 370, w: 220 };
/// The inner margin of a box.
pub(super) const PAD: i32 = 10;
/// The room between a line and the label beside it.
const CLEARANCE: i32 = 4;

const PILL_HEIGHT: i32 = 16;
const PILL_GAP: i32 = 4;

/// A stretch from left to right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) x: i32,
    pub(super) w: i32,
}

impl Span {
    /// The right end.
    pub(super) fn end(self) -> i32 {
        self.x + self.w
    }

    /// The same without a margin at both ends.
    pub(super) fn inside(self, margin: i32) -> Self {
        Self { x: self.x + margin, w: self.w - 2 * margin }
    }
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) w: i32,
    pub(super) h: i32,
}

impl Rect {
    /// The right edge.
    pub(super) fn right(self) -> i32 {
        self.x + self.w
    }

    /// The lower edge.
    pub(super) fn bottom(self) -> i32 {
        self.y + self.h
    }
}

/// What became of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// It is there, and nothing was judged about it.
    Plain,
    /// It is as it should be, as far as was judged.
    Sound,
    /// Nothing asked for it.
    Faint,
    /// It is not there, and nothing minds.
    Gone,
    /// Something about it is waived.
    Waived,
    /// It is not there, which is waived.
    Spared,
    /// It, or something about it, could not be read.
    Unread,
    /// It breaks a rule.
    Broken,
    /// It breaks a rule by not being there.
    Missing,
}

/// The kinds of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Style {
    /// What a thing is.
    Kind,
    /// What it is called.
    Name,
    /// What is known of it.
    Detail,
    /// A detail that is not as it should be.
    Bad,
    /// A rule that fails, that could not be judged, or that is waived.
    Failing,
    Unread,
    Waived,
}

impl Style {
    /// What it is written in.
    pub(super) fn font(self) -> Font {
        let (size, is_bold) = match self {
            Self::Kind => (10, false),
            Self::Name => (13, true),
            Self::Detail => (11, false),
            Self::Bad => (11, true),
            Self::Failing | Self::Unread | Self::Waived => (10, true),
        };
        Font { size, is_bold }
    }

    fn height(self) -> i32 {
        match self {
            Self::Kind => 13,
            Self::Name => 17,
            Self::Detail | Self::Bad => 15,
            Self::Failing | Self::Unread | Self::Waived => PILL_HEIGHT,
        }
    }

    /// Whether it stands on a ground of its own.
    pub(super) fn is_pill(self) -> bool {
        matches!(self, Self::Failing | Self::Unread | Self::Waived)
    }
}

/// On which side of its room a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Middle,
    Right,
}

/// A box.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) rect: Rect,
    /// The box it lies in.
    pub(super) parent: Option<usize>,
    pub(super) look: Look,
    /// Whether it is a network, which other things lie in.
    pub(super) is_network: bool,
}

/// A text.
#[derive(Debug)]
pub(super) struct Label {
    pub(super) rect: Rect,
    pub(super) text: String,
    pub(super) style: Style,
    pub(super) side: Side,
    /// The whole text where it was shortened, or what a rule is about.
    pub(super) title: Option<String>,
    /// The box it lies in.
    #[cfg_attr(not(test), expect(dead_code, reason = "a fact about the layout that tests hold"))]
    pub(super) owner: Option<usize>,
}

/// A line along a grid.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) points: Vec<(i32, i32)>,
    pub(super) look: Look,
    pub(super) has_arrow: bool,
}

/// Something to be written.
pub(super) struct Text {
    style: Style,
    text: String,
}

impl Text {
    /// What is to be written.
    pub(super) fn into_words(self) -> String {
        self.text
    }
}

/// A text of ours or of others; the latter were made harmless before.
pub(super) fn text(style: Style, text: impl Into<String>) -> Text {
    Text { style, text: text.into() }
}

/// The sheet.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) height: i32,
    pub(super) blocks: Vec<Block>,
    pub(super) labels: Vec<Label>,
    pub(super) lines: Vec<Line>,
}

impl Sheet {
    /// Begins a box; where it ends is known when all is in it.
    pub(super) fn open(&mut self, parent: Option<usize>, span: Span, y: i32, look: Look) -> usize {
        let rect = Rect { x: span.x, y, w: span.w, h: 0 };
        let block = Block { rect, parent, look, is_network: false };
        self.blocks.push(block);
        self.blocks.len() - 1
    }

    /// Ends a box.
    pub(super) fn close(&mut self, block: usize, bottom: i32) {
        let rect = &mut self.blocks[block].rect;
        rect.h = bottom - rect.y;
    }

    /// The rectangle of a box.
    pub(super) fn rect(&self, block: usize) -> Rect {
        self.blocks[block].rect
    }

    /// Writes texts below each other, and the findings below them. Gives where the next thing may be.
    pub(super) fn write(
        &mut self,
        owner: Option<usize>,
        (room, y): (Span, i32),
        side: Side,
        texts: impl IntoIterator<Item = Text>,
        mark: &Mark,
    ) -> i32 {
        let mut y = y;
        for Text { style, text } in texts {
            let short = fitting(&text, room.w, style.font());
            let title = (short != text).then_some(text);
            let w = width(&short, style.font()).min(room.w);
            let rect = Rect { x: aligned(room, w, side), y, w, h: style.height() };
            self.labels.push(Label { rect, text: short, style, side, title, owner });
            y += style.height();
        }
        self.pills(owner, (room, y), side, mark)
    }

    /// Writes the findings in rows.
    fn pills(
        &mut self,
        owner: Option<usize>,
        (room, y): (Span, i32),
        side: Side,
        mark: &Mark,
    ) -> i32 {
        let pills = pills(mark);
        if pills.is_empty() {
            return y;
        }
        let mut y = y + 2;
        let mut row: Vec<(i32, Style, String, Option<String>)> = Vec::new();
        let mut used = 0;
        let mut rows = Vec::new();
        for (style, text, title) in pills {
            let w = width(&text, style.font()) + 10;
            if used + w > room.w && !row.is_empty() {
                rows.push(std::mem::take(&mut row));
                used = 0;
            }
            used += w + PILL_GAP;
            row.push((w, style, text, title));
        }
        rows.push(row);
        for row in rows {
            let all: i32 = row.iter().map(|pill| pill.0 + PILL_GAP).sum::<i32>() - PILL_GAP;
            let mut x = aligned(room, all, side);
            for (w, style, text, title) in row {
                let rect = Rect { x, y, w, h: PILL_HEIGHT };
                let side = Side::Middle;
                self.labels.push(Label { rect, text, style, side, title, owner });
                x += w + PILL_GAP;
            }
            y += PILL_HEIGHT + PILL_GAP;
        }
        y
    }

    /// Draws a line.
    pub(super) fn line(&mut self, points: Vec<(i32, i32)>, look: Look, has_arrow: bool) {
        self.lines.push(Line { points, look, has_arrow });
    }

    /// A box of texts and findings that nothing else lies in.
    pub(super) fn card(
        &mut self,
        parent: Option<usize>,
        (span, y): (Span, i32),
        look: Look,
        texts: impl IntoIterator<Item = Text>,
        mark: &Mark,
    ) -> usize {
        let card = self.open(parent, span, y, look);
        let room = (span.inside(PAD), y + 7);
        let bottom = self.write(Some(card), room, Side::Left, texts, mark);
        self.close(card, bottom + 7);
        card
    }

    /// Writes beside a line that runs from left to right at `y`: texts above it, what was found and
    /// more texts below. Gives where the next thing may be.
    pub(super) fn beside(
        &mut self,
        (room, y): (Span, i32),
        side: Side,
        (above, below): (Vec<Text>, Vec<Text>),
        mark: &Mark,
    ) -> i32 {
        let height: i32 = above.iter().map(|text| text.style.height()).sum();
        let clear = Mark::default();
        self.write(None, (room, y - height - CLEARANCE), side, above, &clear);
        self.write(None, (room, y + CLEARANCE), side, below, mark)
    }
}

fn aligned(room: Span, w: i32, side: Side) -> i32 {
    match side {
        Side::Left => room.x,
        Side::Middle => room.x + (room.w - w) / 2,
        Side::Right => room.end() - w,
    }
}

/// The findings as they are written: each failing rule, and the rest by the first few.
fn pills(mark: &Mark) -> Vec<(Style, String, Option<String>)> {
    let failing = mark.failing.iter().map(|rule| (Style::Failing, format!("✕ {rule}"), None));
    let mut pills: Vec<_> = failing.collect();
    for (style, word, rules) in
        [(Style::Unread, "unread", &mark.unread), (Style::Waived, "waived", &mark.waived)]
    {
        let text = match rules.as_slice() {
            [] => continue,
            [one] => format!("{word} {one}"),
            [one, two] => format!("{word} {one} {two}"),
            [one, rest @ ..] => format!("{word} {one} +{}", rest.len()),
        };
        let title = (rules.len() > 2).then(|| rules.join(" "));
        pills.push((style, text, title));
    }
    pills
}

/// Gives everything its place.
pub(super) fn lay_out(scene: &Scene<'_>) -> Sheet {
    let mut sheet = Sheet::default();
    let top = columns::deployment(&mut sheet, scene);
    let (zones, y) = zones::boxes(&mut sheet, scene, top);
    let networks = columns::networks(&mut sheet, scene, y);
    let between = gap::middle(&mut sheet, scene, y);
    let bottom = networks.bottom.max(between.bottom);
    columns::stretch(&mut sheet, &networks, bottom);
    gap::lines(&mut sheet, scene, &networks, &between);
    zones::links(&mut sheet, scene, &zones, y);
    sheet.height = storage::below(&mut sheet, scene, &networks, bottom) + 8;
    sheet
}
