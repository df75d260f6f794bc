//! The findings of the terminal report: what failed, and what could not be judged.

use std::collections::BTreeSet;

use vaudit_model::assessment::{RuleResult, WaiverUse};
use vaudit_model::fact::{Gap, Reason};
use vaudit_model::rule::{Evidence, Verdict, sentence};

use crate::layout::Sheet;
use crate::style::Style;
use crate::table::Block;
use crate::{changes, wording};

/// How far the lines below a finding's heading stand in.
const INDENT: usize = 4;
/// How many subjects one lost fact may name before the rest is counted.
const SUBJECTS: usize = 3;

/// What failed, worst first.
pub(crate) fn failures(sheet: &mut Sheet, block: &Block<'_>) {
    let failed = block.open(Verdict::Fail);
    if failed.is_empty() {
        return;
    }
    sheet.blank();
    sheet.line(0, Style::Strong, "Failed");
    for result in failed {
        sheet.blank();
        heading(sheet, block, result);
        let judgement = &result.judgement;
        sheet.prose(INDENT, Style::Plain, &judgement.message);
        sheet.exact_field("on", &block.name(&judgement.subject), block.verbose > 0);
        sheet.field("since", &changes::since(block.assessment, result).unwrap_or_default());
        lapse(sheet, block, result);
        facts(sheet, block, result);
        more(sheet, block, result);
        sheet.field("fix", &judgement.remediation.text);
        for command in &judgement.remediation.commands {
            sheet.command(command.as_str());
        }
    }
}

/// What could not be judged, worst first. Results that one lost fact cost their verdict stand
/// together, so that one missing permission is one thing to do, not forty.
pub(crate) fn unread(sheet: &mut Sheet, block: &Block<'_>) {
    let lost = block.open(Verdict::Indeterminate);
    if lost.is_empty() {
        return;
    }
    sheet.blank();
    sheet.line(0, Style::Strong, "Could not be judged");
    for (gap, results) in wording::by_gap(&lost) {
        sheet.blank();
        // One rule may have lost its verdict about several subjects; they are named below.
        let mut rules = results.clone();
        rules.dedup_by_key(|result| result.meta.id);
        for result in rules {
            heading(sheet, block, result);
        }
        match (gap, results.as_slice()) {
            (Some(gap), [_, _, ..]) => sheet.prose(INDENT, Style::Plain, &sentence(&gap.message)),
            (_, [result, ..]) => sheet.prose(INDENT, Style::Plain, &result.judgement.message),
            (_, []) => {}
        }
        since(sheet, block, &results);
        results.iter().for_each(|result| lapse(sheet, block, result));
        what_is_missing(sheet, block, gap, &results);
        let mut said: Vec<&str> = Vec::new();
        for remediation in results.iter().map(|result| &result.judgement.remediation) {
            if !said.contains(&remediation.text.as_str()) {
                said.push(&remediation.text);
                sheet.field("fix", &remediation.text);
            }
            for command in &remediation.commands {
                if !said.contains(&command.as_str()) {
                    said.push(command.as_str());
                    sheet.command(command.as_str());
                }
            }
        }
    }
}

/// One line for each open result, for `--quiet`.
pub(crate) fn one_line_each(sheet: &mut Sheet, block: &Block<'_>) {
    for verdict in [Verdict::Fail, Verdict::Indeterminate] {
        for result in block.open(verdict) {
            let name = wording::short_name(&result.judgement.subject, &block.assessed.deployment);
            titled(sheet, block, result, &format!("{} ({name})", result.meta.title));
        }
    }
}

fn heading(sheet: &mut Sheet, block: &Block<'_>, result: &RuleResult) {
    titled(sheet, block, result, result.meta.title);
}

fn titled(sheet: &mut Sheet, block: &Block<'_>, result: &RuleResult, title: &str) {
    let tag = changes::of(block.assessment, result).and_then(changes::tag);
    let title = tag.map_or_else(|| title.to_owned(), |tag| format!("[{tag}] {title}"));
    let symbol = format!("{} ", sheet.terminal.symbol(result.judgement.verdict));
    let severity = format!("{:<8}  ", result.severity.word().to_ascii_uppercase());
    let rule = format!("{:<6}  ", result.meta.id);
    let style = match result.judgement.verdict {
        Verdict::Fail => Style::of(result.severity),
        _ => Style::Doubt,
    };
    sheet.hanging(
        0,
        &[(style, &symbol), (style, &severity), (Style::Strong, &rule)],
        Style::Strong,
        &title,
    );
}

/// Since when results are findings that one lost fact cost their verdict: each time once.
fn since(sheet: &mut Sheet, block: &Block<'_>, results: &[&RuleResult]) {
    let times: BTreeSet<String> =
        results.iter().filter_map(|result| changes::since(block.assessment, result)).collect();
    times.iter().for_each(|time| sheet.field("since", time));
}

/// Whose waiver covered the result until now.
fn lapse(sheet: &mut Sheet, block: &Block<'_>, result: &RuleResult) {
    let used = result.lapsed_waiver.and_then(|index| block.assessment.waivers.get(index));
    if let Some(lapse) = used.and_then(WaiverUse::lapse) {
        sheet.field("waiver", &format!("{lapse}, so {} counts again", result.meta.id));
    }
}

fn facts(sheet: &mut Sheet, block: &Block<'_>, result: &RuleResult) {
    let telling: Vec<&Evidence> = result
        .judgement
        .evidence
        .iter()
        .filter(|evidence| evidence.observed.is_some() || evidence.expected.is_some())
        .collect();
    let subject = &result.judgement.subject;
    // What Azure said is quoted as it is; what was expected is prose of ours.
    let terminal = sheet.terminal;
    let place =
        |evidence| terminal.exact(&wording::place(evidence, subject, &block.assessed.deployment));
    let seen =
        |evidence: &Evidence| terminal.exact(evidence.observed.as_deref().unwrap_or_default());
    let expected = |evidence: &Evidence| evidence.expected.clone().unwrap_or_default();
    let mut rows = vec![["where", "seen", "expected"].map(str::to_owned).to_vec()];
    rows.extend(
        telling.iter().map(|evidence| vec![place(evidence), seen(evidence), expected(evidence)]),
    );
    if telling.len() > 1 && sheet.fits(INDENT, &rows) {
        sheet.columns(INDENT, true, &rows);
        return;
    }
    for evidence in telling {
        let at = match (place(evidence), &evidence.observed) {
            (place, _) if place.is_empty() => String::new(),
            (place, Some(_)) => format!(" at {place}"),
            (place, None) => format!("nothing at {place}"),
        };
        sheet.field("seen", &(seen(evidence) + &at));
        sheet.field("expected", &expected(evidence));
    }
}

/// What `-v` and `-vv` add to a failure.
fn more(sheet: &mut Sheet, block: &Block<'_>, result: &RuleResult) {
    if block.verbose == 0 {
        return;
    }
    let mut said = Vec::new();
    for evidence in &result.judgement.evidence {
        let resource = Some(&evidence.resource).filter(|id| **id != result.judgement.subject);
        let request = evidence.request_id.as_ref().map(|id| format!("request {id}"));
        let parts = [resource.cloned(), evidence.read_at.clone(), request];
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        if !text.is_empty() && !said.contains(&text) {
            sheet.exact_field("read", &text, true);
            said.push(text);
        }
    }
    if let Some(location) = &result.location {
        let path = block.assessment.run.header.manifest.path.as_deref().unwrap_or("manifest");
        let place = format!("{path}:{}:{} ({})", location.line, location.column, location.key);
        sheet.exact_field("set at", &place, true);
    }
    if block.verbose > 1 {
        let controls: Vec<String> = result
            .meta
            .controls
            .iter()
            .map(|control| format!("{} {}", control.framework, control.ids.join(" ")))
            .collect();
        sheet.field("controls", &controls.join("; "));
        sheet.field("digest", &result.observed_digest);
    }
}

fn what_is_missing(
    sheet: &mut Sheet,
    block: &Block<'_>,
    gap: Option<&Gap>,
    results: &[&RuleResult],
) {
    let reason = gap.map_or(Reason::Unrecognised, |gap| gap.reason);
    let status = gap.and_then(|gap| gap.status).map(|status| format!(" (HTTP {status})"));
    let meaning = (block.verbose > 0).then(|| format!(": {}", wording::reason(reason)));
    let code = format!("{reason}{}{}", status.unwrap_or_default(), meaning.unwrap_or_default());
    sheet.field("reason", &code);
    let scope = gap.and_then(|gap| gap.scope.as_deref()).unwrap_or_default();
    let mut subjects: Vec<&str> =
        results.iter().map(|result| result.judgement.subject.as_str()).collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects.retain(|subject| !subject.eq_ignore_ascii_case(scope));
    if let Some(action) = gap.and_then(|gap| gap.action.as_deref()) {
        sheet.exact_field("missing", action, true);
    }
    sheet.exact_field("scope", &block.name(scope), block.verbose > 0);
    if block.verbose > 0 {
        for subject in subjects {
            sheet.exact_field("on", subject, true);
        }
    } else {
        let more = subjects.len().saturating_sub(SUBJECTS);
        let mut names: Vec<String> =
            subjects.iter().take(SUBJECTS).map(|subject| block.name(subject)).collect();
        if more > 0 {
            names.push(format!("{more} more"));
        }
        sheet.exact_field("on", &names.join(", "), false);
    }
}
