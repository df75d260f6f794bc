//! Holding a run against an earlier one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use vaudit_model::Verdict;
use vaudit_model::assessment::{Assessment, RuleResult};
use vaudit_model::history::{
    Baseline, Comparison, Departed, Fate, Mark, PastDeployment, PastFinding, PastReport, PastResult,
};

/// Says what each result of a run is to an earlier one, and what became of the findings of then.
///
/// `described` are the names of all deployments of the manifest: what is said of one that is no longer
/// among them is said once.
pub fn compare(assessment: &Assessment, described: &[&str], past: &PastReport) -> Comparison {
    let then = Then::of(past);
    let now = Now::of(assessment);
    let at = assessment.run.header.finished_at;
    let marks = now.results.iter().map(|(fingerprint, (deployment, result))| {
        ((*fingerprint).to_owned(), then.mark(deployment, result, at))
    });
    let mut departed: Vec<Departed> =
        then.findings().filter_map(|finding| now.departed(finding)).collect();
    let waiting = past.waiting().iter().filter(|finding| {
        let is_told = then.results.contains_key(finding.fingerprint.as_str());
        !is_told && described.contains(&finding.deployment.as_str())
    });
    departed.extend(waiting.filter_map(|finding| now.departed(then.bounded(finding.clone()))));
    departed.sort_by(|a, b| {
        let key = |own: &Departed| {
            let finding = &own.finding;
            (finding.deployment.clone(), finding.rule.clone(), finding.subject.to_lowercase())
        };
        key(a).cmp(&key(b))
    });
    departed.dedup_by(|a, b| a.finding.fingerprint == b.finding.fingerprint);
    Comparison {
        run_id: past.run.id.clone(),
        finished_at: past.run.finished_at,
        marks: marks.collect(),
        departed,
    }
}

/// Whether rules were judged without a gap, by deployment and rule.
type Sight<'a> = BTreeMap<(&'a str, &'a str), bool>;

fn note<'a>(sight: &mut Sight<'a>, deployment: &'a str, rule: &'a str, verdict: Verdict) {
    *sight.entry((deployment, rule)).or_insert(true) &= verdict != Verdict::Indeterminate;
}

/// The earlier run.
struct Then<'p> {
    at: Timestamp,
    results: BTreeMap<&'p str, (&'p PastDeployment, &'p PastResult)>,
    waiting: BTreeMap<&'p str, &'p PastFinding>,
    sight: Sight<'p>,
}

/// Since when something was a finding then, since when it fails, and what was observed.
struct Earlier<'p> {
    first_detected_at: Timestamp,
    failing_since: Option<Timestamp>,
    observed_digest: &'p str,
}

impl<'p> Then<'p> {
    fn of(past: &'p PastReport) -> Self {
        let mut then = Self {
            at: past.run.finished_at,
            results: BTreeMap::new(),
            waiting: BTreeMap::new(),
            sight: Sight::new(),
        };
        for deployment in &past.deployments {
            for result in &deployment.results {
                note(&mut then.sight, &deployment.name, &result.rule, result.verdict);
                let known = then.results.entry(&result.fingerprint).or_insert((deployment, result));
                // Of two results about one subject the worse one is what it was.
                if known.1.verdict < result.verdict {
                    *known = (deployment, result);
                }
            }
        }
        let waiting = past.waiting().iter();
        then.waiting.extend(waiting.map(|finding| (finding.fingerprint.as_str(), finding)));
        then
    }

    /// A time out of the report, which cannot be later than the report.
    fn bound(&self, time: Option<Timestamp>) -> Option<Timestamp> {
        time.map(|time| time.min(self.at))
    }

    fn bounded(&self, mut finding: PastFinding) -> PastFinding {
        finding.first_detected_at = finding.first_detected_at.min(self.at);
        finding.failing_since = self.bound(finding.failing_since);
        finding
    }

    fn times(&self, result: &PastResult) -> (Timestamp, Option<Timestamp>) {
        let first = self.bound(result.first_detected_at).unwrap_or(self.at);
        let failing = self.bound(result.failing_since);
        let fails = result.verdict == Verdict::Fail;
        (first, if fails { failing.or(Some(first)) } else { failing })
    }

    /// What was known of a finding, from a result or from one that waits to be judged again.
    fn earlier(&self, fingerprint: &str) -> Option<Earlier<'p>> {
        match (self.results.get(fingerprint), self.waiting.get(fingerprint)) {
            (Some((_, result)), _) if result.is_finding() => {
                let (first_detected_at, failing_since) = self.times(result);
                let observed_digest = &result.observed_digest;
                Some(Earlier { first_detected_at, failing_since, observed_digest })
            }
            (None, Some(finding)) => Some(Earlier {
                first_detected_at: finding.first_detected_at.min(self.at),
                failing_since: self.bound(finding.failing_since),
                observed_digest: &finding.observed_digest,
            }),
            _ => None,
        }
    }

    fn mark(&self, deployment: &str, result: &RuleResult, at: Timestamp) -> Mark {
        let past = self.results.get(result.fingerprint.as_str()).map(|(_, past)| *past);
        let earlier = self.earlier(&result.fingerprint);
        let versus = |digest: &str| {
            if digest == result.observed_digest { Baseline::Unchanged } else { Baseline::Updated }
        };
        let since = earlier.as_ref().and_then(|earlier| earlier.failing_since);
        let (state, first_detected_at, failing_since) = match (result.judgement.verdict, &earlier) {
            // That something could not be judged is not to have known that it fails.
            (Verdict::Fail, Some(earlier)) if since.is_some() => {
                (versus(earlier.observed_digest), since, since)
            }
            (Verdict::Fail, _) => (Baseline::New, Some(at), Some(at)),
            (Verdict::Indeterminate, Some(earlier)) => {
                (versus(earlier.observed_digest), Some(earlier.first_detected_at), since)
            }
            (Verdict::Indeterminate, None) => (Baseline::New, Some(at), None),
            _ => match past.filter(|past| !past.is_finding()) {
                Some(past) => (versus(&past.observed_digest), None, None),
                None => (Baseline::New, None, None),
            },
        };
        Mark {
            state,
            previous_verdict: past.map(|past| past.verdict),
            was_waived: past.is_some_and(PastResult::is_waived),
            was_in_sight: self.sight.get(&(deployment, result.meta.id)).copied().unwrap_or(false),
            first_detected_at,
            failing_since,
        }
    }

    /// Every failure and lost verdict of then.
    fn findings(&self) -> impl Iterator<Item = PastFinding> {
        let findings = self.results.values().filter(|(_, result)| result.is_finding());
        findings.map(|(deployment, result)| {
            let (first_detected_at, failing_since) = self.times(result);
            PastFinding {
                deployment: deployment.name.clone(),
                rule: result.rule.clone(),
                title: result.title.clone(),
                severity: result.severity,
                subject: result.subject.clone(),
                message: result.message.clone(),
                previous_verdict: result.verdict,
                waived: result.is_waived(),
                fingerprint: result.fingerprint.clone(),
                observed_digest: result.observed_digest.clone(),
                first_detected_at,
                failing_since,
            }
        })
    }
}

/// This run.
struct Now<'a> {
    results: BTreeMap<&'a str, (&'a str, &'a RuleResult)>,
    sight: Sight<'a>,
    deployments: BTreeSet<&'a str>,
}

impl<'a> Now<'a> {
    fn of(assessment: &'a Assessment) -> Self {
        let mut now =
            Self { results: BTreeMap::new(), sight: Sight::new(), deployments: BTreeSet::new() };
        for own in &assessment.deployments {
            let name = own.deployment.name.as_str();
            now.deployments.insert(name);
            for result in &own.results {
                note(&mut now.sight, name, result.meta.id, result.judgement.verdict);
                let known = now.results.entry(&result.fingerprint).or_insert((name, result));
                if known.1.judgement.verdict < result.judgement.verdict {
                    *known = (name, result);
                }
            }
        }
        now
    }

    /// What became of a finding of then; none of one that is a finding still.
    fn departed(&self, finding: PastFinding) -> Option<Departed> {
        let name = finding.deployment.as_str();
        let verdict =
            self.results.get(finding.fingerprint.as_str()).map(|(_, own)| own.judgement.verdict);
        let fate = match (verdict, self.sight.get(&(name, finding.rule.as_str()))) {
            (Some(Verdict::Fail | Verdict::Indeterminate), _) => return None,
            (Some(Verdict::Pass), _) => Fate::Passes,
            (Some(Verdict::Informational), _) => Fate::Informational,
            (Some(Verdict::NotApplicable), _) => Fate::NotApplicable,
            (None, Some(true)) => Fate::Gone,
            (None, Some(false)) => Fate::Unseen,
            (None, None) if self.deployments.contains(name) => Fate::RuleLeftOut,
            (None, None) => Fate::DeploymentLeftOut,
        };
        Some(Departed { finding, fate })
    }
}

#[cfg(test)]
mod tests;
