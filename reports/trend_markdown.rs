//! The trend as Markdown, for a job summary or an issue.

use vaudit_model::history::{Cell, Trend, TrendFinding};

use crate::markdown::LIMIT;
use crate::markdown_text::{code, prose};
use crate::trend_wording::{self as wording, Signs, State};

/// How many runs a picture shows.
const RUNS: usize = 60;
/// The sentence about what is left out, at its longest.
const LEFT_OUT: usize = 200;

/// Renders the trend as Markdown that a comment has room for.
pub fn render(trend: &Trend) -> String {
    let mut text = format!("## vaudit trend\n\n{}", prose(&wording::runs(trend)));
    for missing in wording::missing(trend) {
        text += &format!(" {}", prose(&missing));
    }
    text += "\n\n";
    if trend.findings.is_empty() {
        return text + "✅ Nothing failed, and everything could be judged.\n";
    }
    let legend = format!("{}\n", prose(&Signs::new(true).legend()));
    let mut blocks = Vec::new();
    for (name, findings) in wording::by_deployment(trend) {
        blocks.push(format!("### {} — {}\n\n", code(name), wording::counts(&findings)));
        for (heading, states) in State::SECTIONS {
            let chosen = wording::section(&findings, states);
            if !chosen.is_empty() {
                blocks.push(format!("#### {heading}\n\n"));
            }
            blocks.extend(chosen.into_iter().map(|own| finding(trend, own)));
        }
        let groups = wording::blind(&findings);
        if !groups.is_empty() {
            blocks.push("#### Could not be judged\n\n".to_owned());
        }
        blocks.extend(groups.iter().map(|group| {
            let sign = match group.findings.first().map(|own| State::of(own)) {
                Some(State::Unknown) => "❔",
                _ => "✅",
            };
            let cells = group.findings.first().map_or(&[][..], |own| &own.cells);
            let (rules, times) = (prose(&group.rules()), prose(&group.times(trend)));
            format!("- {sign} {rules}\\\n  in {times}\\\n  {}\n\n", picture(trend, cells))
        }));
    }
    let mut left = 0;
    for block in blocks {
        if left == 0 && text.len() + block.len() + legend.len() + LEFT_OUT <= LIMIT {
            text += &block;
        } else {
            left += 1;
        }
    }
    if left > 0 {
        text += "✂️ **There is more than such a text may hold:** `vaudit trend --format json` has it all.\n\n";
    }
    text + &legend
}

fn finding(trend: &Trend, finding: &TrendFinding) -> String {
    let sign = match State::of(finding) {
        State::Failing => "❌",
        State::Waived => "⚠️",
        State::OutOfSight | State::Unknown => "❔",
        State::Mended | State::JudgedAgain => "✅",
    };
    let mut lines = vec![format!(
        "- {sign} **{}** {} {}: {}",
        finding.severity.word(),
        prose(&finding.rule),
        prose(&finding.title),
        code(&wording::name(finding))
    )];
    if let Some(open) = finding.open() {
        lines.push(format!("  **since {}**", prose(&wording::episode(trend, open))));
    }
    let (episodes, more) = wording::earlier(finding);
    lines.extend(
        episodes.iter().map(|own| format!("  failed {}", prose(&wording::episode(trend, own)))),
    );
    if more > 0 {
        lines.push(format!("  and {more} times earlier"));
    }
    let flaps = wording::flaps(finding);
    if !flaps.is_empty() {
        lines.push(format!("  broke {flaps}"));
    }
    lines.push(format!("  {}", picture(trend, &finding.cells)));
    lines.join("\\\n") + "\n\n"
}

fn picture(trend: &Trend, cells: &[Cell]) -> String {
    let (cut, drawn) = wording::picture(trend, cells, RUNS);
    let signs = Signs::new(true);
    let drawn = drawn.into_iter().map(|cell| cell.map_or(' ', |cell| signs.of(cell)));
    let more = if cut { "…" } else { "" };
    code(&format!("{more}{}", drawn.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned_past;

    #[test]
    fn a_comment_shows_it_and_has_room() {
        let text = render(&canned_past::trend());
        assert_eq!(vaudit_model::shell::inert_lines(&text), text);
        insta::assert_snapshot!("trend.md", text);
        let mut large = canned_past::trend();
        large.findings = std::iter::repeat_n(large.findings[0].clone(), 2000).collect();
        let text = render(&large);
        assert!(text.len() <= LIMIT && text.contains("There is more than"), "{}", text.len());
        assert!(text.ends_with("missing.\n"), "the legend stays");
    }
}
