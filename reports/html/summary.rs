//! The head of the page: the verdict, what it rests on, and what could not be seen.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use vaudit_model::assessment::{Assessment, GapUse, Source, Summary};
use vaudit_model::fact::Reason;
use vaudit_model::instant::show_seconds;
use vaudit_model::rule::{Verdict, sentence};

use super::text::{Kind, instant, prose};
use crate::{changes, wording};

/// How many losses of sight the head of the page names.
const LOSSES: usize = 20;

/// The head of the page.
#[derive(Template)]
#[template(path = "summary.html")]
pub(crate) struct Head<'a> {
    assessment: &'a Assessment,
    headline: Headline,
    tallies: Vec<Tally>,
    /// How wide the bar is, in units of its own.
    width: u32,
    judged: String,
    skipped: Option<String>,
    lost: Vec<Loss<'a>>,
    more_lost: usize,
    unseen: String,
    stopped: Option<String>,
    changed: Option<String>,
    left_out: Vec<(String, String)>,
    unsound: Vec<(&'static str, String, &'a str)>,
    source: &'static str,
    took: String,
}

/// The verdict in a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Headline {
    /// The kind of its colour.
    pub(crate) kind: Kind,
    /// The sentence.
    pub(crate) text: String,
}

/// How many results there are of a kind, and where they stand in the bar.
struct Tally {
    kind: Kind,
    count: u32,
    from: u32,
    width: u32,
}

/// A loss of sight, the same in however many deployments.
struct Loss<'a> {
    /// The permission, or what was lost as markup.
    what: String,
    is_permission: bool,
    reason: Reason,
    status: Option<u16>,
    deployments: usize,
    rules: Vec<&'a str>,
}

impl<'a> Head<'a> {
    /// The head of the page about an assessment.
    pub(crate) fn of(assessment: &'a Assessment) -> Self {
        let run = &assessment.run;
        let summary = assessment.summary();
        let (tallies, width) = tallies(summary);
        let mut lost = losses(assessment);
        let more_lost = lost.len().saturating_sub(LOSSES);
        lost.truncate(LOSSES);
        let header = &run.header;
        let took = header.finished_at.as_second() - header.started_at.as_second();
        Self {
            headline: Headline::of(assessment),
            tallies,
            width,
            judged: judged(assessment),
            skipped: skipped(assessment),
            unseen: unseen(assessment),
            lost,
            more_lost,
            stopped: header.stopped.map(wording::stopped),
            changed: changes::summary(assessment),
            left_out: changes::left_out(assessment),
            unsound: unsound(assessment),
            source: match run.source {
                Source::Live => "live: read from Azure in this run",
                Source::Demo => "demo: the embedded simulator, not Azure",
                Source::Snapshot => "snapshot: a file of answers that were read before",
            },
            took: show_seconds(took.max(0).unsigned_abs()),
            assessment,
        }
    }

    fn started(&self) -> String {
        instant(self.assessment.run.header.started_at)
    }

    fn finished(&self) -> String {
        instant(self.assessment.run.header.finished_at)
    }

    fn exit_code(&self) -> String {
        wording::exit_code(self.assessment)
    }
}

impl Loss<'_> {
    fn meaning(&self) -> &'static str {
        wording::reason(self.reason)
    }
}

impl Headline {
    /// The verdict of the whole run. What was not seen is never called compliant.
    pub(crate) fn of(assessment: &Assessment) -> Self {
        let mut headline = Self::over(assessment.summary());
        if assessment.run.header.stopped.is_some() && headline.kind == Kind::Pass {
            headline = Self {
                kind: Kind::Unknown,
                text: "Not proven: the run was stopped before everything was read".to_owned(),
            };
        }
        headline
    }

    /// The verdict that counts amount to.
    pub(crate) fn over(summary: Summary) -> Self {
        let Summary { fail, indeterminate, waived, pass, .. } = summary;
        let failures = || wording::number(fail, "failure", "failures");
        let (kind, text) = match (fail, indeterminate) {
            _ if summary == Summary::default() => {
                (Kind::Unknown, "Nothing was judged, so nothing is known".to_owned())
            }
            (0, 0) if pass == 0 && waived == 0 => {
                (Kind::Unknown, "Nothing failed, but nothing was proven either".to_owned())
            }
            (0, 0) if waived > 0 => (
                Kind::Pass,
                format!(
                    "Compliant as far as it was seen, but for {}",
                    wording::number(waived, "waived result", "waived results")
                ),
            ),
            (0, 0) => (Kind::Pass, "Compliant as far as it was seen".to_owned()),
            (0, lost) => (
                Kind::Unknown,
                format!("Not proven: nothing failed, but {lost} could not be judged"),
            ),
            (_, 0) => (Kind::Fail, format!("Not compliant: {}", failures())),
            (_, lost) => {
                (Kind::Fail, format!("Not compliant: {}, {lost} could not be judged", failures()))
            }
        };
        Self { kind, text }
    }
}

/// The counts and the widths of the bar. Whatever there is can be seen, be it one in thousands.
fn tallies(summary: Summary) -> (Vec<Tally>, u32) {
    const WHOLE: u32 = 1000;
    const LEAST: u32 = 8;
    let counts = [
        summary.fail,
        summary.indeterminate,
        summary.waived,
        summary.informational,
        summary.pass,
        summary.not_applicable,
    ];
    let total: u32 = counts.iter().sum::<u32>().max(1);
    let mut from = 0;
    let mut tallies = Vec::new();
    for (kind, count) in Kind::ALL.into_iter().zip(counts) {
        let share = u64::from(count) * u64::from(WHOLE) / u64::from(total);
        let share = u32::try_from(share).unwrap_or(WHOLE);
        let width = if count == 0 { 0 } else { share.max(LEAST) };
        tallies.push(Tally { kind, count, from, width });
        from += width;
    }
    (tallies, from.max(1))
}

fn judged(assessment: &Assessment) -> String {
    let number = |count: usize, one, many| {
        wording::number(u32::try_from(count).unwrap_or(u32::MAX), one, many)
    };
    let results: usize = assessment.deployments.iter().map(|own| own.results.len()).sum();
    let rules = match assessment.run.profile.as_str() {
        "custom" => "chosen one by one".to_owned(),
        profile => format!("of the profile {profile}"),
    };
    format!(
        "{}, {} {rules}, {}",
        number(assessment.deployments.len(), "deployment", "deployments"),
        number(assessment.catalogue.len(), "rule", "rules"),
        number(results, "result", "results"),
    )
}

/// Says how much of what was asked has no verdict that proves something.
fn skipped(assessment: &Assessment) -> Option<String> {
    let summary = assessment.summary();
    let moot = summary.not_applicable;
    (moot > 0).then(|| {
        let what = wording::number(moot, "result is", "results are");
        format!("{what} not applicable and proves nothing by itself")
            .replace("are not applicable and proves", "are not applicable and prove")
            .replace("by itself", if moot == 1 { "by itself" } else { "by themselves" })
    })
}

/// What could not be seen, each thing once, those first that cost most.
fn losses(assessment: &Assessment) -> Vec<Loss<'_>> {
    type Key<'a> = (Option<&'a str>, Reason, Option<u16>, &'a str);
    let mut found: BTreeMap<Key<'_>, (BTreeSet<usize>, BTreeSet<&str>)> = BTreeMap::new();
    for (place, own) in assessment.deployments.iter().enumerate() {
        for gap in &own.gaps {
            // Without a permission the message tells two losses apart.
            let message = if gap.action.is_some() { "" } else { gap.message.as_str() };
            let key = (gap.action.as_deref(), gap.reason, gap.status, message);
            let (deployments, rules) = found.entry(key).or_default();
            deployments.insert(place);
            rules.extend(gap.rules.iter().map(String::as_str));
        }
    }
    let mut losses: Vec<Loss<'_>> = found
        .into_iter()
        .map(|((action, reason, status, message), (deployments, rules))| Loss {
            what: action.map_or_else(|| prose(&sentence(message)), str::to_owned),
            is_permission: action.is_some(),
            reason,
            status,
            deployments: deployments.len(),
            rules: rules.into_iter().collect(),
        })
        .collect();
    losses.sort_by_key(|loss| std::cmp::Reverse((loss.rules.len(), loss.deployments)));
    losses
}

/// Says how much could not be seen.
fn unseen(assessment: &Assessment) -> String {
    let gaps = || assessment.deployments.iter().flat_map(|own| &own.gaps);
    let count = u32::try_from(gaps().count()).unwrap_or(u32::MAX);
    let lost = assessment.deployments.iter().flat_map(|own| &own.results);
    let lost = lost.filter(|own| own.judgement.verdict == Verdict::Indeterminate).count();
    let rules: BTreeSet<&String> = gaps().flat_map(|gap: &GapUse| &gap.rules).collect();
    let rules = u32::try_from(rules.len()).unwrap_or(u32::MAX);
    match (count, lost) {
        (0, 0) => "nothing that a rule asked for".to_owned(),
        (0, lost) => {
            let lost = u32::try_from(lost).unwrap_or(u32::MAX);
            wording::number(lost, "result has no verdict", "results have no verdict")
        }
        (gaps, _) => format!(
            "{}, which cost {} a verdict",
            wording::number(gaps, "gap", "gaps"),
            wording::number(rules, "rule", "rules")
        ),
    }
}

/// The waivers that need a hand: the state, what is odd, and who answers for it.
fn unsound(assessment: &Assessment) -> Vec<(&'static str, String, &str)> {
    let waivers = assessment.waivers.iter().enumerate();
    waivers
        .filter_map(|(index, used)| {
            let hint = wording::waiver_hint(assessment, index)?;
            Some((used.waiver.rule.as_str(), used.state.word(), hint, used.waiver.owner.as_str()))
        })
        .map(|(rule, state, hint, owner)| (state, format!("{rule} {hint}"), owner))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_calls_nothing_compliant_that_was_not_seen() {
        let none = Summary::default();
        for (summary, kind, text) in [
            (none, Kind::Unknown, "Nothing was judged, so nothing is known"),
            (
                Summary { not_applicable: 3, informational: 1, ..none },
                Kind::Unknown,
                "Nothing failed, but nothing was proven either",
            ),
            (Summary { pass: 3, ..none }, Kind::Pass, "Compliant as far as it was seen"),
            (
                Summary { pass: 3, waived: 1, ..none },
                Kind::Pass,
                "Compliant as far as it was seen, but for 1 waived result",
            ),
            (
                Summary { pass: 3, indeterminate: 2, ..none },
                Kind::Unknown,
                "Not proven: nothing failed, but 2 could not be judged",
            ),
            (Summary { fail: 1, pass: 9, ..none }, Kind::Fail, "Not compliant: 1 failure"),
            (
                Summary { fail: 3, indeterminate: 2, ..none },
                Kind::Fail,
                "Not compliant: 3 failures, 2 could not be judged",
            ),
        ] {
            assert_eq!(Headline::over(summary), Headline { kind, text: text.to_owned() });
        }
    }

    #[test]
    fn one_in_thousands_is_still_seen_in_the_bar() {
        let (tallies, width) = tallies(Summary { fail: 1, pass: 82_000, ..Summary::default() });
        assert_eq!(tallies[0].width, 8);
        assert_eq!(tallies.iter().map(|own| own.width).sum::<u32>(), width);
        let ends = tallies.windows(2).all(|two| two[0].from + two[0].width == two[1].from);
        assert!(ends);
    }
}
