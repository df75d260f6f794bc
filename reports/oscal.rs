//! The OSCAL report: assessment results in JSON, one `result` a deployment, for tools of governance,
//! risk and compliance.
//!
//! Every result of vaudit is an observation. What those of one rule amount to is a finding, and a
//! failure is a risk too; `oscal_result.rs` has both. Nothing is `satisfied` that was not judged.
//! What is written is valid in OSCAL 1.1 and 1.2. The version named is of 1.1, since readers of 1.2
//! take it and others do not take 1.2.

use std::collections::BTreeMap;

use vaudit_model::assessment::{Assessment, RuleResult};
use vaudit_model::instant::show;
use vaudit_model::rule::sentence;

use crate::json_list::List;
use crate::oscal_model::{
    AssessmentResults, BackMatter, Document, ImportPlan, Metadata, Objective, Objectives, Part,
    Property, Repeated, Resource, markup, properties, string, token,
};
use crate::oscal_uuid::Scope;
use crate::{oscal_result, wording};

/// The version of OSCAL.
const OSCAL_VERSION: &str = "1.1.3";
/// How many levels have lines of their own: an observation is a line.
pub(crate) const LEVELS: usize = 5;
const RESULTS: List = List { key: Some("results"), depth: 3, levels: LEVELS };

/// Renders the assessment as OSCAL assessment results.
pub fn render(assessment: &Assessment) -> String {
    let run = &assessment.run;
    let plan = Scope::of(&[]).uuid("no plan", "");
    let document = Document {
        assessment_results: AssessmentResults {
            uuid: Scope::of(&[&run.id, &run.manifest_sha256]).uuid("document", ""),
            metadata: metadata(assessment),
            import_ap: ImportPlan {
                href: format!("#{plan}").into(),
                remarks: "There is no assessment plan in OSCAL.",
            },
            local_definitions: Objectives { objectives_and_methods: objectives(assessment) },
            results: [],
            back_matter: BackMatter {
                resources: [Resource {
                    uuid: plan,
                    title: "No assessment plan",
                    description: "vaudit judges the rules of its catalogue by what its manifest asks for. Neither is a plan in OSCAL, so there is none to import.",
                }],
            },
        },
    };
    let mut names = Repeated::default();
    let named = assessment.deployments.iter().map(|own| (own, names.key(&own.deployment.name)));
    RESULTS.document(&document, &named.collect::<Vec<_>>(), |(assessed, key), results| {
        oscal_result::write(results, assessment, assessed, key);
    })
}

fn metadata(assessment: &Assessment) -> Metadata<'_> {
    let run = &assessment.run;
    let header = &run.header;
    let identity = &header.identity;
    let props = properties(
        [
            ("tool-version", Some(env!("CARGO_PKG_VERSION").into())),
            ("run-id", Some((&run.id).into())),
            ("profile", Some((&run.profile).into())),
            ("source", Some(run.source.word().into())),
            ("complete", Some((if header.stopped.is_none() { "true" } else { "false" }).into())),
            ("exit-code", Some(run.exit_code.to_string().into())),
            ("identity-object-id", identity.object_id.as_deref().map(Into::into)),
            ("identity-client-id", identity.client_id.as_deref().map(Into::into)),
            ("identity-tenant", identity.tenant.as_deref().map(Into::into)),
            ("manifest-path", header.manifest.path.as_deref().map(Into::into)),
            ("manifest-sha256", Some((&run.manifest_sha256).into())),
        ],
        [],
    );
    Metadata {
        title: "vaudit: a Vectice deployment on Azure, held against its reference design".into(),
        last_modified: show(header.finished_at),
        version: string(run.id.as_str()),
        oscal_version: OSCAL_VERSION,
        props,
    }
}

/// What each rule that was judged asks for, so that findings have something to point at.
fn objectives(assessment: &Assessment) -> Vec<Objective<'_>> {
    let results = assessment.deployments.iter().flat_map(|assessed| &assessed.results);
    let rules: BTreeMap<&str, &RuleResult> =
        results.map(|result| (result.meta.id, result)).collect();
    rules.into_values().map(objective).collect()
}

fn objective(result: &RuleResult) -> Objective<'_> {
    let meta = &result.meta;
    let props = properties(
        [
            ("rule-name", Some(meta.name.into())),
            ("tier", Some(meta.tier.letter().into())),
            ("module", Some(wording::module_name(wording::module(meta.id)).into())),
        ],
        controls(result),
    );
    Objective {
        control_id: token(meta.id),
        description: markup(sentence(meta.title)),
        props,
        parts: [Part {
            id: objective_id(meta.id).into(),
            name: "assessment-objective",
            prose: markup(sentence(meta.title)),
        }],
    }
}

/// The id of the objective of a rule.
pub(crate) fn objective_id(rule: &str) -> String {
    format!("{}_obj", token(rule))
}

/// The controls of public frameworks that a failure of the rule touches, each with its framework.
pub(crate) fn controls(result: &RuleResult) -> impl Iterator<Item = Property<'_>> {
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
