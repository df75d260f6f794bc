//! What the terminal report says of an earlier run: what is fixed, and what nobody judged this time.

use vaudit_model::assessment::Assessment;
use vaudit_model::history::Departed;
use vaudit_model::rule::Verdict;

use crate::changes;
use crate::layout::Sheet;
use crate::style::Style;
use crate::table::Block;
use crate::trend_wording::is_column;

/// How many findings that were not judged are named.
const NAMED: usize = 10;

/// One sentence about all deployments.
pub(crate) fn summary(sheet: &mut Sheet, assessment: &Assessment) {
    if let Some(text) = changes::summary(assessment) {
        sheet.prose(0, Style::Strong, &text);
    }
}

/// What was a finding of this deployment and is none any more.
pub(crate) fn fixed(sheet: &mut Sheet, block: &Block<'_>) {
    let fixed = changes::over(block.assessment, &block.assessed.deployment.name);
    if fixed.is_empty() {
        return;
    }
    sheet.blank();
    sheet.line(0, Style::Strong, "Over since last time");
    for departed in fixed {
        listed(sheet, block, departed, Verdict::Pass, Style::Good);
    }
}

/// What was a finding of this deployment and was not judged, though there is no result about it.
pub(crate) fn not_judged(sheet: &mut Sheet, block: &Block<'_>) {
    let unknown = changes::not_judged(block.assessment, &block.assessed.deployment.name);
    if unknown.is_empty() {
        return;
    }
    sheet.blank();
    sheet.line(0, Style::Strong, "Not judged this time");
    let named = if block.verbose > 0 { unknown.len() } else { NAMED };
    for departed in unknown.iter().take(named) {
        listed(sheet, block, departed, Verdict::Indeterminate, Style::Doubt);
    }
    if let Some(more) = unknown.len().checked_sub(named).filter(|more| *more > 0) {
        sheet.prose(2, Style::Plain, &format!("and {more} more; -v names them"));
    }
}

/// The deployments of then that were not audited.
pub(crate) fn left_out(sheet: &mut Sheet, assessment: &Assessment) {
    for (name, said) in changes::left_out(assessment) {
        sheet.prose(0, Style::Doubt, &format!("{name}: {said}."));
    }
}

fn listed(
    sheet: &mut Sheet,
    block: &Block<'_>,
    departed: &Departed,
    verdict: Verdict,
    style: Style,
) {
    let finding = &departed.finding;
    let symbol = format!("{} ", sheet.terminal.symbol(verdict));
    // The file that it is read from may hold anything in the place of an id.
    let rule = format!("{:<6}  ", sheet.terminal.exact(&finding.rule));
    let name = changes::name(finding, &block.assessed.deployment);
    let text = format!("{}: {name} ({})", finding.title, changes::fate(departed));
    if is_column(&rule) {
        sheet.hanging(2, &[(style, &symbol), (Style::Plain, &rule)], Style::Plain, &text);
    } else {
        sheet.hanging(2, &[(style, &symbol)], Style::Plain, &(rule + &text));
    }
}
