//! What failed, what could not be seen or judged, what is waived: everything of a deployment that
//! somebody has to read.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use vaudit_model::assessment::{Assessment, DeploymentAssessment, GapUse, RuleResult, WaiverUse};
use vaudit_model::fact::{Gap, Reason};
use vaudit_model::instant::parse_rfc3339;
use vaudit_model::rule::{Evidence, Verdict, sentence};

use super::Scale;
use super::text::{Kind, Names, instant, prose, why_it_matters};
use crate::{changes, wording};

/// A failure, with everything that is needed to mend it.
pub(crate) struct Failure<'a> {
    pub(crate) place: usize,
    pub(crate) result: &'a RuleResult,
    pub(crate) title: String,
    pub(crate) subject: Cow<'a, str>,
    pub(crate) tag: Option<&'static str>,
    pub(crate) message: String,
    pub(crate) facts: Vec<Fact<'a>>,
    pub(crate) fix: Fix<'a>,
    pub(crate) why: Vec<String>,
    /// The place of the rule in the catalogue.
    pub(crate) rule: usize,
    pub(crate) since: Option<String>,
    pub(crate) lapse: Option<String>,
    pub(crate) expected_by: Option<String>,
}

/// A piece of evidence.
pub(crate) struct Fact<'a> {
    /// The resource, where it is not the subject itself.
    pub(crate) resource: Option<Cow<'a, str>>,
    pub(crate) pointer: &'a str,
    pub(crate) observed: Option<&'a str>,
    pub(crate) expected: Option<&'a str>,
    pub(crate) read: String,
    pub(crate) request: Option<&'a str>,
}

/// What to do.
#[derive(PartialEq, Eq)]
pub(crate) struct Fix<'a> {
    pub(crate) text: String,
    pub(crate) commands: Vec<&'a str>,
}

/// Results that one lost fact cost their verdict.
pub(crate) struct Loss<'a> {
    pub(crate) gap: Option<&'a Gap>,
    pub(crate) message: String,
    pub(crate) reason: Reason,
    pub(crate) scope: Option<Cow<'a, str>>,
    pub(crate) results: Vec<Lost<'a>>,
    pub(crate) fixes: Vec<Fix<'a>>,
    pub(crate) said: BTreeSet<String>,
}

/// A result without a verdict.
pub(crate) struct Lost<'a> {
    pub(crate) place: usize,
    pub(crate) result: &'a RuleResult,
    pub(crate) title: String,
    pub(crate) subject: Cow<'a, str>,
    pub(crate) tag: Option<&'static str>,
}

/// A loss of sight.
pub(crate) struct Blind<'a> {
    pub(crate) gap: &'a GapUse,
    pub(crate) message: String,
    pub(crate) scope: Option<Cow<'a, str>>,
    /// The rules it cost, each with the place of its result where that is not judged.
    pub(crate) rules: Vec<(&'a str, Option<usize>)>,
}

/// A waiver that is about this deployment.
pub(crate) struct Waiver<'a> {
    pub(crate) used: &'a WaiverUse,
    pub(crate) hint: Option<String>,
    /// What it covers.
    pub(crate) covers: Vec<Covered<'a>>,
    /// What it covered until it lapsed.
    pub(crate) lapsed: Vec<Covered<'a>>,
}

/// A result that a waiver covers, or did.
pub(crate) struct Covered<'a> {
    pub(crate) place: usize,
    pub(crate) result: &'a RuleResult,
    pub(crate) title: String,
    pub(crate) subject: Cow<'a, str>,
}

impl Failure<'_> {
    /// How bad it is, as a digit for classes.
    pub(crate) fn level(&self) -> u8 {
        self.result.severity as u8
    }
}

impl Lost<'_> {
    /// The same.
    pub(crate) fn level(&self) -> u8 {
        self.result.severity as u8
    }
}

impl Loss<'_> {
    /// What the reason means.
    pub(crate) fn meaning(&self) -> &'static str {
        wording::reason(self.reason)
    }
}

impl Blind<'_> {
    /// What the reason means.
    pub(crate) fn meaning(&self) -> &'static str {
        wording::reason(self.gap.reason)
    }
}

impl Covered<'_> {
    /// What it would count as.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.result.judgement.verdict {
            Verdict::Fail => Kind::Fail.word(),
            _ => Kind::Unknown.word(),
        }
    }
}

/// What failed and no waiver covers, the worst first.
pub(crate) fn failures<'a>(
    assessment: &'a Assessment,
    own: &'a DeploymentAssessment,
    names: &Names,
    scale: Scale,
) -> Vec<Failure<'a>> {
    let catalogue = assessment.catalogue.iter().enumerate();
    let rules: BTreeMap<&str, (usize, &str)> =
        catalogue.map(|(place, entry)| (entry.meta.id, (place, entry.page))).collect();
    let mut failures: Vec<Failure<'_>> = placed(own, Kind::Fail)
        .map(|(place, result)| {
            let judgement = &result.judgement;
            let (rule, page) = rules.get(result.meta.id).copied().unwrap_or_default();
            Failure {
                place,
                result,
                title: prose(result.meta.title),
                subject: names.short(&judgement.subject),
                tag: changes::of(assessment, result).and_then(changes::tag),
                message: prose(&judgement.message),
                facts: judgement
                    .evidence
                    .iter()
                    .map(|fact| Fact::of(fact, &judgement.subject, names))
                    .collect(),
                fix: Fix::of(result),
                why: if scale.is_large() { Vec::new() } else { why_it_matters(page) },
                rule,
                since: changes::since(assessment, result),
                lapse: wording::lapsed(assessment, result),
                expected_by: expected_by(assessment, result),
            }
        })
        .collect();
    failures.sort_by_key(|failure| Reverse(failure.result.severity));
    failures
}

/// What could not be judged and no waiver covers, by what it was for want of.
pub(crate) fn losses<'a>(
    assessment: &'a Assessment,
    own: &'a DeploymentAssessment,
    names: &Names,
) -> Vec<Loss<'a>> {
    let places: BTreeMap<&str, usize> =
        placed(own, Kind::Unknown).map(|(place, own)| (own.fingerprint.as_str(), place)).collect();
    let lost: Vec<&RuleResult> = placed(own, Kind::Unknown).map(|(_, result)| result).collect();
    let mut losses: Vec<Loss<'_>> = wording::by_gap(&lost)
        .into_iter()
        .map(|(gap, results)| {
            let mut fixes: Vec<Fix<'_>> = Vec::new();
            for fix in results.iter().map(|result| Fix::of(result)) {
                if !fix.is_empty() && !fixes.contains(&fix) {
                    fixes.push(fix);
                }
            }
            let said = results.iter().flat_map(|result| {
                let since =
                    changes::since(assessment, result).map(|since| format!("Since {since}."));
                [since, wording::lapsed(assessment, result)].into_iter().flatten()
            });
            let message = gap.map(|gap| sentence(&gap.message));
            let message =
                message.or_else(|| results.first().map(|result| result.judgement.message.clone()));
            Loss {
                gap,
                message: prose(&message.unwrap_or_default()),
                reason: gap.map_or(Reason::Unrecognised, |gap| gap.reason),
                scope: gap.and_then(|gap| gap.scope.as_deref()).map(|scope| names.short(scope)),
                said: said.collect(),
                fixes,
                results: results
                    .into_iter()
                    .map(|result| Lost {
                        place: places.get(result.fingerprint.as_str()).copied().unwrap_or_default(),
                        result,
                        title: prose(result.meta.title),
                        subject: names.short(&result.judgement.subject),
                        tag: changes::of(assessment, result).and_then(changes::tag),
                    })
                    .collect(),
            }
        })
        .collect();
    losses.sort_by_key(|loss| Reverse(loss.results.iter().map(|own| own.result.severity).max()));
    losses
}

/// What could not be seen.
pub(crate) fn gaps<'a>(own: &'a DeploymentAssessment, names: &Names) -> Vec<Blind<'a>> {
    let open: BTreeMap<&str, usize> =
        placed(own, Kind::Unknown).map(|(place, result)| (result.meta.id, place)).collect();
    own.gaps
        .iter()
        .map(|gap| Blind {
            gap,
            message: if gap.message == wording::reason(gap.reason) {
                String::new()
            } else {
                prose(&gap.message)
            },
            scope: gap.scope.as_deref().map(|scope| names.short(scope)),
            rules: gap
                .rules
                .iter()
                .map(|id| (id.as_str(), open.get(id.as_str()).copied()))
                .collect(),
        })
        .collect()
}

/// The waivers that cover something of the deployment, did until now, or name it.
pub(crate) fn waivers<'a>(
    assessment: &'a Assessment,
    own: &'a DeploymentAssessment,
    names: &Names,
) -> Vec<Waiver<'a>> {
    let chosen = |choose: fn(&RuleResult) -> Option<usize>, index: usize| -> Vec<Covered<'a>> {
        let results = own.results.iter().enumerate();
        results
            .filter(|(_, result)| choose(result) == Some(index))
            .map(|(place, result)| Covered {
                place,
                result,
                title: prose(result.meta.title),
                subject: names.short(&result.judgement.subject),
            })
            .collect()
    };
    let waivers = assessment.waivers.iter().enumerate();
    waivers
        .map(|(index, used)| Waiver {
            used,
            hint: wording::waiver_hint(assessment, index),
            covers: chosen(|result| result.waiver, index),
            lapsed: chosen(|result| result.lapsed_waiver, index),
        })
        .filter(|waiver| {
            let named = waiver.used.waiver.deployment.as_deref();
            !waiver.covers.is_empty()
                || !waiver.lapsed.is_empty()
                || named == Some(own.deployment.name.as_str())
        })
        .collect()
}

/// The results of a kind, each with its place among all.
pub(crate) fn placed(
    own: &DeploymentAssessment,
    kind: Kind,
) -> impl Iterator<Item = (usize, &RuleResult)> {
    own.results.iter().enumerate().filter(move |(_, result)| Kind::of(result) == kind)
}

fn expected_by(assessment: &Assessment, result: &RuleResult) -> Option<String> {
    let location = result.location.as_ref()?;
    let path = assessment.run.header.manifest.path.as_deref().unwrap_or("manifest");
    Some(format!("{path}:{}:{} {}", location.line, location.column, location.key))
}

impl<'a> Fact<'a> {
    fn of(evidence: &'a Evidence, subject: &str, names: &Names) -> Self {
        let is_own = evidence.resource.eq_ignore_ascii_case(subject);
        let read = evidence.read_at.as_deref().map(|text| {
            let at = parse_rfc3339(text);
            at.map_or_else(|| text.to_owned(), |read| instant(read.instant))
        });
        Self {
            resource: (!is_own).then(|| names.short(&evidence.resource)),
            pointer: &evidence.pointer,
            observed: evidence.observed.as_deref(),
            expected: evidence.expected.as_deref(),
            read: read.unwrap_or_default(),
            request: evidence.request_id.as_deref(),
        }
    }
}

impl<'a> Fix<'a> {
    fn of(result: &'a RuleResult) -> Self {
        let remediation = &result.judgement.remediation;
        Self {
            text: prose(&remediation.text),
            commands: remediation.commands.iter().map(|command| command.as_str()).collect(),
        }
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.commands.is_empty()
    }
}
