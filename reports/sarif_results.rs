//! Judgements as SARIF results.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serde_sarif::sarif::{
    Result as SarifResult, ResultKind, ResultLevel, Suppression, SupressionKind, SupressionStatus,
};
use vaudit_model::assessment::{Assessment, RuleResult, WaiverUse};
use vaudit_model::deployment::Deployment;
use vaudit_model::rule::{Evidence, Verdict, sentence};
use vaudit_model::shell::inert;

use crate::sarif::{SarifOptions, properties};
use crate::sarif_rules::{self, shortened};
use crate::{sarif_location, sarif_past, wording};

/// The name of the fingerprint that code-scanning services know a result by.
pub(crate) const FINGERPRINT: &str = "primaryLocationLineHash";
/// How many facts a message quotes; all are in the properties.
const FACTS_IN_A_MESSAGE: usize = 3;
/// How many characters a message may have.
const MESSAGE: usize = 4000;
/// How many characters of one value a message quotes.
const QUOTED: usize = 200;

/// The SARIF result of a judgement.
pub(crate) fn result(
    assessment: &Assessment,
    deployment: &Deployment,
    result: &RuleResult,
    options: &SarifOptions,
) -> SarifResult {
    let judgement = &result.judgement;
    let kind = kind(judgement.verdict);
    let level = match kind {
        ResultKind::Fail => sarif_rules::level(result.severity),
        _ => ResultLevel::None,
    };
    let location = sarif_location::of(result, deployment, options.manifest_uri.as_deref());
    let hash = format!("{}:1", result.fingerprint);
    let mut shown = SarifResult::builder()
        .rule_id(result.meta.id)
        .kind(kind)
        .level(level)
        .message(&message(assessment, result, deployment))
        .locations(vec![location])
        .partial_fingerprints(BTreeMap::from([(FINGERPRINT.to_owned(), hash)]))
        .properties(properties([
            ("verdict", Value::from(judgement.verdict.word())),
            ("reason", judgement.reason().map_or(Value::Null, |reason| inert(&reason).into())),
            ("severity", Value::from(result.severity.word())),
            ("tier", Value::from(result.meta.tier.letter())),
            ("evidence", judgement.evidence.iter().map(fact).collect()),
            ("remediation", remediation(result)),
            ("observedDigest", Value::from(result.observed_digest.as_str())),
        ]))
        .build();
    shown.rule_index = sarif_rules::index(assessment, result.meta.id);
    sarif_past::mark(&mut shown, assessment, result);
    if options.all {
        // SARIF wants to be told about every result of a run or about none.
        let waiver = result.waiver.and_then(|index| assessment.waivers.get(index));
        shown.suppressions = Some(waiver.map(suppression).into_iter().collect());
    }
    shown
}

/// Text of ours with values of others in it, as SARIF wants a message: nothing that acts on a
/// terminal, and nothing a viewer would take for a link.
pub(crate) fn plain(text: &str) -> String {
    shortened(&inert(text).replace("](", "] ("), MESSAGE)
}

fn kind(verdict: Verdict) -> ResultKind {
    match verdict {
        Verdict::Pass => ResultKind::Pass,
        Verdict::Fail => ResultKind::Fail,
        Verdict::NotApplicable => ResultKind::NotApplicable,
        Verdict::Indeterminate => ResultKind::Open,
        Verdict::Informational => ResultKind::Informational,
    }
}

/// What was found, what was expected, and what to do. Viewers in a hurry show the first sentence.
pub(crate) fn message(
    assessment: &Assessment,
    result: &RuleResult,
    deployment: &Deployment,
) -> String {
    let judgement = &result.judgement;
    let mut sentences = match (judgement.verdict, &judgement.gap) {
        (Verdict::Indeterminate, gap) => {
            let known = gap
                .as_ref()
                .map(|gap| wording::missing(gap.action.as_deref(), gap.scope.as_deref()));
            let lost = format!("Could not be judged: {}", decapitalised(&judgement.message));
            vec![sentence(&lost), known.unwrap_or_default()]
        }
        // It may begin with a name, which has its own spelling.
        _ => vec![judgement.message.clone()],
    };
    sentences.extend(wording::lapsed(assessment, result));
    if judgement.verdict == Verdict::Fail {
        let telling = judgement.evidence.iter().filter(|fact| fact.expected.is_some());
        sentences.extend(telling.take(FACTS_IN_A_MESSAGE).map(|fact| {
            let place = wording::place(fact, &judgement.subject, deployment);
            quoted(fact, &place)
        }));
    }
    if !judgement.remediation.text.is_empty() {
        sentences.push(format!("Fix: {}", sentence(&judgement.remediation.text)));
    }
    sentences.retain(|sentence| !sentence.is_empty());
    plain(&sentences.join(" "))
}

fn quoted(fact: &Evidence, place: &str) -> String {
    let value = |value: &Option<String>| shortened(value.as_deref().unwrap_or("nothing"), QUOTED);
    let at = if place.is_empty() { String::new() } else { format!(" at {place}") };
    format!("Seen{at}: {}; expected: {}.", value(&fact.observed), value(&fact.expected))
}

/// A sentence as it goes on after a colon. Words that are capital throughout, such as names, stay.
fn decapitalised(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            first.to_lowercase().chain([second]).chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

fn fact(evidence: &Evidence) -> Value {
    let text = |text: &Option<String>| text.as_deref().map(inert);
    json!({
        "resource": inert(&evidence.resource),
        "pointer": inert(&evidence.pointer),
        "observed": text(&evidence.observed),
        "expected": text(&evidence.expected),
        "requestId": text(&evidence.request_id),
        "readAt": text(&evidence.read_at),
    })
}

fn remediation(result: &RuleResult) -> Value {
    let remediation = &result.judgement.remediation;
    let commands: Vec<&str> = remediation.commands.iter().map(|line| line.as_str()).collect();
    json!({ "text": inert(&remediation.text), "commands": commands })
}

fn suppression(used: &WaiverUse) -> Suppression {
    let waiver = &used.waiver;
    let ticket = waiver.ticket.as_ref().map(|ticket| format!(", {ticket}"));
    let justification = format!(
        "Accepted by {} until {}{}. Reason: {}",
        waiver.owner,
        waiver.expires,
        ticket.unwrap_or_default(),
        waiver.reason.trim()
    );
    Suppression::builder()
        .kind(SupressionKind::External.to_string())
        .status(SupressionStatus::Accepted.to_string())
        .justification(plain(&justification))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_and_sequences_do_not_survive() {
        assert_eq!(
            plain("see [x](https://evil.example)\u{1b}[2J"),
            "see [x] (https://evil.example)\u{fffd}[2J"
        );
        assert_eq!(plain(&"x".repeat(5000)).chars().count(), MESSAGE);
    }

    #[test]
    fn a_sentence_goes_on_after_a_colon() {
        assert_eq!(decapitalised("The list is cut."), "the list is cut.");
        assert_eq!(decapitalised("NSG rules are unread."), "NSG rules are unread.");
    }
}
