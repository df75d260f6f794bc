//! One deployment in OSCAL: observations, what they amount to, and the risks.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use vaudit_model::assessment::{
    Assessment, DeploymentAssessment, GapUse, RuleResult, Summary, WaiverUse,
};
use vaudit_model::instant::{parse_rfc3339, show};
use vaudit_model::rule::{Evidence, Verdict, sentence};

use crate::json_list::{Items, List};
use crate::oscal::{LEVELS, controls, objective_id};
use crate::oscal_model::{
    Actor, AssessmentResult, Assets, Characterization, Component, ControlId, Definitions, Facet,
    Finding, InventoryItem, Observation, Origin, Platform, Property, RelatedObservation,
    RelatedRisk, RelevantEvidence, Repeated, Response, ReviewedControls, Risk, Selection, State,
    Status, Subject, Target, UsedComponent, control_id, literal, markup, properties, string, token,
};
use crate::oscal_uuid::{Scope, Uuid};
use crate::sarif::INFORMATION_URI;
use crate::wording;

const OBSERVATIONS: List = List { key: Some("observations"), depth: 5, levels: LEVELS };
const RISKS: List = List { key: Some("risks"), depth: 5, levels: LEVELS };
const FINDINGS: List = List { key: Some("findings"), depth: 5, levels: LEVELS };

/// What everything said about a deployment has in common.
struct Context<'a> {
    assessment: &'a Assessment,
    /// Identifies what is another in every run.
    this_run: Scope,
    /// Identifies what is the same in every run.
    every_run: Scope,
    /// The tool. OSCAL defines it in every result, so it is another in each.
    tool: Uuid,
}

impl<'a> Context<'a> {
    fn waiver(&self, result: &RuleResult) -> Option<&'a WaiverUse> {
        result.waiver.and_then(|index| self.assessment.waivers.get(index))
    }
}

/// Writes the result of a deployment, with a key that no other deployment of the assessment has. Each
/// observation, risk and finding is written as soon as it is made: a large report has many.
pub(crate) fn write(
    results: &mut Items<'_>,
    assessment: &Assessment,
    assessed: &DeploymentAssessment,
    key: &str,
) {
    let (run, deployment) = (&assessment.run, &assessed.deployment);
    let every_run = Scope::of(&[key]);
    let context = &Context {
        assessment,
        this_run: Scope::of(&[&run.id, &run.manifest_sha256, key]),
        tool: every_run.uuid("tool", ""),
        every_run,
    };
    let mut inventory = Inventory::default();
    let mut observations = OBSERVATIONS.items();
    let mut risks = RISKS.items();
    let mut findings = FINDINGS.items();
    // By rule: the results with their observations and risks.
    let mut judged: BTreeMap<&str, Vec<Judged<'_>>> = BTreeMap::new();
    let mut fingerprints = Repeated::default();
    for result in &assessed.results {
        let name = fingerprints.key(&result.fingerprint);
        let observation = observation(context, result, &name, &mut inventory);
        observations.push(&observation);
        let risk = (result.judgement.verdict == Verdict::Fail)
            .then(|| risk(context, result, &name, &observation));
        risk.iter().for_each(|risk| risks.push(risk));
        judged.entry(result.meta.id).or_default().push(Judged {
            result,
            title: observation.title,
            observation: observation.uuid,
            risk: risk.map(|risk| risk.uuid),
        });
    }
    for (number, gap) in assessed.gaps.iter().enumerate() {
        observations.push(&lost_sight(context, gap, number));
    }
    let mut counts = Counts::default();
    for finding in judged.values().filter_map(|own| finding(context, own, &mut counts)) {
        findings.push(&finding);
    }
    let [observations, risks, findings] = [observations, risks, findings].map(Items::content);
    let there = |content: &str| (!content.is_empty()).then_some([]);
    let result = AssessmentResult {
        uuid: context.this_run.uuid("result", ""),
        title: markup(format!("Deployment {}", string(&deployment.name))),
        description: format!(
            "{} {}",
            counted(Summary::of(&assessed.results)),
            markup(wording::run(assessment))
        )
        .into(),
        start: show(run.header.started_at),
        end: show(run.header.finished_at),
        props: properties(
            [
                ("deployment", Some((&deployment.name).into())),
                ("subscription", Some((&deployment.subscription).into())),
                ("resource-group", Some((&deployment.resource_group).into())),
            ],
            [],
        ),
        reviewed_controls: reviewed(assessed),
        local_definitions: Definitions {
            inventory_items: inventory.list,
            assessment_assets: assets(context),
        },
        observations: there(&observations),
        risks: there(&risks),
        findings: there(&findings),
        remarks: run.header.stopped.is_some().then(|| {
            "The run was ended early. What was not read by then could not be judged.".into()
        }),
    };
    let lists = [(OBSERVATIONS, observations), (RISKS, risks), (FINDINGS, findings)];
    results.push_with(&result, lists.map(|(list, content)| (list, content.into())));
}

/// Says how many results there are of each kind.
fn counted(summary: Summary) -> String {
    let counts = [wording::counts(summary), wording::other_counts(summary)];
    let counts: Vec<String> = counts.into_iter().filter(|text| !text.is_empty()).collect();
    markup(sentence(&counts.join(", "))).into_owned()
}

/// What was said of counts already: most rules have one result, and it passed.
#[derive(Default)]
struct Counts(Vec<(Summary, String)>);

impl Counts {
    fn said(&mut self, summary: Summary) -> String {
        if let Some((_, said)) = self.0.iter().find(|(known, _)| *known == summary) {
            return said.clone();
        }
        let said = counted(summary);
        self.0.push((summary, said.clone()));
        said
    }
}

/// A result, and what it became.
struct Judged<'a> {
    result: &'a RuleResult,
    title: Cow<'a, str>,
    observation: Uuid,
    risk: Option<Uuid>,
}

/// What was judged, each thing once.
#[derive(Default)]
struct Inventory<'a> {
    ids: BTreeMap<&'a str, Uuid>,
    list: Vec<InventoryItem<'a>>,
}

impl<'a> Inventory<'a> {
    fn id(&mut self, subject: &'a str, context: &Context<'_>) -> Uuid {
        *self.ids.entry(subject).or_insert_with(|| {
            let uuid = context.every_run.uuid("item", subject);
            self.list.push(InventoryItem {
                uuid,
                description: literal(subject),
                props: [Property::of_oscal("asset-id", subject)],
            });
            uuid
        })
    }
}

fn assets<'a>(context: &Context<'_>) -> Assets<'a> {
    Assets {
        components: [Component {
            uuid: context.tool,
            kind: "software",
            title: "vaudit",
            description: "Reads what stands in Azure, changes nothing, and judges it by rules.",
            props: [Property::of_oscal("version", env!("CARGO_PKG_VERSION"))],
            status: State { state: "operational" },
        }],
        assessment_platforms: [Platform {
            uuid: context.every_run.uuid("platform", ""),
            title: "vaudit",
            uses_components: [UsedComponent { component_uuid: context.tool }],
        }],
    }
}

/// The rules that were judged, and for each framework the controls they touch.
fn reviewed(assessed: &DeploymentAssessment) -> ReviewedControls<'_> {
    let rules = assessed.results.iter().map(|result| token(result.meta.id));
    let rules: BTreeSet<Cow<'_, str>> = rules.collect();
    let mut frameworks: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for control in assessed.results.iter().flat_map(|result| result.meta.controls) {
        frameworks.entry(control.framework).or_default().extend(control.ids);
    }
    let own = selection("vaudit", "Rules of vaudit, each a control of its own.".to_owned(), rules);
    let frameworks = frameworks.into_iter().map(|(framework, ids)| {
        let said = format!("Controls of {} that the rules touch.", markup(framework));
        let ids = ids.into_iter().map(|id| control_id(framework, id).into());
        selection(framework, said, ids.collect())
    });
    ReviewedControls {
        description: "A rule touches a control and does not assess it whole: a control is not met because no rule fails.",
        control_selections: std::iter::once(own).chain(frameworks).collect(),
    }
}

fn selection<'a>(
    framework: &'a str,
    description: String,
    ids: BTreeSet<Cow<'a, str>>,
) -> Selection<'a> {
    Selection {
        description: description.into(),
        props: [Property::of_ours("framework", framework)],
        include_controls: ids.into_iter().map(|control_id| ControlId { control_id }).collect(),
    }
}

fn observation<'a>(
    context: &Context<'a>,
    result: &'a RuleResult,
    name: &str,
    inventory: &mut Inventory<'a>,
) -> Observation<'a> {
    let (meta, judgement) = (&result.meta, &result.judgement);
    let used = context.waiver(result);
    let line = result.location.as_ref().map(|location| location.line.to_string());
    let props = properties(
        [
            ("rule", Some(meta.id.into())),
            ("verdict", Some(judgement.verdict.word().into())),
            ("reason", judgement.reason().map(Into::into)),
            ("severity", Some(result.severity.word().into())),
            ("fingerprint", Some((&result.fingerprint).into())),
            ("observed-digest", Some((&result.observed_digest).into())),
            ("manifest-key", result.location.as_ref().map(|location| (&location.key).into())),
            ("manifest-line", line.map(Into::into)),
        ],
        used.into_iter().flat_map(waiver),
    );
    let collected = collected(context.assessment, result);
    let facts = judgement.evidence.iter();
    Observation {
        uuid: context.this_run.uuid("observation", name),
        title: markup(format!("{} {}", meta.id, meta.title)),
        description: markup(&judgement.message),
        props,
        methods: ["TEST"],
        types: ["control-objective"],
        subjects: vec![Subject {
            subject_uuid: inventory.id(&judgement.subject, context),
            kind: "inventory-item",
        }],
        relevant_evidence: facts
            .map(|fact| evidence(fact, &judgement.subject, &collected))
            .collect(),
        collected,
        remarks: (judgement.verdict == Verdict::Indeterminate).then(|| {
            "This could not be judged: it says neither that the objective is met nor that it is not."
                .into()
        }),
    }
}

/// When the first fact was read; without one, when the run ended.
fn collected(assessment: &Assessment, result: &RuleResult) -> String {
    let read = result.judgement.evidence.iter().filter_map(|fact| fact.read_at.as_deref());
    let first = read.filter_map(parse_rfc3339).map(|read| read.instant).min();
    show(first.unwrap_or(assessment.run.header.finished_at))
}

/// A fact. What the observation says already is not said again: large reports have many facts.
fn evidence<'a>(fact: &'a Evidence, subject: &str, collected: &str) -> RelevantEvidence<'a> {
    let other = |text: &'a str, known: &str| Some(text).filter(|text| *text != known);
    let read_at = fact.read_at.as_deref().and_then(|read_at| other(read_at, collected));
    RelevantEvidence {
        description: match fact.pointer.as_str() {
            "" => "The whole resource".into(),
            pointer => literal(pointer),
        },
        props: properties(
            [
                ("resource", other(&fact.resource, subject).map(Into::into)),
                ("pointer", other(&fact.pointer, "").map(Into::into)),
                ("observed", fact.observed.as_deref().map(Into::into)),
                ("expected", fact.expected.as_deref().map(Into::into)),
                ("request-id", fact.request_id.as_deref().map(Into::into)),
                ("read-at", read_at.map(Into::into)),
            ],
            [],
        ),
    }
}

fn waiver(used: &WaiverUse) -> Vec<Property<'_>> {
    let waiver = &used.waiver;
    properties(
        [
            ("waiver-owner", Some((&waiver.owner).into())),
            ("waiver-reason", Some((&waiver.reason).into())),
            ("waiver-expires", Some(waiver.expires.to_string().into())),
            ("waiver-ticket", waiver.ticket.as_deref().map(Into::into)),
            ("waiver-accept", Some(waiver.accept.word().into())),
        ],
        [],
    )
}

fn risk<'a>(
    context: &Context<'a>,
    result: &'a RuleResult,
    name: &str,
    observation: &Observation<'a>,
) -> Risk<'a> {
    let meta = &result.meta;
    let used = context.waiver(result);
    let id = context.every_run.uuid("risk", name);
    let props = properties(
        [("rule", Some(meta.id.into())), ("fingerprint", Some((&result.fingerprint).into()))],
        controls(result).chain(used.into_iter().flat_map(waiver)),
    );
    Risk {
        title: observation.title.clone(),
        description: observation.description.clone(),
        statement: markup(format!("This does not hold: {}", sentence(meta.title))),
        props,
        status: if used.is_some() { "deviation-approved" } else { "open" },
        characterizations: [Characterization {
            origin: Origin { actors: [Actor { kind: "tool", actor_uuid: context.tool }] },
            facets: [Facet {
                name: "severity",
                system: INFORMATION_URI,
                value: result.severity.word(),
            }],
        }],
        // The last valid day, to its end.
        deadline: used.map(|used| format!("{}T23:59:59Z", used.waiver.expires)),
        remediations: response(context, result, name).into_iter().collect(),
        related_observations: [RelatedObservation { observation_uuid: observation.uuid }],
        uuid: id,
    }
}

fn response<'a>(context: &Context<'_>, result: &'a RuleResult, name: &str) -> Option<Response<'a>> {
    let remediation = &result.judgement.remediation;
    if remediation.text.is_empty() && remediation.commands.is_empty() {
        return None;
    }
    let commands = remediation.commands.iter();
    Some(Response {
        uuid: context.every_run.uuid("response", name),
        lifecycle: "recommendation",
        title: "How to mend it",
        description: match remediation.text.as_str() {
            "" => "The commands are in the properties.".into(),
            text => markup(text),
        },
        props: commands.map(|line| Property::of_ours("command", line.as_str())).collect(),
    })
}

/// Says what could not be seen. In the words of the reason code, so that the report is the same when
/// it is made of a JSON report.
fn lost_sight<'a>(context: &Context<'_>, gap: &'a GapUse, number: usize) -> Observation<'a> {
    let lost = wording::missing(gap.action.as_deref(), gap.scope.as_deref());
    let said = format!("{} {lost}", sentence(wording::reason(gap.reason)));
    let props = properties(
        [
            ("gap", Some(gap.reason.code().into())),
            ("missing-action", gap.action.as_deref().map(Into::into)),
            ("scope", gap.scope.as_deref().map(Into::into)),
            ("http-status", gap.status.map(|status| status.to_string().into())),
        ],
        gap.rules.iter().map(|rule| Property::of_ours("rule", rule)),
    );
    Observation {
        uuid: context.this_run.uuid("gap", &number.to_string()),
        title: "Out of sight".into(),
        description: markup(said),
        props,
        methods: ["EXAMINE"],
        types: ["discovery"],
        subjects: Vec::new(),
        relevant_evidence: Vec::new(),
        collected: show(context.assessment.run.header.finished_at),
        remarks: Some(match gap.rules.len() {
            0 => "Every rule could be judged without it.".into(),
            _ => markup(format!("Rules without a verdict: {}.", gap.rules.join(", "))),
        }),
    }
}

/// What the results of a rule amount to; none where the worst is a statement, or all is moot.
fn finding<'a>(
    context: &Context<'_>,
    results: &[Judged<'a>],
    counts: &mut Counts,
) -> Option<Finding<'a>> {
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
    let meta = &first.meta;
    // The objective has the controls as well. At what is satisfied they would claim too much.
    let controls = (worst != Verdict::Pass).then(|| controls(first));
    let props = properties([("rule", Some(meta.id.into()))], controls.into_iter().flatten());
    Some(Finding {
        uuid: context.every_run.uuid("finding", meta.id),
        title: results.first()?.title.clone(),
        description: counts.said(summary).into(),
        props,
        target: Target {
            kind: "objective-id",
            target_id: objective_id(meta.id).into(),
            status: Status { state, reason, remarks: remarks(context, results, worst) },
        },
        related_observations: results
            .iter()
            .map(|own| RelatedObservation { observation_uuid: own.observation })
            .collect(),
        related_risks: results
            .iter()
            .filter_map(|own| Some(RelatedRisk { risk_uuid: own.risk? }))
            .collect(),
    })
}

/// What a reader of the status alone has to know: that nobody could tell, and that it is accepted.
fn remarks<'a>(
    context: &Context<'_>,
    results: &[Judged<'_>],
    worst: Verdict,
) -> Option<Cow<'a, str>> {
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
    let said = sentences.iter().map(markup).collect::<Vec<_>>();
    (!said.is_empty()).then(|| said.join(" ").into())
}
