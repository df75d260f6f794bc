//! The trend for a terminal: what is not mended first, then what was, then what nobody could judge.
//!
//! [`json`](fn@json) and [`markdown`](fn@markdown) tell the same in their way.

use vaudit_model::history::{Cell, Trend, TrendFinding};
use vaudit_model::rule::Verdict;

use crate::TableOptions;
use crate::layout::Sheet;
use crate::style::{Style, Terminal};
use crate::trend_wording::{self as wording, Signs, State};

pub use crate::trend_json::render as json;
pub use crate::trend_markdown::render as markdown;

/// How far the lines below a finding's heading stand in, with their label.
const BESIDE: usize = 14;

/// Renders the trend for a terminal.
pub fn table(trend: &Trend, options: &TableOptions) -> String {
    let terminal = Terminal { colour: options.colour, unicode: options.unicode };
    let mut sheet = Sheet::new(terminal, options.width);
    sheet.prose(0, Style::Faint, &wording::runs(trend));
    for missing in wording::missing(trend) {
        sheet.prose(0, Style::Doubt, &missing);
    }
    let deployments = wording::by_deployment(trend);
    if deployments.is_empty() {
        sheet.blank();
        sheet.prose(0, Style::Good, "Nothing failed, and everything could be judged.");
        return sheet.finish();
    }
    for (name, findings) in deployments {
        sheet.blank();
        let line = terminal.line(sheet.prose_width());
        sheet.line(0, Style::Faint, &line);
        headline(&mut sheet, name, &findings);
        for (heading, states) in State::SECTIONS {
            section(&mut sheet, trend, heading, &wording::section(&findings, states), options);
        }
        blind(&mut sheet, trend, &findings);
    }
    sheet.blank();
    sheet.prose(0, Style::Faint, &Signs::new(terminal.unicode).legend());
    sheet.finish()
}

fn headline(sheet: &mut Sheet, name: &str, findings: &[&TrendFinding]) {
    let worst = findings.iter().map(|finding| State::of(finding)).min();
    let (verdict, style) = match worst {
        Some(State::Failing) => (Verdict::Fail, Style::Bad),
        Some(State::OutOfSight) => (Verdict::Indeterminate, Style::Doubt),
        _ if findings.iter().any(|finding| State::of(finding) == State::Unknown) => {
            (Verdict::Indeterminate, Style::Doubt)
        }
        _ => (Verdict::Pass, Style::Good),
    };
    let symbol = sheet.terminal.symbol(verdict);
    let text = format!("{name} — {}", wording::counts(findings));
    sheet.hanging(0, &[(style, symbol), (Style::Plain, " ")], Style::Strong, &text);
}

fn section(
    sheet: &mut Sheet,
    trend: &Trend,
    heading: &str,
    findings: &[&TrendFinding],
    options: &TableOptions,
) {
    if findings.is_empty() {
        return;
    }
    sheet.blank();
    sheet.line(0, Style::Strong, heading);
    for finding in findings {
        sheet.blank();
        title(sheet, finding);
        let name =
            if options.verbose > 0 { finding.subject.clone() } else { wording::name(finding) };
        sheet.exact_field("on", &name, options.verbose > 0);
        if let Some(open) = finding.open() {
            sheet.field("since", &wording::episode(trend, open));
        }
        let (episodes, more) = wording::earlier(finding);
        for (place, episode) in episodes.into_iter().enumerate() {
            let label = match (place, finding.open()) {
                (0, Some(_)) => "before",
                (0, None) => "failed",
                _ => "",
            };
            sheet.field(label, &wording::episode(trend, episode));
        }
        if more > 0 {
            sheet.field("", &format!("and {more} times earlier"));
        }
        sheet.field("broke", &wording::flaps(finding));
        picture(sheet, trend, &finding.cells);
        if options.verbose > 1 {
            sheet.field("finding", &finding.fingerprint);
        }
    }
}

fn title(sheet: &mut Sheet, finding: &TrendFinding) {
    let state = State::of(finding);
    let (verdict, style) = match state {
        State::Failing => (Verdict::Fail, Style::of(finding.severity)),
        State::Mended => (Verdict::Pass, Style::Good),
        _ => (Verdict::Indeterminate, Style::Doubt),
    };
    let symbol = match state {
        State::Waived => "w ".to_owned(),
        _ => format!("{} ", sheet.terminal.symbol(verdict)),
    };
    let severity = format!("{:<8}  ", finding.severity.word().to_ascii_uppercase());
    let rule = format!("{:<6}  ", sheet.terminal.exact(&finding.rule));
    let mut lead = vec![(style, symbol.as_str()), (style, severity.as_str())];
    let mut text = finding.title.clone();
    if wording::is_column(&rule) {
        lead.push((Style::Strong, &rule));
    } else {
        text = rule + &text;
    }
    sheet.hanging(0, &lead, Style::Strong, &text);
}

/// What never failed and could not be judged for a time.
fn blind(sheet: &mut Sheet, trend: &Trend, findings: &[&TrendFinding]) {
    let groups = wording::blind(findings);
    if groups.is_empty() {
        return;
    }
    sheet.blank();
    sheet.line(0, Style::Strong, "Could not be judged");
    for group in groups {
        sheet.blank();
        let now = group.findings.first().map(|finding| State::of(finding));
        let (verdict, style) = match now {
            Some(State::Unknown) => (Verdict::Indeterminate, Style::Doubt),
            _ => (Verdict::Pass, Style::Good),
        };
        let symbol = format!("{} ", sheet.terminal.symbol(verdict));
        sheet.hanging(0, &[(style, &symbol)], Style::Strong, &group.rules());
        sheet.field("in", &group.times(trend));
        if let Some(finding) = group.findings.first() {
            picture(sheet, trend, &finding.cells);
        }
    }
}

/// The runs of a finding, one sign each, as many of the last ones as fit.
fn picture(sheet: &mut Sheet, trend: &Trend, cells: &[Cell]) {
    let room = sheet.prose_width().saturating_sub(BESIDE);
    let (cut, drawn) = wording::picture(trend, cells, room);
    let terminal = sheet.terminal;
    let signs = Signs::new(terminal.unicode);
    let mut text = terminal.paint(Style::Faint, &format!("{:<10}", "runs"));
    if cut {
        text.push(if terminal.unicode { '…' } else { '<' });
    }
    for same in drawn.chunk_by(|a, b| a == b) {
        let sign = same[0].map_or(' ', |cell| signs.of(cell));
        let style = match same[0] {
            Some(Cell::Failed) => Style::Bad,
            Some(Cell::Waived | Cell::Unknown) => Style::Doubt,
            Some(Cell::Fine | Cell::NotAsked) | None => Style::Plain,
        };
        text += &terminal.paint(style, &sign.to_string().repeat(same.len()));
    }
    sheet.line(4, Style::Plain, &text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned_past;

    #[test]
    fn the_table_shows_since_when_and_nothing_active() {
        for (name, options) in [
            ("80", TableOptions::default()),
            ("80-ascii", TableOptions { unicode: false, ..TableOptions::default() }),
            ("200", TableOptions { width: 200, ..TableOptions::default() }),
            ("200-verbose", TableOptions { width: 200, verbose: 2, ..TableOptions::default() }),
            ("40-colour", TableOptions { width: 40, colour: true, ..TableOptions::default() }),
        ] {
            let text = table(&canned_past::trend(), &options);
            assert!(options.colour || vaudit_model::shell::inert_lines(&text) == text);
            assert!(options.unicode || text.is_ascii(), "more than ASCII");
            assert!(text.lines().all(|line| line.trim_end() == line), "blanks at the end");
            insta::assert_snapshot!(name, text);
        }
    }

    #[test]
    fn no_finding_is_said() {
        let trend = Trend { findings: Vec::new(), ..canned_past::trend() };
        let text = table(&trend, &TableOptions::default());
        assert!(text.ends_with("Nothing failed, and everything could be judged.\n"), "{text}");
    }

    #[test]
    fn a_long_past_shows_its_end() {
        let cells = [vec![Cell::Fine; 500], vec![Cell::Failed; 3]].concat();
        let mut sheet = Sheet::new(Terminal { colour: false, unicode: false }, 40);
        picture(&mut sheet, &Trend::default(), &cells);
        assert_eq!(sheet.finish(), "    runs      <......................xxx\n");
    }
}
