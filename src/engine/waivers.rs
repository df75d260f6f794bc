//! Waivers: accepted exceptions that go stale loudly.

use std::cmp::Reverse;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use vaudit_model::assessment::{RuleResult, WaiverState, WaiverUse};
use vaudit_model::deployment::{Accept, WaiverPolicy};
use vaudit_model::{Deployment, Rule, Verdict};

use crate::glob::RuleGlob;

/// How many days before its end a waiver is worth a warning.
const EXPIRING_DAYS: i32 = 14;

/// What a run judged, and what there is: only a waiver all of whose rules and deployments were judged
/// can be said to cover nothing.
#[derive(Clone, Copy)]
pub(crate) struct Extent<'a> {
    /// The rules that were judged.
    pub(crate) rules: &'a [&'static Rule],
    /// Every rule there is.
    pub(crate) catalogue: &'a [&'static Rule],
    /// The deployments that were judged.
    pub(crate) deployments: &'a [Deployment],
    /// Every deployment of the manifest.
    pub(crate) described: &'a [Deployment],
}

/// Marks the results that waivers cover or covered once, and says what became of each waiver.
///
/// Of several waivers that cover a result, the one that ends last is named. `results` are those of
/// all deployments, with the deployment's name.
pub(crate) fn apply<'r>(
    waivers: &[WaiverPolicy],
    results: impl IntoIterator<Item = (&'r str, &'r mut RuleResult)>,
    extent: Extent<'_>,
    now: Timestamp,
) -> Vec<WaiverUse> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut results: Vec<_> = results.into_iter().collect();
    let globs: Vec<RuleGlob> = waivers.iter().map(|waiver| RuleGlob::new(&waiver.rule)).collect();
    let mut reach: Vec<Reach> = waivers
        .iter()
        .zip(&globs)
        .map(|(waiver, glob)| Reach {
            may_cover_more: !extent.holds(waiver, glob),
            ..Reach::default()
        })
        .collect();
    for (deployment, result) in &mut results {
        let (mut covering, mut lapsed) = (Vec::new(), Vec::new());
        for (index, waiver) in waivers.iter().enumerate() {
            if !names(waiver, &globs[index], deployment, result) {
                continue;
            }
            let verdict = result.judgement.verdict;
            if !accepts(waiver, verdict) {
                // What could not be judged tonight may be what the waiver is for.
                reach[index].may_cover_more |= verdict == Verdict::Indeterminate;
            } else if !is_about(waiver, result) {
                continue;
            } else if waiver.expires < today {
                lapsed.push(index);
            } else if !is_pinned_to(waiver, result) {
                reach[index].changed = true;
                lapsed.push(index);
            } else {
                reach[index].covers = true;
                covering.push(index);
            }
        }
        let last = |some: Vec<usize>| {
            some.into_iter().min_by_key(|index| Reverse(waivers[*index].expires))
        };
        result.waiver = last(covering);
        result.lapsed_waiver = if result.waiver.is_none() { last(lapsed) } else { None };
    }
    let states: Vec<WaiverState> =
        waivers.iter().zip(reach).map(|(waiver, reach)| state(waiver, reach, today)).collect();
    for (_, result) in &mut results {
        // A pin that holds for one result was never meant for the others.
        let has_lapsed =
            |index: &usize| matches!(states[*index], WaiverState::Expired | WaiverState::Void);
        result.lapsed_waiver = result.lapsed_waiver.filter(has_lapsed);
    }
    let uses = waivers.iter().zip(states);
    uses.map(|(waiver, state)| WaiverUse { waiver: waiver.clone(), state }).collect()
}

impl Extent<'_> {
    /// Whether everything that a waiver names was judged.
    fn holds(&self, waiver: &WaiverPolicy, glob: &RuleGlob) -> bool {
        let named = |rule: &&&'static Rule| glob.names(rule.meta.id, rule.meta.name);
        let is_judged =
            |rule: &&'static Rule| self.rules.iter().any(|own| own.meta.id == rule.meta.id);
        let is_audited = |deployment: &Deployment| {
            self.deployments.iter().any(|own| own.name == deployment.name)
        };
        let meant =
            |own: &&Deployment| waiver.deployment.as_ref().is_none_or(|name| *name == own.name);
        self.catalogue.iter().filter(named).all(is_judged)
            && self.described.iter().filter(meant).all(is_audited)
    }
}

#[derive(Clone, Copy, Default)]
struct Reach {
    /// It covers a result.
    covers: bool,
    /// It was given for another observation of a result.
    changed: bool,
    /// Something it names was not judged.
    may_cover_more: bool,
}

fn state(waiver: &WaiverPolicy, reach: Reach, today: Date) -> WaiverState {
    let warn_from = waiver.expires.checked_sub(EXPIRING_DAYS.days()).unwrap_or(Date::MIN);
    match reach {
        _ if waiver.expires < today => WaiverState::Expired,
        Reach { covers: false, changed: true, .. } => WaiverState::Void,
        Reach { covers: false, may_cover_more: false, .. } => WaiverState::Unused,
        Reach { .. } if today >= warn_from => WaiverState::Expiring,
        Reach { .. } => WaiverState::Active,
    }
}

/// Whether a waiver names the rule of a result, in its deployment.
fn names(waiver: &WaiverPolicy, glob: &RuleGlob, deployment: &str, result: &RuleResult) -> bool {
    glob.names(result.meta.id, result.meta.name)
        && waiver.deployment.as_deref().is_none_or(|name| name == deployment)
}

fn accepts(waiver: &WaiverPolicy, verdict: Verdict) -> bool {
    match verdict {
        Verdict::Fail => matches!(waiver.accept, Accept::Fail | Accept::Both),
        Verdict::Indeterminate => matches!(waiver.accept, Accept::Indeterminate | Accept::Both),
        Verdict::Pass | Verdict::NotApplicable | Verdict::Informational => false,
    }
}

fn is_about(waiver: &WaiverPolicy, result: &RuleResult) -> bool {
    let own = result.judgement.subject.trim_end_matches('/');
    let is_own = |subject: &String| subject.trim_end_matches('/').eq_ignore_ascii_case(own);
    waiver.subject.as_ref().is_none_or(is_own)
}

/// Whether a result is still what a waiver was given for. A digest is hexadecimal in either case.
fn is_pinned_to(waiver: &WaiverPolicy, result: &RuleResult) -> bool {
    waiver.pin.as_ref().is_none_or(|pin| pin.eq_ignore_ascii_case(&result.observed_digest))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_waiver_holds_to_the_end_of_its_last_day_and_warns_for_fourteen() {
        let waiver = WaiverPolicy {
            rule: "DNS005".to_owned(),
            deployment: None,
            subject: None,
            accept: Accept::Fail,
            reason: String::new(),
            owner: String::new(),
            expires: date(2026, 11, 22),
            ticket: None,
            pin: None,
        };
        let covering = Reach { covers: true, ..Reach::default() };
        let changed = Reach { changed: true, ..Reach::default() };
        let elsewhere = Reach { may_cover_more: true, ..Reach::default() };
        for (today, reach, expected) in [
            (date(2026, 11, 7), covering, WaiverState::Active),
            (date(2026, 11, 8), covering, WaiverState::Expiring),
            (date(2026, 11, 22), covering, WaiverState::Expiring),
            (date(2026, 11, 23), covering, WaiverState::Expired),
            (date(2026, 11, 7), Reach::default(), WaiverState::Unused),
            (date(2026, 11, 22), Reach::default(), WaiverState::Unused),
            (date(2026, 11, 23), Reach::default(), WaiverState::Expired),
            (date(2026, 11, 7), elsewhere, WaiverState::Active),
            (date(2026, 11, 8), elsewhere, WaiverState::Expiring),
            (date(2026, 11, 7), changed, WaiverState::Void),
            (date(2026, 11, 7), Reach { covers: true, ..changed }, WaiverState::Active),
            (date(2026, 11, 7), Reach { may_cover_more: true, ..changed }, WaiverState::Void),
        ] {
            assert_eq!(state(&waiver, reach, today), expected, "{today}");
        }
    }
}
