//! The folded lines of the terminal report: what is fine, waived, for information or out of sight.

use std::collections::BTreeMap;

use vaudit_model::assessment::{Assessment, RuleResult};
use vaudit_model::fact::Reason;
use vaudit_model::rule::Verdict;

use crate::layout::Sheet;
use crate::style::Style;
use crate::table::Block;
use crate::wording;

/// Statements that are no failures.
pub(crate) fn informational(sheet: &mut Sheet, block: &Block<'_>) {
    let statements = block.open(Verdict::Informational);
    if statements.is_empty() {
        return;
    }
    sheet.blank();
    sheet.line(0, Style::Strong, "For information");
    for result in statements {
        listed(sheet, result, &result.judgement.message);
    }
}

/// Passed and moot rules: one line a module, or one a result when asked for everything.
pub(crate) fn fine(sheet: &mut Sheet, block: &Block<'_>) {
    let verdicts = [Verdict::Pass, Verdict::NotApplicable];
    let mut results: Vec<&RuleResult> =
        verdicts.into_iter().flat_map(|verdict| block.open(verdict)).collect();
    if results.is_empty() {
        return;
    }
    sheet.blank();
    sheet.line(0, Style::Strong, "Passed or not applicable");
    if block.verbose > 0 {
        results.sort_by_key(|result| (result.meta.id, &result.judgement.subject));
        for result in results {
            let why = result.judgement.moot.as_ref().map(|why| format!(" ({why})"));
            let name = wording::short_name(&result.judgement.subject, &block.assessed.deployment);
            let title = result.meta.title;
            listed(sheet, result, &format!("{title}: {name}{}", why.unwrap_or_default()));
        }
        return;
    }
    let mut modules: BTreeMap<&str, [u32; 2]> = BTreeMap::new();
    for result in results {
        let counts = modules.entry(wording::module(result.meta.id)).or_default();
        counts[usize::from(result.judgement.verdict == Verdict::NotApplicable)] += 1;
    }
    let rows: Vec<Vec<String>> = modules
        .into_iter()
        .map(|(module, [passed, moot])| {
            let counts = wording::counted([(passed, "passed"), (moot, "not applicable")]);
            vec![module.to_owned(), wording::module_name(module).to_owned(), counts]
        })
        .collect();
    sheet.columns(2, false, &rows);
}

/// Waived results in one line, by waiver.
pub(crate) fn waived(sheet: &mut Sheet, block: &Block<'_>) {
    let mut covered: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for result in &block.assessed.results {
        if let Some(index) = result.waiver {
            covered.entry(index).or_default().push(result.meta.id);
        }
    }
    let waivers = &block.assessment.waivers;
    let parts: Vec<String> = covered
        .into_iter()
        .filter_map(|(index, mut rules)| {
            rules.dedup();
            let used = waivers.get(index)?;
            let until = used.waiver.expires;
            Some(format!("{} until {until}, {}", rules.join(" "), used.answers_for_it()))
        })
        .collect();
    if !parts.is_empty() {
        sheet.blank();
        sheet.hanging(0, &[(Style::Strong, "Waived  ")], Style::Plain, &parts.join("; "));
    }
}

/// What could not be seen, in one line; each gap when asked for everything.
pub(crate) fn gaps(sheet: &mut Sheet, block: &Block<'_>) {
    let gaps = &block.assessed.gaps;
    if gaps.is_empty() {
        return;
    }
    let mut reasons: BTreeMap<Reason, u32> = BTreeMap::new();
    let mut rules: Vec<&str> = Vec::new();
    for gap in gaps {
        *reasons.entry(gap.reason).or_default() += 1;
        rules.extend(gap.rules.iter().map(String::as_str));
    }
    rules.sort_unstable();
    rules.dedup();
    let kinds: Vec<String> =
        reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    let count = |rules: usize| u32::try_from(rules).unwrap_or(u32::MAX);
    let cost = match rules.len() {
        0 => "no rule".to_owned(),
        some => wording::number(count(some), "rule", "rules"),
    };
    let text = format!(
        "{} ({}) cost {cost} a verdict.",
        wording::number(count(gaps.len()), "loss of sight", "losses of sight"),
        kinds.join(", "),
    );
    sheet.blank();
    sheet.hanging(0, &[(Style::Strong, "Gaps    ")], Style::Plain, &text);
    if block.verbose > 0 {
        for gap in gaps {
            let what = gap.action.as_deref().unwrap_or(&gap.message);
            let scope = gap.scope.as_ref().map(|scope| format!(" on {scope}"));
            let rules =
                if gap.rules.is_empty() { "no rule".to_owned() } else { gap.rules.join(" ") };
            let text = format!("{}: {what}{}: {rules}", gap.reason, scope.unwrap_or_default());
            let text = sheet.terminal.exact(&text);
            sheet.line(2, Style::Plain, &text);
        }
    }
}

/// Waivers that need a hand: those that end soon, and those that cover nothing.
pub(crate) fn waivers(sheet: &mut Sheet, assessment: &Assessment) {
    let mut is_first = true;
    for (index, used) in assessment.waivers.iter().enumerate() {
        let Some(hint) = wording::waiver_hint(assessment, index) else { continue };
        if is_first {
            sheet.line(0, Style::Strong, "Waivers that need a hand");
            is_first = false;
        }
        let state = format!("{:<9} ", used.state.word());
        let text = format!("{} of {} {hint}", used.waiver.rule, used.answers_for_it());
        sheet.hanging(2, &[(Style::Doubt, &state)], Style::Plain, &text);
    }
    if !is_first {
        sheet.blank();
    }
}

fn listed(sheet: &mut Sheet, result: &RuleResult, text: &str) {
    let symbol = format!("{} ", sheet.terminal.symbol(result.judgement.verdict));
    let rule = format!("{:<6}  ", result.meta.id);
    let style = match result.judgement.verdict {
        Verdict::Pass => Style::Good,
        _ => Style::Plain,
    };
    sheet.hanging(2, &[(style, &symbol), (Style::Plain, &rule)], Style::Plain, text);
}
