//! The parts of the Markdown report: each is Markdown of its own, so that one more or one less never
//! breaks what stands around it.

use std::collections::{BTreeMap, BTreeSet};

use vaudit_model::assessment::{
    Assessment, DeploymentAssessment, RuleResult, Summary, WaiverState, WaiverUse,
};
use vaudit_model::deployment::Deployment;
use vaudit_model::fact::{Gap, Reason};
use vaudit_model::history::Departed;
use vaudit_model::rule::{Evidence, Severity, Verdict, sentence};

use crate::markdown_text::{code, fenced, prose};
use crate::{changes, wording};

/// How many facts of a failure are shown.
const FACTS: usize = 10;
/// How many ways of mending one lost fact are shown.
const FIXES: usize = 3;
/// From how many rules on a lost fact names them by their ids alone.
const TITLES: usize = 6;

/// Something that is to be mended: a failure, or a lost fact with the results it cost.
pub(crate) struct Finding<'a> {
    /// The deployment, as an index into those of the assessment.
    pub(crate) deployment: usize,
    /// The verdict.
    pub(crate) verdict: Verdict,
    /// The worst severity.
    pub(crate) severity: Severity,
    gap: Option<&'a Gap>,
    /// The results: one for a failure.
    pub(crate) results: Vec<&'a RuleResult>,
}

/// What is to be mended in a deployment.
pub(crate) fn findings(place: usize, assessed: &DeploymentAssessment) -> Vec<Finding<'_>> {
    let failed = open(assessed, Verdict::Fail);
    let failures = failed.into_iter().map(|result| (Verdict::Fail, None, vec![result]));
    let lost = wording::by_gap(&open(assessed, Verdict::Indeterminate));
    let losses = lost.into_iter().map(|(gap, results)| (Verdict::Indeterminate, gap, results));
    let all = failures.chain(losses);
    all.map(|(verdict, gap, results)| {
        let severity = results.iter().map(|result| result.severity).max();
        let severity = severity.unwrap_or(Severity::Note);
        Finding { deployment: place, verdict, severity, gap, results }
    })
    .collect()
}

/// The unwaived results of a verdict, by rule and subject.
fn open(assessed: &DeploymentAssessment, verdict: Verdict) -> Vec<&RuleResult> {
    let results = assessed.results.iter();
    results
        .filter(|result| result.waiver.is_none() && result.judgement.verdict == verdict)
        .collect()
}

impl Finding<'_> {
    /// What is new about it; none of what is as it was, and without an earlier run.
    pub(crate) fn tag(&self, assessment: &Assessment) -> Option<&'static str> {
        let mut changes = self.results.iter().filter_map(|result| changes::of(assessment, result));
        changes.find_map(changes::tag)
    }

    /// The severity, and before it what is new.
    fn severity(&self, assessment: &Assessment) -> String {
        let severity = self.severity.word();
        self.tag(assessment).map_or_else(|| severity.to_owned(), |tag| format!("{tag}, {severity}"))
    }

    /// The finding in one line of a list.
    pub(crate) fn line(&self, assessment: &Assessment, deployment: &Deployment) -> String {
        let severity = self.severity(assessment);
        let Some(result) = self.results.first() else { return String::new() };
        if self.verdict == Verdict::Fail {
            let (id, title) = (result.meta.id, prose(result.meta.title));
            let subject = code(&wording::short_name(&result.judgement.subject, deployment));
            return format!("- {} **{severity}** {id} {title}: {subject}\n", self.symbol());
        }
        let missing = match self.gap.and_then(|gap| gap.action.as_deref()) {
            Some(action) => format!(", missing permission {}", code(action)),
            None => format!(" ({})", self.reason()),
        };
        let ids = wording::ids(&self.results);
        format!("- {} **{severity}** could not be judged: {ids}{missing}\n", self.symbol())
    }

    /// The finding with everything that is needed to mend it.
    pub(crate) fn whole(&self, assessment: &Assessment, deployment: &Deployment) -> String {
        if self.verdict == Verdict::Fail {
            self.failure(assessment, deployment)
        } else {
            self.loss(assessment, deployment)
        }
    }

    fn failure(&self, assessment: &Assessment, deployment: &Deployment) -> String {
        let Some(result) = self.results.first() else { return String::new() };
        let judgement = &result.judgement;
        let heading = format!(
            "#### {} {} · {} {}\n\n",
            self.symbol(),
            self.severity(assessment),
            result.meta.id,
            prose(result.meta.title)
        );
        let again = wording::lapsed(assessment, result).map(|lapse| format!("{}\n", prose(&lapse)));
        let mut lines = vec![format!("{}\n", prose(&judgement.message))];
        lines.extend(again);
        lines.extend([format!(
            "- on {}",
            code(&wording::short_name(&judgement.subject, deployment))
        )]);
        lines.extend(since(assessment, &self.results));
        let telling = judgement
            .evidence
            .iter()
            .filter(|fact| fact.observed.is_some() || fact.expected.is_some());
        let facts: Vec<String> =
            telling.map(|fact| seen(fact, &judgement.subject, deployment)).collect();
        let more = facts.len().saturating_sub(FACTS);
        lines.extend(facts.into_iter().take(FACTS));
        if more > 0 {
            lines.push(format!("- {more} more facts in the JSON report"));
        }
        if let Some(location) = &result.location {
            let path = assessment.run.header.manifest.path.as_deref().unwrap_or("manifest");
            let place = format!("{path}:{}:{}", location.line, location.column);
            lines.push(format!("- expected by {} ({})", code(&place), code(&location.key)));
        }
        format!("{heading}{}\n\n{}", lines.join("\n"), fix(&self.results))
    }

    fn loss(&self, assessment: &Assessment, deployment: &Deployment) -> String {
        let count = u32::try_from(self.results.len()).unwrap_or(u32::MAX);
        let heading = format!(
            "#### {} {} · {} could not be judged\n\n",
            self.symbol(),
            self.severity(assessment),
            wording::number(count, "result", "results")
        );
        let mut lines = match self.gap {
            Some(gap) => vec![format!("{}\n", prose(&sentence(&gap.message)))],
            None => Vec::new(),
        };
        let lapses = self.results.iter().filter_map(|result| wording::lapsed(assessment, result));
        let lapses: BTreeSet<String> = lapses.collect();
        lines.extend(lapses.iter().take(FIXES).map(|lapse| format!("{}\n", prose(lapse))));
        lines.extend(since(assessment, &self.results));
        let status = self.gap.and_then(|gap| gap.status);
        let status = status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
        let reason = self.reason();
        lines.push(format!("- reason: {reason}{status}, {}", wording::reason(reason)));
        if let Some(action) = self.gap.and_then(|gap| gap.action.as_deref()) {
            lines.push(format!("- missing permission: {}", code(action)));
        }
        if let Some(scope) = self.gap.and_then(|gap| gap.scope.as_deref()) {
            lines.push(format!("- scope: {}", code(&wording::short_name(scope, deployment))));
        }
        let mut titles: BTreeMap<&str, &str> = BTreeMap::new();
        titles.extend(self.results.iter().map(|result| (result.meta.id, result.meta.title)));
        if titles.len() < TITLES {
            lines.extend(titles.iter().map(|(id, title)| format!("- {id} {}", prose(title))));
        } else {
            lines.push(format!("- rules: {}", wording::ids(&self.results)));
        }
        format!("{heading}{}\n\n{}", lines.join("\n"), fix(&self.results))
    }

    fn reason(&self) -> Reason {
        self.gap.map_or(Reason::Unrecognised, |gap| gap.reason)
    }

    fn symbol(&self) -> &'static str {
        symbol(self.verdict)
    }
}

/// Since when results are findings, each time once; none without an earlier run.
fn since(assessment: &Assessment, results: &[&RuleResult]) -> BTreeSet<String> {
    let times = results.iter().filter_map(|result| changes::since(assessment, result));
    times.map(|time| format!("- since {}", prose(&time))).collect()
}

/// The findings of a deployment that are over, a line each.
pub(crate) fn over(assessment: &Assessment, deployment: &str) -> Vec<String> {
    let over = changes::over(assessment, deployment);
    over.into_iter().map(|own| departed(assessment, own, Verdict::Pass)).collect()
}

/// The findings of a deployment that nobody judged, a line each.
pub(crate) fn not_judged(assessment: &Assessment, deployment: &str) -> Vec<String> {
    let unknown = changes::not_judged(assessment, deployment);
    unknown.into_iter().map(|own| departed(assessment, own, Verdict::Indeterminate)).collect()
}

fn departed(assessment: &Assessment, departed: &Departed, verdict: Verdict) -> String {
    let finding = &departed.finding;
    let own = assessment.deployments.iter().find(|own| own.deployment.name == finding.deployment);
    let name = own.map(|own| changes::name(finding, &own.deployment));
    let name = name.unwrap_or_else(|| finding.subject.clone());
    let place = match assessment.deployments.len() {
        0 | 1 => String::new(),
        _ => format!(" in {}", code(&finding.deployment)),
    };
    let (sign, rule, title) = (symbol(verdict), prose(&finding.rule), prose(&finding.title));
    format!(
        "- {sign} **{}** {rule} {title}: {}{place}, {}\n",
        finding.severity.word(),
        code(&name),
        prose(&changes::fate(departed))
    )
}

/// The sign of a verdict.
pub(crate) fn symbol(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "❌",
        Verdict::Indeterminate => "❔",
        Verdict::Informational => "ℹ️",
        Verdict::Pass => "✅",
        Verdict::NotApplicable => "➖",
    }
}

/// The worst that a summary holds.
pub(crate) fn worst(summary: Summary) -> Verdict {
    match summary {
        Summary { fail: 1.., .. } => Verdict::Fail,
        Summary { indeterminate: 1.., .. } => Verdict::Indeterminate,
        // Nothing judged is nothing known.
        summary if summary == Summary::default() => Verdict::Indeterminate,
        _ => Verdict::Pass,
    }
}

fn seen(fact: &Evidence, subject: &str, deployment: &Deployment) -> String {
    let place = wording::place(fact, subject, deployment);
    let at = if place.is_empty() { String::new() } else { format!(" at {}", code(&place)) };
    let observed = fact.observed.as_deref().map_or_else(|| "nothing".to_owned(), code);
    let expected = fact.expected.as_deref().map(|value| format!(", expected {}", code(value)));
    format!("- seen {observed}{at}{}", expected.unwrap_or_default())
}

/// What to do, once for each text; the commands are folded.
fn fix(results: &[&RuleResult]) -> String {
    let mut fixes: Vec<String> = Vec::new();
    for result in results {
        let remediation = &result.judgement.remediation;
        let mut text = String::new();
        if !remediation.text.is_empty() {
            text = format!("**Fix:** {}\n\n", prose(&remediation.text));
        }
        let commands = fenced(&remediation.commands);
        if !commands.is_empty() {
            let open = "<details><summary>Commands</summary>";
            text += &format!("{open}\n\n{commands}</details>\n\n");
        }
        if !fixes.contains(&text) {
            fixes.push(text);
        }
    }
    if fixes.len() > FIXES {
        let more = fixes.len() - FIXES;
        fixes.truncate(FIXES);
        fixes.push(format!("There is more to mend, {more} of it only in the JSON report.\n\n"));
    }
    fixes.concat()
}

/// The waived results of a deployment: for each waiver that covers some, a line with them.
pub(crate) fn waived<'a>(
    assessment: &Assessment,
    assessed: &'a DeploymentAssessment,
) -> Vec<(String, Vec<&'a RuleResult>)> {
    let mut covered: BTreeMap<usize, Vec<&RuleResult>> = BTreeMap::new();
    for result in &assessed.results {
        if let Some(index) = result.waiver {
            covered.entry(index).or_default().push(result);
        }
    }
    let line = |(index, results): (usize, Vec<&'a RuleResult>)| {
        let about = assessment.waivers.get(index).map(|used| {
            let until = used.waiver.expires;
            format!("until {until}. {}", answer(used))
        });
        let count = |verdict| {
            let of_verdict = results.iter().filter(|result| result.judgement.verdict == verdict);
            u32::try_from(of_verdict.count()).unwrap_or(u32::MAX)
        };
        let counted = wording::counted([
            (count(Verdict::Fail), "failed"),
            (count(Verdict::Indeterminate), "could not be judged"),
        ]);
        let about = about.unwrap_or_default();
        (format!("- {} ({counted}): {about}\n", wording::ids(&results)), results)
    };
    covered.into_iter().map(line).collect()
}

/// A waiver that needs a hand, as a line; none for the others.
pub(crate) fn unsound(assessment: &Assessment, index: usize) -> Option<String> {
    let used = assessment.waivers.get(index)?;
    let hint = wording::waiver_hint(assessment, index)?;
    let sign = match used.state {
        WaiverState::Expired | WaiverState::Void => "❌",
        WaiverState::Active | WaiverState::Expiring | WaiverState::Unused => "⚠️",
    };
    let (state, rule) = (used.state.word(), code(&used.waiver.rule));
    let deployment = used.waiver.deployment.as_deref();
    let deployment = deployment.map(|name| format!(" in {}", code(name))).unwrap_or_default();
    let (hint, about) = (prose(&sentence(&hint)), answer(used));
    Some(format!("- {sign} **{state}** {rule}{deployment}: {hint} {about}\n"))
}

/// Who answers for a waiver, and why it was given, in the words of the manifest.
fn answer(used: &WaiverUse) -> String {
    let waiver = &used.waiver;
    let ticket = waiver.ticket.as_deref().map(|ticket| format!(", ticket {}", code(ticket)));
    let reason = prose(waiver.reason.trim());
    format!("Owner: {}{}. Reason: {reason}", code(&waiver.owner), ticket.unwrap_or_default())
}

/// A statement for information, as a line.
pub(crate) fn statement(result: &RuleResult) -> String {
    format!("- {} {}\n", result.meta.id, prose(&result.judgement.message))
}

/// What passed or is not applicable, folded; none when there is nothing.
pub(crate) fn fine(assessed: &DeploymentAssessment) -> Option<(String, Vec<&RuleResult>)> {
    let mut all = Vec::new();
    let mut lines = Vec::new();
    let mut counts = [0, 0];
    let kinds = [(Verdict::Pass, "Passed"), (Verdict::NotApplicable, "Not applicable")];
    for (place, (verdict, word)) in kinds.into_iter().enumerate() {
        let results = open(assessed, verdict);
        counts[place] = u32::try_from(results.len()).unwrap_or(u32::MAX);
        if !results.is_empty() {
            lines.push(format!("{word}: {}\n\n", wording::ids(&results)));
        }
        all.extend(results);
    }
    let [passed, moot] = counts;
    let counted = wording::counted([(passed, "passed"), (moot, "not applicable")]);
    let fold = format!("<details><summary>{counted}</summary>\n\n{}</details>\n\n", lines.concat());
    (!all.is_empty()).then_some((fold, all))
}
