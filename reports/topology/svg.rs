//! Writes the sheet down as an inline SVG: no style but classes, no script, no reference to anything
//! outside.

use std::fmt::Write as _;

use super::layout::{Label, Line, Look, Rect, Sheet, Side, Style, WIDTH};
use super::marks::Scene;
use super::text::{escaped, shown};
use super::words;

/// The picture.
pub(super) fn draw(scene: &Scene<'_>, sheet: &Sheet, prefix: &str) -> String {
    let mut svg = Svg(String::with_capacity(6_000));
    let prefix = escaped(prefix);
    let name = escaped(&shown(&scene.own.deployment.name));
    let about = escaped(&words::summary(scene));
    svg.put(format_args!(
        "<svg class=\"topology\" role=\"img\" aria-labelledby=\"{prefix}t {prefix}d\" viewBox=\"0 0 {WIDTH} {}\"><title id=\"{prefix}t\">Topology of {name}</title><desc id=\"{prefix}d\">{about}</desc>",
        sheet.height
    ));
    for block in &sheet.blocks {
        let base = if block.is_network { "v" } else { "b" };
        svg.rect(block.rect, classes(base, block.look));
    }
    for line in &sheet.lines {
        svg.line(line);
    }
    for style in [
        Style::Kind,
        Style::Name,
        Style::Detail,
        Style::Bad,
        Style::Failing,
        Style::Unread,
        Style::Waived,
    ] {
        svg.labels(style, sheet.labels.iter().filter(|label| label.style == style));
    }
    svg.0.push_str("</svg>");
    svg.0
}

fn classes(base: &str, look: Look) -> String {
    let look = match look {
        Look::Plain => return base.to_owned(),
        Look::Sound => "s",
        Look::Faint => "o",
        Look::Gone => "g",
        Look::Waived => "w",
        Look::Spared => "w g",
        Look::Unread => "u",
        Look::Broken => "f",
        Look::Missing => "f g",
    };
    format!("{base} {look}")
}

struct Svg(String);

impl Svg {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a text cannot fail.
        let _ = self.0.write_fmt(text);
    }

    fn rect(&mut self, Rect { x, y, w, h }: Rect, class: String) {
        self.put(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/>"
        ));
    }

    fn line(&mut self, line: &Line) {
        let class = classes("l", line.look);
        self.put(format_args!("<path class=\"{class}\" d=\""));
        for (at, (x, y)) in line.points.iter().enumerate() {
            match at.checked_sub(1).map(|before| line.points[before]) {
                None => self.put(format_args!("M{x} {y}")),
                Some((_, same)) if same == *y => self.put(format_args!("H{x}")),
                Some(_) => self.put(format_args!("V{y}")),
            }
        }
        self.0.push_str("\"/>");
        if let (true, [.., (fx, fy), (x, y)]) = (line.has_arrow, line.points.as_slice()) {
            let (dx, dy) = ((x - fx).signum() * 8, (y - fy).signum() * 8);
            let (sx, sy) = (dy / 2, dx / 2);
            let class = classes("h", line.look);
            self.put(format_args!(
                "<path class=\"{class}\" d=\"M{x} {y}L{} {}L{} {}z\"/>",
                x - dx - sx,
                y - dy - sy,
                x - dx + sx,
                y - dy + sy
            ));
        }
        // A stub is too short to be crossed out.
        if line.look == Look::Missing
            && line.has_arrow
            && let [.., (ax, ay), (bx, by)] = line.points.as_slice()
        {
            // A cross towards the end, where no text stands.
            let (x, y) = (ax + (bx - ax) * 7 / 8, ay + (by - ay) * 5 / 8);
            self.put(format_args!(
                "<path class=\"x\" d=\"M{} {}l8 8M{} {}l-8 8\"/>",
                x - 4,
                y - 4,
                x + 4,
                y - 4
            ));
        }
    }

    fn labels<'l>(&mut self, style: Style, labels: impl Iterator<Item = &'l Label>) {
        let class = match style {
            Style::Kind => "k",
            Style::Name => "n",
            Style::Detail => "d",
            Style::Bad => "d f",
            Style::Failing => "p f",
            Style::Unread => "p u",
            Style::Waived => "p w",
        };
        let mut labels = labels.peekable();
        if labels.peek().is_none() {
            return;
        }
        self.put(format_args!("<g class=\"{class}\">"));
        for label in labels {
            self.label(label);
        }
        self.0.push_str("</g>");
    }

    fn label(&mut self, label: &Label) {
        let rect = label.rect;
        if label.style.is_pill() {
            let Rect { x, y, w, h } = rect;
            self.put(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"/>"));
        }
        let (x, anchor) = match label.side {
            Side::Left => (rect.x, ""),
            Side::Middle => (rect.x + rect.w / 2, " class=\"m\""),
            Side::Right => (rect.right(), " class=\"e\""),
        };
        // Pills are in the middle by their class.
        let anchor = if label.style.is_pill() { "" } else { anchor };
        let y = rect.y + (rect.h + label.style.font().size * 7 / 10) / 2;
        self.put(format_args!("<text x=\"{x}\" y=\"{y}\"{anchor}>{}", escaped(&label.text)));
        if let Some(title) = &label.title {
            self.put(format_args!("<title>{}</title>", escaped(title)));
        }
        self.0.push_str("</text>");
    }
}
