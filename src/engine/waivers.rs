//! Waivers: accepted exceptions that go stale loudly.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use vaudit_model::Verdict;
use vaudit_model::assessment::{RuleResult, WaiverState, WaiverUse};
use vaudit_model::deployment::{Accept, WaiverPolicy};

use crate::select::matches_rule;

/// How many days before its end a waiver is worth a warning.
const EXPIRING_DAYS: i32 = 14;

/// Marks the results that waivers cover, and says what became of each waiver.
///
/// `results` are those of all deployments, with the deployment's name.
pub(crate) fn apply<'r>(
    waivers: &[WaiverPolicy],
    results: impl IntoIterator<Item = (&'r str, &'r mut RuleResult)>,
    now: Timestamp,
) -> Vec<WaiverUse> {
    let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut reach: Vec<Reach> = waivers.iter().map(|_| Reach::default()).collect();
    for (deployment, result) in results {
        for (index, waiver) in waivers.iter().enumerate() {
            if !speaks_of(waiver, deployment, result) {
                continue;
            }
            if waiver.pin.as_ref().is_some_and(|pin| *pin != result.observed_digest) {
                reach[index].changed = true;
            } else if waiver.expires >= today && result.waiver.is_none() {
                reach[index].covers = true;
                result.waiver = Some(index);
            }
        }
    }
    let uses = waivers.iter().zip(reach);
    uses.map(|(waiver, reach)| WaiverUse {
        waiver: waiver.clone(),
        state: state(waiver, reach, today),
    })
    .collect()
}

#[derive(Default)]
struct Reach {
    covers: bool,
    changed: bool,
}

fn state(waiver: &WaiverPolicy, reach: Reach, today: Date) -> WaiverState {
    let warn_from = waiver.expires.checked_sub(EXPIRING_DAYS.days()).unwrap_or(Date::MIN);
    match reach {
        _ if waiver.expires < today => WaiverState::Expired,
        Reach { covers: true, .. } if today >= warn_from => WaiverState::Expiring,
        Reach { covers: true, .. } => WaiverState::Active,
        Reach { changed: true, .. } => WaiverState::Void,
        Reach { .. } => WaiverState::Unused,
    }
}

fn speaks_of(waiver: &WaiverPolicy, deployment: &str, result: &RuleResult) -> bool {
    let accepted = match result.judgement.verdict {
        Verdict::Fail => matches!(waiver.accept, Accept::Fail | Accept::Both),
        Verdict::Indeterminate => matches!(waiver.accept, Accept::Indeterminate | Accept::Both),
        Verdict::Pass | Verdict::NotApplicable | Verdict::Informational => false,
    };
    let same_subject = |subject: &String| {
        let own = result.judgement.subject.trim_end_matches('/');
        subject.trim_end_matches('/').eq_ignore_ascii_case(own)
    };
    accepted
        && matches_rule(&waiver.rule, result.meta.id, result.meta.name)
        && waiver.deployment.as_deref().is_none_or(|name| name == deployment)
        && waiver.subject.as_ref().is_none_or(same_subject)
}
