//! The appendix: the rules of the report, and every verdict about a deployment, by resource.

use std::borrow::Cow;
use std::collections::BTreeMap;

use askama::Template;
use vaudit_model::assessment::{Assessment, CatalogueEntry, DeploymentAssessment, RuleResult};

use super::Scale;
use super::text::{Kind, Names, prose, why_it_matters};

/// How many digits of a digest a large report shows.
const SHORT_DIGEST: usize = 12;

/// The rules that were judged.
#[derive(Template)]
#[template(path = "rules.html")]
pub(crate) struct Rules<'a> {
    rules: Vec<Rule<'a>>,
}

struct Rule<'a> {
    entry: &'a CatalogueEntry,
    title: String,
    why: Vec<String>,
    counts: Vec<(Kind, usize)>,
}

impl<'a> Rules<'a> {
    /// Those of an assessment.
    pub(crate) fn of(assessment: &'a Assessment) -> Self {
        let mut counts: BTreeMap<&str, BTreeMap<Kind, usize>> = BTreeMap::new();
        for result in assessment.deployments.iter().flat_map(|own| &own.results) {
            let own = counts.entry(result.meta.id).or_default();
            *own.entry(Kind::of(result)).or_default() += 1;
        }
        let rules = assessment.catalogue.iter().map(|entry| Rule {
            entry,
            title: prose(entry.meta.title),
            why: why_it_matters(entry.page),
            counts: counts.remove(entry.meta.id).unwrap_or_default().into_iter().collect(),
        });
        Self { rules: rules.collect() }
    }
}

/// Every verdict about a deployment.
#[derive(Template)]
#[template(path = "appendix.html")]
pub(crate) struct Appendix<'a> {
    index: usize,
    name: &'a str,
    scale: Scale,
    prefix: String,
    results: usize,
    resources: Vec<Resource<'a>>,
}

/// A resource with the verdicts about it.
struct Resource<'a> {
    name: Cow<'a, str>,
    rows: Vec<Row<'a>>,
}

/// A verdict.
struct Row<'a> {
    place: usize,
    rule: usize,
    result: &'a RuleResult,
    kind: Kind,
    message: String,
    /// The places that were looked at, each with the number of its resource where it is not the
    /// subject.
    facts: Vec<(Option<usize>, &'a str)>,
}

impl<'a> Appendix<'a> {
    /// The verdicts about the deployment of this index.
    pub(crate) fn of(assessment: &'a Assessment, index: usize, scale: Scale) -> Self {
        let own = &assessment.deployments[index];
        let names = Names::of(&own.deployment);
        let rules: BTreeMap<&str, usize> = assessment
            .catalogue
            .iter()
            .enumerate()
            .map(|(place, entry)| (entry.meta.id, place))
            .collect();
        Self {
            index,
            name: &own.deployment.name,
            scale,
            results: own.results.len(),
            resources: resources(own, &names, &rules, scale),
            prefix: names.prefix,
        }
    }
}

fn resources<'a>(
    own: &'a DeploymentAssessment,
    names: &Names,
    rules: &BTreeMap<&str, usize>,
    scale: Scale,
) -> Vec<Resource<'a>> {
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut resources: Vec<Resource<'a>> = Vec::new();
    let mut number = |resources: &mut Vec<Resource<'a>>, name: &'a str| {
        *numbers.entry(key(name)).or_insert_with(|| {
            resources.push(Resource { name: names.short(name), rows: Vec::new() });
            resources.len() - 1
        })
    };
    // Subjects first: what was only looked at on the way comes behind them.
    for result in &own.results {
        number(&mut resources, &result.judgement.subject);
    }
    for (place, result) in own.results.iter().enumerate() {
        let judgement = &result.judgement;
        let kind = Kind::of(result);
        let subject = number(&mut resources, &judgement.subject);
        let mut facts: Vec<(Option<usize>, &str)> = Vec::new();
        for fact in &judgement.evidence {
            let resource = number(&mut resources, &fact.resource);
            let seen = ((resource != subject).then_some(resource), fact.pointer.as_str());
            if !facts.contains(&seen) {
                facts.push(seen);
            }
        }
        resources[subject].rows.push(Row {
            place,
            rule: rules.get(result.meta.id).copied().unwrap_or_default(),
            result,
            kind,
            message: if scale.is_large() && matches!(kind, Kind::Pass | Kind::Moot) {
                String::new()
            } else {
                prose(&judgement.message)
            },
            facts,
        });
    }
    resources
}

/// What two spellings of one name have in common: only what lies in a Blob store tells case apart.
fn key(name: &str) -> String {
    if name.starts_with("http") { name.to_owned() } else { name.to_ascii_lowercase() }
}

impl Row<'_> {
    fn level(&self) -> u8 {
        self.result.severity as u8
    }

    /// Whether something links here: what has an article of its own is linked there.
    fn is_target(&self) -> bool {
        self.kind == Kind::Waived
    }

    /// Whether there is an article about it.
    fn has_article(&self) -> bool {
        matches!(self.kind, Kind::Fail | Kind::Unknown)
    }
}

impl Appendix<'_> {
    fn digest<'d>(&self, digest: &'d str) -> &'d str {
        let length = if self.scale.is_large() { SHORT_DIGEST } else { digest.len() };
        digest.get(..length).unwrap_or(digest)
    }
}
