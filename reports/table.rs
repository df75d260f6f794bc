//! The terminal report: one block a deployment, worst first, and what to do about it.
//!
//! Written for someone who was woken up: what is broken, where, what was expected instead, and the
//! command that mends it, ready to copy. What is fine takes one line a module.

use std::cmp::Reverse;

use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult, Summary};
use vaudit_model::rule::Verdict;

use crate::layout::Sheet;
use crate::style::{Style, Terminal};
use crate::{table_changes, table_findings, table_folded, wording};

/// How the terminal report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableOptions {
    /// The width of the terminal, in columns.
    pub width: usize,
    /// Whether to write colours.
    pub colour: bool,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
    /// 0: what needs attention; 1: full ids, request ids and every result; 2: controls and digests.
    pub verbose: u8,
    /// Only the headlines and one line for each open result.
    pub quiet: bool,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self { width: 80, colour: false, unicode: true, verbose: 0, quiet: false }
    }
}

/// One deployment's block, with what all its parts need.
pub(crate) struct Block<'a> {
    /// The whole report.
    pub(crate) assessment: &'a Assessment,
    /// The deployment.
    pub(crate) assessed: &'a DeploymentAssessment,
    /// How much to say.
    pub(crate) verbose: u8,
}

impl Block<'_> {
    /// A resource's name as far as this reader wants it.
    pub(crate) fn name(&self, subject: &str) -> String {
        if self.verbose > 0 {
            subject.to_owned()
        } else {
            wording::short_name(subject, &self.assessed.deployment)
        }
    }

    /// The results of a verdict, unwaived, worst first: by severity, then rule, then subject.
    pub(crate) fn open(&self, verdict: Verdict) -> Vec<&RuleResult> {
        let results = self.assessed.results.iter();
        let mut found: Vec<&RuleResult> = results
            .filter(|result| result.waiver.is_none() && result.judgement.verdict == verdict)
            .collect();
        found.sort_by_key(|result| {
            (Reverse(result.severity), result.meta.id, &result.judgement.subject)
        });
        found
    }
}

/// Renders the assessment for a terminal.
pub fn render(assessment: &Assessment, options: &TableOptions) -> String {
    let terminal = Terminal { colour: options.colour, unicode: options.unicode };
    let mut sheet = Sheet::new(terminal, options.width);
    if !options.quiet {
        sheet.prose(0, Style::Faint, &wording::run(assessment));
    }
    if let Some(stopped) = assessment.run.header.stopped {
        sheet.prose(0, Style::Doubt, &wording::stopped(stopped));
    }
    table_changes::summary(&mut sheet, assessment);
    for assessed in &assessment.deployments {
        let block = Block { assessment, assessed, verbose: options.verbose };
        if !options.quiet {
            sheet.blank();
            let line = terminal.line(sheet.prose_width());
            sheet.line(0, Style::Faint, &line);
        }
        headline(&mut sheet, &block);
        if options.quiet {
            table_findings::one_line_each(&mut sheet, &block);
        } else {
            details(&mut sheet, &block);
        }
    }
    closing(&mut sheet, assessment, options);
    sheet.finish()
}

fn headline(sheet: &mut Sheet, block: &Block<'_>) {
    let deployment = &block.assessed.deployment;
    let summary = Summary::of(&block.assessed.results);
    let (verdict, style) = if summary.fail > 0 {
        (Verdict::Fail, Style::Bad)
    } else if summary.indeterminate > 0 || summary == Summary::default() {
        (Verdict::Indeterminate, Style::Doubt)
    } else {
        (Verdict::Pass, Style::Good)
    };
    let symbol = sheet.terminal.symbol(verdict);
    let text = format!("{} — {}", deployment.name, wording::counts(summary));
    sheet.hanging(0, &[(style, symbol), (Style::Plain, " ")], Style::Strong, &text);
}

fn details(sheet: &mut Sheet, block: &Block<'_>) {
    let deployment = &block.assessed.deployment;
    let others = wording::other_counts(Summary::of(&block.assessed.results));
    if !others.is_empty() {
        sheet.prose(2, Style::Plain, &format!("besides {others}"));
    }
    let place = format!(
        "resource group {}, subscription {}",
        deployment.resource_group, deployment.subscription
    );
    sheet.prose(2, Style::Faint, &place);
    table_findings::failures(sheet, block);
    table_findings::unread(sheet, block);
    table_changes::not_judged(sheet, block);
    table_changes::fixed(sheet, block);
    table_folded::informational(sheet, block);
    table_folded::fine(sheet, block);
    table_folded::waived(sheet, block);
    table_folded::gaps(sheet, block);
}

fn closing(sheet: &mut Sheet, assessment: &Assessment, options: &TableOptions) {
    if !options.quiet {
        sheet.blank();
        let line = sheet.terminal.line(sheet.prose_width());
        sheet.line(0, Style::Faint, &line);
        table_folded::waivers(sheet, assessment);
        table_changes::left_out(sheet, assessment);
        if assessment.deployments.len() > 1 {
            let total = wording::counts(assessment.summary());
            let count = assessment.deployments.len();
            sheet.prose(0, Style::Plain, &format!("All {count} deployments: {total}."));
        }
    }
    let style = match assessment.run.exit_code {
        0 => Style::Good,
        3 => Style::Doubt,
        _ => Style::Bad,
    };
    // The last line is looked for by eye and by scripts, so it is one line however narrow it gets.
    sheet.line(0, style, &wording::exit_code(assessment));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;

    /// Renders the canned findings, looks at what must hold in every setting, and at the whole.
    fn check(name: &str, options: TableOptions) {
        check_of(name, options, &canned::assessment());
    }

    fn check_of(name: &str, options: TableOptions, assessment: &Assessment) {
        let text = render(assessment, &options);
        let plain = without_colour(&text);
        assert!(
            plain
                .chars()
                .all(|c| c == '\n' || vaudit_model::shell::inert(&c.to_string()) == c.to_string()),
            "an active character came through"
        );
        assert!(options.colour || plain == text, "colour without being asked for it");
        assert!(options.unicode || text.is_ascii(), "more than ASCII");
        assert!(plain.lines().all(|line| line.trim_end() == line), "blanks at the end of a line");
        let last = plain.lines().last().unwrap();
        assert!(last.starts_with("Exit code 1: "), "{last}");
        for result in assessment.deployments.iter().flat_map(|assessed| &assessed.results) {
            for command in &result.judgement.remediation.commands {
                let shown = result.judgement.verdict == Verdict::Fail
                    && result.waiver.is_none()
                    && options.unicode
                    && !options.quiet;
                let found = plain.lines().any(|line| line.trim_start() == command.as_str());
                assert!(found || !shown, "not to copy: {command}");
            }
        }
        insta::assert_snapshot!(name, text);
    }

    fn without_colour(text: &str) -> String {
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("\u{1b}[") {
            plain.push_str(before);
            rest = after.split_once('m').unwrap().1;
        }
        plain + rest
    }

    #[test]
    fn at_80_columns() {
        check("80", TableOptions::default());
    }

    #[test]
    fn at_80_columns_in_colour() {
        check("80-colour", TableOptions { colour: true, ..TableOptions::default() });
    }

    #[test]
    fn at_80_columns_in_ascii() {
        check("80-ascii", TableOptions { unicode: false, ..TableOptions::default() });
    }

    #[test]
    fn at_200_columns() {
        check("200", TableOptions { width: 200, ..TableOptions::default() });
    }

    #[test]
    fn at_200_columns_with_everything() {
        check("200-verbose", TableOptions { width: 200, verbose: 2, ..TableOptions::default() });
    }

    #[test]
    fn at_80_columns_verbose_in_ascii_and_colour() {
        let options =
            TableOptions { colour: true, unicode: false, verbose: 1, ..TableOptions::default() };
        check("80-verbose-ascii-colour", options);
    }

    #[test]
    fn held_against_an_earlier_run() {
        for (name, options) in [
            ("previous-80", TableOptions::default()),
            ("previous-80-ascii", TableOptions { unicode: false, ..TableOptions::default() }),
            ("previous-200", TableOptions { width: 200, ..TableOptions::default() }),
            ("previous-quiet", TableOptions { quiet: true, ..TableOptions::default() }),
        ] {
            check_of(name, options, &canned::compared());
        }
    }

    #[test]
    fn quiet() {
        check("80-quiet", TableOptions { quiet: true, ..TableOptions::default() });
    }

    #[test]
    fn a_narrow_terminal_still_gets_everything() {
        check("20", TableOptions { width: 20, ..TableOptions::default() });
    }
}
