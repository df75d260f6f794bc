//! Which results are not what they were.

use std::collections::{BTreeMap, BTreeSet};

use vaudit_model::assessment::RuleResult;
use vaudit_model::drift::{Lost, Side, Turn};
use vaudit_model::fact::{Gap, Reason};
use vaudit_model::{ArmId, Verdict};

/// How a result has turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It fails, and did not.
    Worsened,
    /// It fails as it did; what it rests on may have changed all the same.
    StillFails,
    /// It would fail, but a waiver accepts it.
    Accepted,
    /// It failed, and does not any more.
    Improved,
    /// It is not known on one side at least.
    Lost,
}

/// A result that has turned, on both sides.
#[derive(Clone, Copy)]
pub(super) struct Turned<'r> {
    pub(super) kind: Kind,
    pub(super) before: Option<&'r RuleResult>,
    pub(super) after: Option<&'r RuleResult>,
    /// The result that speaks for it: the present one, where there is one.
    pub(super) speaker: &'r RuleResult,
}

/// What a result amounts to, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Holds,
    Accepted,
    Lost,
    Fails,
}

fn standing(result: &RuleResult) -> Standing {
    match (result.judgement.verdict, result.waiver) {
        (Verdict::Fail | Verdict::Indeterminate, Some(_)) => Standing::Accepted,
        (Verdict::Fail, None) => Standing::Fails,
        (Verdict::Indeterminate, None) => Standing::Lost,
        _ => Standing::Holds,
    }
}

/// A rule and what it speaks about. Folders are new every day, and a demo's account is called
/// differently each time, so what a rule says about blobs is one.
fn about(result: &RuleResult) -> (&'static str, String) {
    let subject = &result.judgement.subject;
    let key = match ArmId::parse(subject) {
        Ok(id) => id.key().to_owned(),
        Err(_) if subject.starts_with("http") => "blobs".to_owned(),
        Err(_) => subject.to_ascii_lowercase(),
    };
    (result.meta.id, key)
}

/// The worst result about each subject.
fn folded(results: &[RuleResult]) -> BTreeMap<(&'static str, String), &RuleResult> {
    let mut folded: BTreeMap<_, &RuleResult> = BTreeMap::new();
    for result in results {
        let worst = folded.entry(about(result)).or_insert(result);
        if standing(result) > standing(worst) {
            *worst = result;
        }
    }
    folded
}

/// Everything that has turned, sorted by rule and subject.
pub(super) fn between<'r>(before: &'r [RuleResult], after: &'r [RuleResult]) -> Vec<Turned<'r>> {
    let (own, other) = (folded(before), folded(after));
    let lost_now: BTreeSet<&str> = after
        .iter()
        .filter(|result| standing(result) == Standing::Lost)
        .map(|result| result.meta.id)
        .collect();
    let keys: BTreeSet<_> = own.keys().chain(other.keys()).collect();
    let turned = keys.into_iter().filter_map(|key| {
        let (before, after) = (own.get(key).copied(), other.get(key).copied());
        let kind = turn(before.map(standing), after.map(standing), lost_now.contains(key.0))?;
        Some(Turned { kind, before, after, speaker: after.or(before)? })
    });
    turned.collect()
}

/// How a subject has turned; `is_lost_now` says that the rule lost its sight elsewhere, so that a
/// subject that is not spoken of any more may still be as it was.
fn turn(before: Option<Standing>, after: Option<Standing>, is_lost_now: bool) -> Option<Kind> {
    use Standing::{Accepted, Fails, Holds, Lost};
    match (before, after) {
        (Some(Fails), Some(Fails)) => Some(Kind::StillFails),
        (_, Some(Fails)) => Some(Kind::Worsened),
        (_, Some(Lost)) => Some(Kind::Lost),
        (Some(Fails), None) if is_lost_now => None,
        (Some(Fails | Accepted), Some(Holds)) | (Some(Fails), None) => Some(Kind::Improved),
        (Some(Lost), Some(Holds) | None) => (!is_lost_now).then_some(Kind::Lost),
        (_, Some(Accepted)) => Some(Kind::Accepted),
        (Some(Holds | Accepted) | None, _) => None,
    }
}

impl Turned<'_> {
    /// As a report shows it.
    pub(super) fn turn(&self) -> Turn {
        let speaker = self.speaker;
        Turn {
            meta: speaker.meta,
            severity: speaker.severity,
            before: self.before.map(|result| result.judgement.verdict),
            after: self.after.map(|result| result.judgement.verdict),
            message: speaker.judgement.message.clone(),
            is_waived: self.after.is_some_and(|result| result.waiver.is_some()),
            fingerprint: speaker.fingerprint.clone(),
        }
    }

    /// What was lost, on each side that lost something.
    pub(super) fn lost(&self) -> Vec<Lost> {
        let sides = [(Side::Baseline, self.before), (Side::Now, self.after)];
        let lost = sides.into_iter().filter_map(|(side, result)| {
            let result = result.filter(|result| standing(result) == Standing::Lost)?;
            let unknown = || Gap::because(Reason::Unrecognised, &result.judgement.message);
            Some(Lost { gap: result.judgement.gap.clone().unwrap_or_else(unknown), side })
        });
        lost.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_never_a_change_for_the_better() {
        use Standing::{Accepted, Fails, Holds, Lost};
        for (before, after, lost_now, expected) in [
            (Some(Holds), Some(Fails), false, Some(Kind::Worsened)),
            (Some(Accepted), Some(Fails), false, Some(Kind::Worsened)),
            (Some(Lost), Some(Fails), false, Some(Kind::Worsened)),
            (None, Some(Fails), false, Some(Kind::Worsened)),
            (Some(Fails), Some(Fails), false, Some(Kind::StillFails)),
            (Some(Fails), Some(Holds), false, Some(Kind::Improved)),
            (Some(Accepted), Some(Holds), false, Some(Kind::Improved)),
            (Some(Fails), None, false, Some(Kind::Improved)),
            (Some(Fails), None, true, None),
            (Some(Fails), Some(Lost), true, Some(Kind::Lost)),
            (Some(Holds), Some(Lost), true, Some(Kind::Lost)),
            (Some(Lost), Some(Lost), true, Some(Kind::Lost)),
            (None, Some(Lost), true, Some(Kind::Lost)),
            (Some(Lost), Some(Holds), false, Some(Kind::Lost)),
            (Some(Lost), None, false, Some(Kind::Lost)),
            (Some(Lost), None, true, None),
            (Some(Holds), Some(Accepted), false, Some(Kind::Accepted)),
            (Some(Holds), Some(Holds), false, None),
            (Some(Holds), None, false, None),
            (None, Some(Holds), false, None),
            (Some(Accepted), None, false, None),
        ] {
            assert_eq!(turn(before, after, lost_now), expected, "{before:?} → {after:?}");
        }
    }
}
