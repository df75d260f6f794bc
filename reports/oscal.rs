//! The OSCAL report: assessment results in JSON, one `result` a deployment, for tools of governance,
//! risk and compliance.
//!
//! Every result of vaudit is an observation. What those of one rule amount to is a finding, and a
//! failure is a risk too; `oscal_result.rs` has both. Nothing is `satisfied` that was not judged.
//! What is written is valid in OSCAL 1.1 and 1.2. The version named is of 1.1, since readers of 1.2
//! take it and others do not take 1.2.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};
use vaudit_model::assessment::{Assessment, RuleResult};
use vaudit_model::instant::show;
use vaudit_model::rule::sentence;

use crate::inert_json::shallow;
use crate::oscal_model::{
    AssessmentResults, BackMatter, Document, ImportPlan, Metadata, Objective, Objectives, Part,
    Property, Repeated, Resource, markup, properties, string, token, uuid,
};
use crate::{oscal_result, wording};

/// The version of OSCAL.
const OSCAL_VERSION: &str = "1.1.3";
/// How many levels have lines of their own: an observation is one line.
const LEVELS: usize = 5;

/// Renders the assessment as OSCAL assessment results.
pub fn render(assessment: &Assessment) -> String {
    let run = &assessment.run;
    let plan = uuid("no plan", &[]);
    let document = Document {
        assessment_results: AssessmentResults {
            uuid: uuid("document", &[&run.id, &run.manifest_sha256]),
            metadata: metadata(assessment),
            import_ap: ImportPlan {
                href: format!("#{plan}"),
                remarks: "There is no assessment plan in OSCAL.",
            },
            local_definitions: Objectives { objectives_and_methods: objectives(assessment) },
            results: Results(assessment),
            back_matter: BackMatter {
                resources: [Resource {
                    uuid: plan,
                    title: "No assessment plan",
                    description: "vaudit judges the rules of its catalogue by what its manifest asks for. Neither is a plan in OSCAL, so there is none to import.",
                }],
            },
        },
    };
    shallow(&document, LEVELS)
}

/// The results of an assessment, a few at a time: together they take gigabytes.
struct Results<'a>(&'a Assessment);

/// How many results are made before they are written.
const AT_ONCE: usize = 16;

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut names = Repeated::default();
        let mut results = serializer.serialize_seq(Some(self.0.deployments.len()))?;
        for some in self.0.deployments.chunks(AT_ONCE) {
            let named: Vec<_> =
                some.iter().map(|own| (own, names.key(&own.deployment.name))).collect();
            let made: Vec<_> = named
                .into_par_iter()
                .map(|(own, key)| oscal_result::result(self.0, own, key))
                .collect();
            made.iter().try_for_each(|result| results.serialize_element(result))?;
        }
        results.end()
    }
}

fn metadata(assessment: &Assessment) -> Metadata {
    let run = &assessment.run;
    let header = &run.header;
    let identity = &header.identity;
    let exit_code = run.exit_code.to_string();
    let props = properties([
        ("tool-version", Some(env!("CARGO_PKG_VERSION"))),
        ("run-id", Some(&run.id)),
        ("profile", Some(&run.profile)),
        ("source", Some(run.source.word())),
        ("complete", Some(if header.stopped.is_none() { "true" } else { "false" })),
        ("exit-code", Some(&exit_code)),
        ("identity-object-id", identity.object_id.as_deref()),
        ("identity-client-id", identity.client_id.as_deref()),
        ("identity-tenant", identity.tenant.as_deref()),
        ("manifest-path", header.manifest.path.as_deref()),
        ("manifest-sha256", Some(&run.manifest_sha256)),
    ]);
    Metadata {
        title: "vaudit: a Vectice deployment on Azure, held against its reference design"
            .to_owned(),
        last_modified: show(header.finished_at),
        version: string(&run.id),
        oscal_version: OSCAL_VERSION,
        props: props.collect(),
    }
}

/// What each rule that was judged asks for, so that findings have something to point at.
fn objectives(assessment: &Assessment) -> Vec<Objective> {
    let results = assessment.deployments.iter().flat_map(|assessed| &assessed.results);
    let rules: BTreeMap<&str, &RuleResult> =
        results.map(|result| (result.meta.id, result)).collect();
    rules.into_values().map(objective).collect()
}

fn objective(result: &RuleResult) -> Objective {
    let meta = &result.meta;
    let props = properties([
        ("rule-name", Some(meta.name)),
        ("tier", Some(meta.tier.letter())),
        ("module", Some(wording::module_name(wording::module(meta.id)))),
    ]);
    Objective {
        control_id: token(meta.id),
        description: markup(&sentence(meta.title)),
        props: props.chain(controls(result)).collect(),
        parts: [Part {
            id: objective_id(meta.id),
            name: "assessment-objective",
            prose: markup(&sentence(meta.title)),
        }],
    }
}

/// The id of the objective of a rule.
pub(crate) fn objective_id(rule: &str) -> String {
    token(&format!("{rule}_obj"))
}

/// The controls of public frameworks that a failure of the rule touches, each with its framework.
pub(crate) fn controls(result: &RuleResult) -> impl Iterator<Item = Property> {
    result.meta.controls.iter().flat_map(|control| {
        control.ids.iter().map(|id| Property::of_class("control", control.framework, id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use serde_json::Value;
    use std::collections::BTreeSet;
    use vaudit_model::rule::Verdict;
    use vaudit_model::shell::inert_lines;

    fn document(assessment: &Assessment) -> Value {
        serde_json::from_str::<Value>(&render(assessment)).unwrap()["assessment-results"].take()
    }

    /// Calls back with every object of a tree and the key it stands under.
    fn walk(value: &Value, key: &str, seen: &mut impl FnMut(&str, &Value)) {
        seen(key, value);
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| walk(value, key, seen)),
            Value::Array(items) => items.iter().for_each(|item| walk(item, key, seen)),
            _ => {}
        }
    }

    #[test]
    fn the_document_is_what_the_page_about_formats_says() {
        let text = render(&canned::assessment());
        let version = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
        insta::assert_snapshot!("report.oscal", text.replace(&version, "\"[version]\""));
        assert_eq!(inert_lines(&text), text);
        assert_eq!(render(&canned::assessment()), text);
    }

    #[test]
    fn identifiers_are_unique_and_references_lead_somewhere() {
        // Two of everything, which no manifest makes but a saved report may hold.
        let mut assessment = canned::assessment();
        let again = assessment.deployments[0].results.clone();
        assessment.deployments[0].results.extend(again);
        assessment.deployments.push(assessment.deployments[0].clone());
        let document = document(&assessment);
        let (mut defined, mut referred) = (Vec::new(), BTreeSet::new());
        walk(&document, "", &mut |key, value| {
            let Some(id) = value.as_str() else { return };
            match key {
                "uuid" => defined.push(id.to_owned()),
                "href" => {
                    referred.insert(id.strip_prefix('#').unwrap().to_owned());
                }
                _ if key.ends_with("-uuid") => {
                    referred.insert(id.to_owned());
                }
                _ => {}
            }
        });
        let known: BTreeSet<String> = defined.iter().cloned().collect();
        assert_eq!(known.len(), defined.len());
        assert!(referred.is_subset(&known), "{:?}", referred.difference(&known));
    }

    #[test]
    fn nothing_is_satisfied_that_was_not_judged() {
        let assessment = canned::assessment();
        let document = document(&assessment);
        let mut states = BTreeSet::new();
        for (shown, assessed) in
            document["results"].as_array().unwrap().iter().zip(&assessment.deployments)
        {
            let mut worst: BTreeMap<String, Verdict> = BTreeMap::new();
            for result in &assessed.results {
                let entry = worst.entry(objective_id(result.meta.id));
                let verdict = result.judgement.verdict;
                entry.and_modify(|known| *known = verdict.max(*known)).or_insert(verdict);
            }
            for finding in shown["findings"].as_array().unwrap() {
                let target = &finding["target"];
                let verdict = worst.remove(target["target-id"].as_str().unwrap()).unwrap();
                let (state, reason) = match verdict {
                    Verdict::Pass => ("satisfied", "pass"),
                    Verdict::Fail => ("not-satisfied", "fail"),
                    Verdict::Indeterminate => ("not-satisfied", "other"),
                    moot => panic!("{moot:?} is no conclusion"),
                };
                assert_eq!(target["status"]["state"], state);
                assert_eq!(target["status"]["reason"], reason);
                states.insert(reason);
            }
            let left = worst
                .values()
                .all(|verdict| matches!(verdict, Verdict::Informational | Verdict::NotApplicable));
            assert!(left, "{worst:?} have no finding");
            let observed = shown["observations"].as_array().unwrap().len();
            assert_eq!(observed, assessed.results.len() + assessed.gaps.len());
        }
        assert_eq!(states.len(), 3);
    }

    #[test]
    fn a_failure_is_a_risk_and_a_waiver_an_approved_deviation() {
        let assessment = canned::assessment();
        let document = document(&assessment);
        let failed = assessment.deployments.iter().flat_map(|own| &own.results);
        let failed = failed.filter(|result| result.judgement.verdict == Verdict::Fail);
        let waived: Vec<bool> = failed.map(|result| result.waiver.is_some()).collect();
        let risks = document["results"].as_array().unwrap().iter();
        let risks: Vec<&Value> =
            risks.filter_map(|result| result["risks"].as_array()).flatten().collect();
        assert_eq!(risks.len(), waived.len());
        assert!(waived.contains(&true) && waived.contains(&false));
        for (risk, waived) in risks.into_iter().zip(waived) {
            let expected = if waived { "deviation-approved" } else { "open" };
            assert_eq!(risk["status"], expected);
            assert_eq!(risk["deadline"].is_string(), waived);
        }
    }
}
