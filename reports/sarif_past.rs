//! The earlier run in SARIF: what a result is to it, and the results that are absent now.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_sarif::sarif::{
    Result as SarifResult, ResultBaselineState, ResultKind, ResultLevel, ResultProvenance,
};
use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult};
use vaudit_model::history::{Baseline, Departed};
use vaudit_model::instant::show;
use vaudit_model::rule::Verdict;

use crate::sarif::{SarifOptions, properties};
use crate::sarif_results::{self, plain};
use crate::{changes, sarif_location, sarif_rules};

/// Says what a result is to the earlier run, where there is one: then of every result, as SARIF wants.
pub(crate) fn mark(shown: &mut SarifResult, assessment: &Assessment, result: &RuleResult) {
    let Some(mark) = assessment.previous.as_ref().and_then(|past| past.mark(result)) else {
        return;
    };
    let state = match mark.state {
        Baseline::New => ResultBaselineState::New,
        Baseline::Unchanged => ResultBaselineState::Unchanged,
        Baseline::Updated => ResultBaselineState::Updated,
    };
    shown.baseline_state = Some(Value::from(state.to_string()));
    shown.provenance = mark.first_detected_at.map(|first| {
        ResultProvenance::builder()
            .first_detection_time_utc(show(first))
            .last_detection_time_utc(show(assessment.run.header.finished_at))
            .build()
    });
}

/// The findings of then that are over. Only for those who ask for everything: a service that does not
/// know `absent` would take them for findings.
pub(crate) fn absent(
    assessment: &Assessment,
    assessed: &DeploymentAssessment,
    options: &SarifOptions,
    room: usize,
) -> Vec<SarifResult> {
    if !options.all {
        return Vec::new();
    }
    let over = changes::over(assessment, &assessed.deployment.name);
    let over = over.into_iter().take(room);
    over.map(|departed| result(assessment, assessed, departed, options)).collect()
}

fn result(
    assessment: &Assessment,
    assessed: &DeploymentAssessment,
    departed: &Departed,
    options: &SarifOptions,
) -> SarifResult {
    let finding = &departed.finding;
    let (kind, level) = match finding.previous_verdict {
        Verdict::Fail => (ResultKind::Fail, sarif_rules::level(finding.severity)),
        _ => (ResultKind::Open, ResultLevel::None),
    };
    let message = format!("Not found any more ({}): {}", changes::fate(departed), finding.message);
    let hash = format!("{}:1", finding.fingerprint);
    let location = sarif_location::of_subject(
        &finding.subject,
        &assessed.deployment,
        options.manifest_uri.as_deref(),
    );
    let last = assessment.previous.as_ref().map(|past| show(past.finished_at));
    let mut provenance = ResultProvenance::builder()
        .first_detection_time_utc(show(finding.first_detected_at))
        .build();
    provenance.last_detection_time_utc = last;
    let mut absent = SarifResult::builder()
        .rule_id(plain(&finding.rule))
        .kind(kind)
        .level(level)
        .baseline_state(ResultBaselineState::Absent.to_string())
        .message(&plain(&message))
        .locations(vec![location])
        .partial_fingerprints(BTreeMap::from([(
            sarif_results::FINGERPRINT.to_owned(),
            plain(&hash),
        )]))
        .provenance(provenance)
        .suppressions(Vec::new())
        .properties(properties([
            ("verdict", Value::from(finding.previous_verdict.word())),
            ("severity", Value::from(finding.severity.word())),
            ("now", Value::from(departed.fate.word())),
            ("observedDigest", Value::from(plain(&finding.observed_digest))),
        ]))
        .build();
    absent.rule_index = sarif_rules::index(assessment, &finding.rule);
    absent
}
