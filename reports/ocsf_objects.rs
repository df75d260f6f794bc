//! The objects of an OCSF event.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use vaudit_model::ArmId;
use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult, WaiverUse};
use vaudit_model::history::Mark;
use vaudit_model::rule::{Evidence, Verdict};
use vaudit_model::shell::{as_inert, inert, inert_lines};

use crate::ocsf::Choice;
use crate::sarif::INFORMATION_URI;
use crate::wording;

/// The version of the schema.
const SCHEMA_VERSION: &str = "1.5.0";
/// What every result is judged by first: the rules of vaudit, whose id is the control.
const OWN_STANDARD: &str = "vaudit";

/// Two texts with a blank between them.
pub(crate) struct Words<'a>(&'a str, &'a str);

impl Serialize for Words<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{} {}", self.0, self.1))
    }
}

#[derive(Serialize)]
pub(crate) struct Metadata<'a> {
    version: &'static str,
    product: Product,
    profiles: [&'static str; 1],
    /// Of this event, and of no other run's.
    uid: String,
    event_code: &'a str,
    correlation_uid: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Product {
    name: &'static str,
    vendor_name: &'static str,
    version: &'static str,
    url_string: &'static str,
}

#[derive(Serialize)]
pub(crate) struct FindingInfo<'a> {
    uid: &'a str,
    title: Words<'a>,
    desc: Cow<'a, str>,
    created_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen_time: Option<i64>,
    types: [&'a str; 1],
    analytic: Analytic<'a>,
}

#[derive(Serialize)]
pub(crate) struct Analytic<'a> {
    uid: &'a str,
    name: &'a str,
    type_id: u32,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Compliance<'a> {
    standards: Vec<&'a str>,
    control: Words<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requirements: Vec<Words<'a>>,
    status_id: u32,
    status: &'static str,
    status_code: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    status_details: Vec<Cow<'a, str>>,
}

#[derive(Serialize)]
pub(crate) struct Resource<'a> {
    uid: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Group>,
}

#[derive(Serialize)]
pub(crate) struct Group {
    name: String,
}

#[derive(Serialize)]
pub(crate) struct Cloud<'a> {
    provider: &'static str,
    account: Account<'a>,
}

#[derive(Serialize)]
pub(crate) struct Account<'a> {
    uid: Cow<'a, str>,
    name: Cow<'a, str>,
    type_id: u32,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Remediation {
    desc: String,
}

#[derive(Serialize)]
pub(crate) struct Artifact<'a> {
    data: Data<'a>,
}

#[derive(Serialize)]
pub(crate) struct Data<'a> {
    resource: Cow<'a, str>,
    pointer: Cow<'a, str>,
    observed: Option<Cow<'a, str>>,
    expected: Option<Cow<'a, str>>,
    request_id: Option<Cow<'a, str>>,
    read_at: Option<Cow<'a, str>>,
}

/// What the schema has no attribute for.
#[derive(Serialize)]
pub(crate) struct Unmapped<'a> {
    verdict: &'static str,
    tier: &'static str,
    deployment: Cow<'a, str>,
    resource_group: Cow<'a, str>,
    observed_digest: &'a str,
    run: Run<'a>,
    manifest: Option<Place<'a>>,
    waiver: Option<Waiver>,
}

#[derive(Serialize)]
pub(crate) struct Run<'a> {
    id: &'a str,
    profile: &'a str,
    source: &'static str,
    complete: bool,
    exit_code: u8,
}

#[derive(Serialize)]
pub(crate) struct Place<'a> {
    key: Cow<'a, str>,
    line: u32,
}

#[derive(Serialize)]
pub(crate) struct Waiver {
    owner: String,
    reason: String,
    expires: String,
    ticket: Option<String>,
    accept: &'static str,
}

/// What the rule says, whether or not a waiver covers it.
///
/// The schema's Warning is a check without a result. It is not used all the same: consoles show it as
/// something milder than a failure, and what could not be judged may be the worst of all.
fn status(verdict: Verdict) -> Choice {
    match verdict {
        Verdict::Pass => (1, "Pass"),
        Verdict::Fail => (3, "Fail"),
        Verdict::Indeterminate => (0, "Unknown"),
        Verdict::Informational => (99, "Informational"),
        Verdict::NotApplicable => (99, "Not Applicable"),
    }
}

impl<'a> Metadata<'a> {
    pub(crate) fn of(assessment: &'a Assessment, result: &'a RuleResult, uid: String) -> Self {
        Self {
            version: SCHEMA_VERSION,
            product: Product {
                name: "vaudit",
                vendor_name: "vaudit",
                version: env!("CARGO_PKG_VERSION"),
                url_string: INFORMATION_URI,
            },
            profiles: ["cloud"],
            uid,
            event_code: result.meta.id,
            correlation_uid: &assessment.run.id,
        }
    }
}

impl<'a> FindingInfo<'a> {
    pub(crate) fn of(result: &'a RuleResult, mark: Option<&Mark>, time: i64) -> Self {
        let meta = &result.meta;
        let first = mark.and_then(|mark| mark.first_detected_at).map(|at| at.as_second() * 1000);
        Self {
            uid: &result.fingerprint,
            title: Words(meta.id, meta.title),
            desc: as_inert(&result.judgement.message),
            created_time: first.unwrap_or(time),
            first_seen_time: first,
            types: [wording::module_name(wording::module(meta.id))],
            analytic: Analytic { uid: meta.id, name: meta.name, type_id: 1, kind: "Rule" },
        }
    }
}

impl<'a> Compliance<'a> {
    pub(crate) fn of(result: &'a RuleResult, used: Option<&WaiverUse>) -> Self {
        let (meta, verdict) = (&result.meta, result.judgement.verdict);
        let frameworks = meta.controls.iter().map(|control| control.framework);
        let requirements = meta
            .controls
            .iter()
            .flat_map(|control| control.ids.iter().map(|id| Words(control.framework, id)));
        let reason = result.judgement.reason().map(|reason| inert(&reason).into());
        let (status_id, status) = status(verdict);
        // Why a rule is moot is a sentence, why it could not be judged a code with a meaning.
        let (code, mut details) = match (verdict, &result.judgement.gap, reason) {
            (Verdict::Indeterminate, Some(gap), _) => {
                (gap.reason.code().into(), vec![wording::reason(gap.reason).into()])
            }
            (Verdict::Indeterminate, None, Some(reason)) => (reason, Vec::new()),
            (verdict, _, reason) => (verdict.word().into(), reason.into_iter().collect()),
        };
        details.extend(used.map(|used| {
            let until = used.waiver.expires;
            inert(&format!("Waived until {until}. {}", wording::answer(used))).into()
        }));
        Self {
            standards: std::iter::once(OWN_STANDARD).chain(frameworks).collect(),
            control: Words(meta.id, meta.title),
            requirements: requirements.collect(),
            status_id,
            status,
            status_code: code,
            status_details: details,
        }
    }
}

impl<'a> Resource<'a> {
    pub(crate) fn of(subject: &'a str) -> Self {
        let id = ArmId::parse(subject).ok();
        let kind = match (&id, subject) {
            (Some(id), _) => id.resource_type(),
            (None, graph) if graph.starts_with("graph:") => {
                let kind = graph["graph:".len()..].split('/').next().unwrap_or_default();
                Some(format!("Microsoft Graph {kind}"))
            }
            (None, url) if url.starts_with("https://") => Some("Azure Storage blobs".to_owned()),
            (None, _) => None,
        };
        let group = id.as_ref().and_then(ArmId::resource_group);
        let group = group.map(|name| Group { name: inert(name) });
        Self {
            uid: as_inert(subject),
            name: id.as_ref().map(|id| inert(id.name())),
            kind: kind.map(|kind| inert(&kind)),
            group,
        }
    }
}

impl<'a> Cloud<'a> {
    pub(crate) fn of(subscription: &'a str) -> Self {
        let subscription = as_inert(subscription);
        Self {
            provider: "Azure",
            account: Account {
                uid: subscription.clone(),
                // No rule asks what the subscription is called, and readers want a name.
                name: subscription,
                // The schema has an id for subscriptions since 1.4.0, 13, but py-ocsf-models refuses it.
                type_id: 99,
                kind: "Subscription",
            },
        }
    }
}

impl Remediation {
    /// The words and the commands, a line each; none where there is nothing to mend.
    pub(crate) fn of(result: &RuleResult) -> Option<Self> {
        let remediation = &result.judgement.remediation;
        let text = Some(inert(&remediation.text)).filter(|text| !text.is_empty());
        let commands = remediation.commands.iter().map(|command| inert(command.as_str()));
        let lines = text.into_iter().chain(commands).collect::<Vec<_>>();
        (!lines.is_empty()).then(|| Self { desc: inert_lines(&lines.join("\n")) })
    }
}

impl<'a> Artifact<'a> {
    pub(crate) fn of(fact: &'a Evidence) -> Self {
        let text = |text: &'a Option<String>| text.as_deref().map(as_inert);
        Self {
            data: Data {
                resource: as_inert(&fact.resource),
                pointer: as_inert(&fact.pointer),
                observed: text(&fact.observed),
                expected: text(&fact.expected),
                request_id: text(&fact.request_id),
                read_at: text(&fact.read_at),
            },
        }
    }
}

impl<'a> Unmapped<'a> {
    pub(crate) fn of(
        assessment: &'a Assessment,
        assessed: &'a DeploymentAssessment,
        result: &'a RuleResult,
        used: Option<&WaiverUse>,
    ) -> Self {
        let run = &assessment.run;
        Self {
            verdict: result.judgement.verdict.word(),
            tier: result.meta.tier.letter(),
            deployment: as_inert(&assessed.deployment.name),
            resource_group: as_inert(&assessed.deployment.resource_group),
            observed_digest: &result.observed_digest,
            run: Run {
                id: &run.id,
                profile: &run.profile,
                source: run.source.word(),
                complete: run.header.stopped.is_none(),
                exit_code: run.exit_code,
            },
            manifest: result
                .location
                .as_ref()
                .map(|place| Place { key: as_inert(&place.key), line: place.line }),
            waiver: used.map(|used| Waiver {
                owner: inert(&used.waiver.owner),
                reason: inert(&used.waiver.reason),
                expires: used.waiver.expires.to_string(),
                ticket: used.waiver.ticket.as_deref().map(inert),
                accept: used.waiver.accept.word(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_says_what_kind_it_is() {
        for (subject, name, kind) in [
            ("/subscriptions/a/resourceGroups/g", Some("g"), None),
            (
                "/subscriptions/a/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s",
                Some("s"),
                Some("Microsoft.Network/virtualNetworks/subnets"),
            ),
            ("graph:servicePrincipals/1", None, Some("Microsoft Graph servicePrincipals")),
            ("https://a/b/c", None, Some("Azure Storage blobs")),
            ("x", None, None),
        ] {
            let resource = Resource::of(subject);
            assert_eq!((resource.name.as_deref(), resource.kind.as_deref()), (name, kind));
        }
    }
}
