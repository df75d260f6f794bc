//! One deployment in OSCAL: observations, what they amount to, and the risks.

use std::collections::{BTreeMap, BTreeSet};

use vaudit_model::assessment::{
    Assessment, DeploymentAssessment, GapUse, RuleResult, Summary, WaiverUse,
};
use vaudit_model::instant::{parse_rfc3339, show};
use vaudit_model::rule::{Evidence, Verdict, sentence};

use crate::oscal::{controls, objective_id};
use crate::oscal_model::{
    Actor, AssessmentResult, Assets, Characterization, Component, ControlId, Definitions, Facet,
    Finding, InventoryItem, Observation, Origin, Platform, Property, RelatedObservation,
    RelatedRisk, RelevantEvidence, Repeated, Response, ReviewedControls, Risk, Selection, State,
    Status, Subject, Target, UsedComponent, control_id, literal, markup, properties, string, token,
    uuid,
};
use crate::sarif::INFORMATION_URI;
use crate::wording;

/// What everything said about a deployment has in common.
struct Context<'a> {
    assessment: &'a Assessment,
    /// The deployment's name, and which of that name it is.
    key: String,
    /// The identifier of the tool. OSCAL defines it in every result, so it is another in each.
    tool: String,
}

impl Context<'_> {
    /// An identifier that is another in every run.
    fn of_this_run(&self, kind: &str, name: &str) -> String {
        let run = &self.assessment.run;
        uuid(kind, &[&run.id, &run.manifest_sha256, &self.key, name])
    }

    /// An identifier that is the same in every run.
    fn of_every_run(&self, kind: &str, name: &str) -> String {
        uuid(kind, &[&self.key, name])
    }

    fn origin(&self) -> Origin {
        Origin { actors: [Actor { kind: "tool", actor_uuid: self.tool.clone() }] }
    }

    fn waiver(&self, result: &RuleResult) -> Option<&WaiverUse> {
        result.waiver.and_then(|index| self.assessment.waivers.get(index))
    }
}

/// The result of a deployment, with a key that no other deployment of the assessment has.
pub(crate) fn result(
    assessment: &Assessment,
    assessed: &DeploymentAssessment,
    key: String,
) -> AssessmentResult {
    let (run, deployment) = (&assessment.run, &assessed.deployment);
    let tool = uuid("tool", &[&key]);
    let context = &Context { assessment, key, tool };
    let summary = Summary::of(&assessed.results);
    let counts = [wording::counts(summary), wording::other_counts(summary)];
    let counts: Vec<String> = counts.into_iter().filter(|text| !text.is_empty()).collect();
    let mut items = Items::default();
    let mut observations = Vec::new();
    let mut risks = Vec::new();
    // By rule: the results with their observations and risks.
    let mut judged: BTreeMap<&str, Vec<Judged<'_>>> = BTreeMap::new();
    let mut fingerprints = Repeated::default();
    for result in &assessed.results {
        let name = fingerprints.key(&result.fingerprint);
        let observation = observation(context, result, &name, &mut items);
        let risk = (result.judgement.verdict == Verdict::Fail)
            .then(|| risk(context, result, &name, &observation.uuid));
        judged.entry(result.meta.id).or_default().push(Judged {
            result,
            observation: observation.uuid.clone(),
            risk: risk.as_ref().map(|risk| risk.uuid.clone()),
        });
        observations.push(observation);
        risks.extend(risk);
    }
    let gaps = assessed.gaps.iter().enumerate();
    observations.extend(gaps.map(|(number, gap)| lost_sight(context, gap, number)));
    let findings = judged.values().filter_map(|results| finding(context, results));
    AssessmentResult {
        uuid: context.of_this_run("result", ""),
        title: markup(&format!("Deployment {}", string(&deployment.name))),
        description: format!(
            "{} {}",
            markup(&sentence(&counts.join(", "))),
            markup(&wording::run(assessment))
        ),
        start: show(run.header.started_at),
        end: show(run.header.finished_at),
        props: properties([
            ("deployment", Some(&deployment.name)),
            ("subscription", Some(&deployment.subscription)),
            ("resource-group", Some(&deployment.resource_group)),
        ])
        .collect(),
        findings: findings.collect(),
        reviewed_controls: reviewed(assessed),
        local_definitions: Definitions {
            inventory_items: items.list,
            assessment_assets: assets(context),
        },
        observations,
        risks,
        remarks: run.header.stopped.is_some().then(|| {
            "The run was ended early. What was not read by then could not be judged.".to_owned()
        }),
    }
}

/// A result, and what it became.
struct Judged<'a> {
    result: &'a RuleResult,
    observation: String,
    risk: Option<String>,
}

/// What was judged, each thing once.
#[derive(Default)]
struct Items<'a> {
    ids: BTreeMap<&'a str, String>,
    list: Vec<InventoryItem>,
}

impl<'a> Items<'a> {
    fn id(&mut self, subject: &'a str, context: &Context<'_>) -> String {
        if let Some(id) = self.ids.get(subject) {
            return id.clone();
        }
        let id = context.of_every_run("item", subject);
        self.list.push(InventoryItem {
            uuid: id.clone(),
            description: literal(subject),
            props: [Property::of_oscal("asset-id", subject)],
        });
        self.ids.insert(subject, id.clone());
        id
    }
}

fn assets(context: &Context<'_>) -> Assets {
    Assets {
        components: [Component {
            uuid: context.tool.clone(),
            kind: "software",
            title: "vaudit",
            description: "Reads what stands in Azure, changes nothing, and judges it by rules.",
            props: [Property::of_oscal("version", env!("CARGO_PKG_VERSION"))],
            status: State { state: "operational" },
        }],
        assessment_platforms: [Platform {
            uuid: context.of_every_run("platform", ""),
            title: "vaudit",
            uses_components: [UsedComponent { component_uuid: context.tool.clone() }],
        }],
    }
}

/// The rules that were judged, and for each framework the controls they touch.
fn reviewed(assessed: &DeploymentAssessment) -> ReviewedControls {
    let rules = assessed.results.iter().map(|result| token(result.meta.id));
    let rules: BTreeSet<String> = rules.collect();
    let mut frameworks: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for control in assessed.results.iter().flat_map(|result| result.meta.controls) {
        let ids = control.ids.iter().map(|id| control_id(control.framework, id));
        frameworks.entry(control.framework).or_default().extend(ids);
    }
    let own = selection("vaudit", "Rules of vaudit, each a control of its own.".to_owned(), rules);
    let frameworks = frameworks.into_iter().map(|(framework, ids)| {
        let said = format!("Controls of {} that the rules touch.", markup(framework));
        selection(framework, said, ids)
    });
    ReviewedControls {
        description: "A rule touches a control and does not assess it whole: a control is not met because no rule fails.",
        control_selections: std::iter::once(own).chain(frameworks).collect(),
    }
}

fn selection(framework: &str, description: String, ids: BTreeSet<String>) -> Selection {
    Selection {
        description,
        props: [Property::of_ours("framework", framework)],
        include_controls: ids.into_iter().map(|control_id| ControlId { control_id }).collect(),
    }
}

fn observation<'a>(
    context: &Context<'_>,
    result: &'a RuleResult,
    name: &str,
    items: &mut Items<'a>,
) -> Observation {
    let (meta, judgement) = (&result.meta, &result.judgement);
    let reason = judgement.reason();
    let line = result.location.as_ref().map(|location| location.line.to_string());
    let props = properties([
        ("rule", Some(meta.id)),
        ("verdict", Some(judgement.verdict.word())),
        ("reason", reason.as_deref()),
        ("severity", Some(result.severity.word())),
        ("fingerprint", Some(&result.fingerprint)),
        ("observed-digest", Some(&result.observed_digest)),
        ("manifest-key", result.location.as_ref().map(|location| location.key.as_str())),
        ("manifest-line", line.as_deref()),
    ]);
    let used = context.waiver(result);
    Observation {
        uuid: context.of_this_run("observation", name),
        title: markup(&format!("{} {}", meta.id, meta.title)),
        description: markup(&judgement.message),
        props: props.chain(used.into_iter().flat_map(waiver)).collect(),
        methods: ["TEST"],
        types: ["control-objective"],
        origins: [context.origin()],
        subjects: vec![Subject {
            subject_uuid: items.id(&judgement.subject, context),
            kind: "inventory-item",
        }],
        relevant_evidence: judgement.evidence.iter().map(evidence).collect(),
        collected: collected(context.assessment, result),
        remarks: (judgement.verdict == Verdict::Indeterminate).then(|| {
            "This could not be judged: it says neither that the objective is met nor that it is not."
                .to_owned()
        }),
    }
}

/// When the first fact was read; without one, when the run ended.
fn collected(assessment: &Assessment, result: &RuleResult) -> String {
    let read = result.judgement.evidence.iter().filter_map(|fact| fact.read_at.as_deref());
    let first = read.filter_map(parse_rfc3339).map(|read| read.instant).min();
    show(first.unwrap_or(assessment.run.header.finished_at))
}

fn evidence(fact: &Evidence) -> RelevantEvidence {
    RelevantEvidence {
        description: match fact.pointer.as_str() {
            "" => "The whole resource".to_owned(),
            pointer => literal(pointer),
        },
        props: properties([
            ("resource", Some(&fact.resource)),
            ("pointer", Some(fact.pointer.as_str()).filter(|pointer| !pointer.is_empty())),
            ("observed", fact.observed.as_deref()),
            ("expected", fact.expected.as_deref()),
            ("request-id", fact.request_id.as_deref()),
            ("read-at", fact.read_at.as_deref()),
        ])
        .collect(),
    }
}

fn waiver(used: &WaiverUse) -> Vec<Property> {
    let waiver = &used.waiver;
    let expires = waiver.expires.to_string();
    properties([
        ("waiver-owner", Some(&waiver.owner)),
        ("waiver-reason", Some(&waiver.reason)),
        ("waiver-expires", Some(&expires)),
        ("waiver-ticket", waiver.ticket.as_deref()),
        ("waiver-accept", Some(waiver.accept.word())),
    ])
    .collect()
}

fn risk(context: &Context<'_>, result: &RuleResult, name: &str, observation: &str) -> Risk {
    let (meta, judgement) = (&result.meta, &result.judgement);
    let used = context.waiver(result);
    let id = context.of_every_run("risk", name);
    let props = properties([("rule", Some(meta.id)), ("fingerprint", Some(&result.fingerprint))]);
    Risk {
        title: markup(&format!("{} {}", meta.id, meta.title)),
        description: markup(&judgement.message),
        statement: markup(&format!("This does not hold: {}", sentence(meta.title))),
        props: props.chain(controls(result)).chain(used.into_iter().flat_map(waiver)).collect(),
        status: if used.is_some() { "deviation-approved" } else { "open" },
        characterizations: [Characterization {
            origin: context.origin(),
            facets: [Facet {
                name: "severity",
                system: INFORMATION_URI,
                value: result.severity.word(),
            }],
        }],
        // The last valid day, to its end.
        deadline: used.map(|used| format!("{}T23:59:59Z", used.waiver.expires)),
        remediations: response(result, &id).into_iter().collect(),
        related_observations: [RelatedObservation { observation_uuid: observation.to_owned() }],
        uuid: id,
    }
}

fn response(result: &RuleResult, risk: &str) -> Option<Response> {
    let remediation = &result.judgement.remediation;
    if remediation.text.is_empty() && remediation.commands.is_empty() {
        return None;
    }
    let commands = remediation.commands.iter();
    Some(Response {
        uuid: uuid("response", &[risk]),
        lifecycle: "recommendation",
        title: "How to mend it",
        description: match remediation.text.as_str() {
            "" => "The commands are in the properties.".to_owned(),
            text => markup(text),
        },
        props: commands.map(|line| Property::of_ours("command", line.as_str())).collect(),
    })
}

/// Says what could not be seen. In the words of the reason code, so that the report is the same when
/// it is made of a JSON report.
fn lost_sight(context: &Context<'_>, gap: &GapUse, number: usize) -> Observation {
    let lost = wording::missing(gap.action.as_deref(), gap.scope.as_deref());
    let said = format!("{} {lost}", sentence(wording::reason(gap.reason)));
    let status = gap.status.map(|status| status.to_string());
    let props = properties([
        ("gap", Some(gap.reason.code())),
        ("missing-action", gap.action.as_deref()),
        ("scope", gap.scope.as_deref()),
        ("http-status", status.as_deref()),
    ]);
    let rules = gap.rules.iter().map(|rule| Property::of_ours("rule", rule));
    Observation {
        uuid: context.of_this_run("gap", &number.to_string()),
        title: "Out of sight".to_owned(),
        description: markup(&said),
        props: props.chain(rules).collect(),
        methods: ["EXAMINE"],
        types: ["discovery"],
        origins: [context.origin()],
        subjects: Vec::new(),
        relevant_evidence: Vec::new(),
        collected: show(context.assessment.run.header.finished_at),
        remarks: Some(match gap.rules.len() {
            0 => "Every rule could be judged without it.".to_owned(),
            _ => markup(&format!("Rules without a verdict: {}.", gap.rules.join(", "))),
        }),
    }
}

/// What the results of a rule amount to; none where the worst is a statement, or all is moot.
fn finding(context: &Context<'_>, results: &[Judged<'_>]) -> Option<Finding> {
    let first = results.first()?.result;
    let worst = results.iter().map(|own| own.result.judgement.verdict).max()?;
    let (state, reason) = match worst {
        Verdict::Pass => ("satisfied", "pass"),
        Verdict::Fail => ("not-satisfied", "fail"),
        // OSCAL knows no third state, and what is not known to be met is not met.
        Verdict::Indeterminate => ("not-satisfied", "other"),
        Verdict::Informational | Verdict::NotApplicable => return None,
    };
    let summary = Summary::of(results.iter().map(|own| own.result));
    let counts = [wording::counts(summary), wording::other_counts(summary)];
    let counts: Vec<String> = counts.into_iter().filter(|text| !text.is_empty()).collect();
    let meta = &first.meta;
    let props = properties([("rule", Some(meta.id))]);
    Some(Finding {
        uuid: context.of_every_run("finding", meta.id),
        title: markup(&format!("{} {}", meta.id, meta.title)),
        description: markup(&sentence(&counts.join(", "))),
        props: props.chain(controls(first)).collect(),
        target: Target {
            kind: "objective-id",
            target_id: objective_id(meta.id),
            status: Status { state, reason, remarks: remarks(context, results, worst) },
        },
        related_observations: results
            .iter()
            .map(|own| RelatedObservation { observation_uuid: own.observation.clone() })
            .collect(),
        related_risks: results
            .iter()
            .filter_map(|own| Some(RelatedRisk { risk_uuid: own.risk.clone()? }))
            .collect(),
    })
}

/// What a reader of the status alone has to know: that nobody could tell, and that it is accepted.
fn remarks(context: &Context<'_>, results: &[Judged<'_>], worst: Verdict) -> Option<String> {
    let mut sentences = BTreeSet::new();
    for result in results.iter().map(|own| own.result) {
        if worst == Verdict::Indeterminate {
            sentences.extend(result.judgement.gap.as_ref().map(|gap| {
                format!("Could not be judged ({}): {}.", gap.reason, wording::reason(gap.reason))
            }));
        }
        sentences.extend(context.waiver(result).map(|used| {
            format!("Waived until {}. {}", used.waiver.expires, wording::answer(used))
        }));
    }
    let said = sentences.iter().map(|sentence| markup(sentence)).collect::<Vec<_>>();
    (!said.is_empty()).then(|| said.join(" "))
}
