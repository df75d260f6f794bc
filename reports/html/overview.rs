//! The list of deployments, where there are several: the worst first.

use std::cmp::Reverse;

use askama::Template;
use vaudit_model::assessment::{Assessment, DeploymentAssessment, Summary};
use vaudit_model::rule::{Severity, Verdict};

use super::calendar::{Store, newest};
use super::summary::Headline;
use super::text::Kind;

/// The list of deployments.
#[derive(Template)]
#[template(path = "overview.html")]
pub(crate) struct Overview<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    index: usize,
    name: &'a str,
    kind: Kind,
    verdict: &'static str,
    summary: Summary,
    worst: Option<Severity>,
    gaps: usize,
    postgres: String,
    blobs: String,
}

impl<'a> Overview<'a> {
    /// The list; none where there is only one deployment.
    pub(crate) fn of(assessment: &'a Assessment) -> Option<Self> {
        if assessment.deployments.len() < 2 {
            return None;
        }
        let mut rows: Vec<Row<'_>> =
            assessment.deployments.iter().enumerate().map(Row::of).collect();
        rows.sort_by_key(|row| {
            Reverse((row.summary.fail > 0, row.worst, row.summary.fail, row.summary.indeterminate))
        });
        Some(Self { rows })
    }
}

impl<'a> Row<'a> {
    fn of((index, own): (usize, &'a DeploymentAssessment)) -> Self {
        let summary = Summary::of(&own.results);
        let kind = Headline::over(summary).kind;
        Self {
            index,
            name: &own.deployment.name,
            kind,
            verdict: match kind {
                Kind::Fail => "not compliant",
                Kind::Unknown => "not proven",
                _ => "compliant",
            },
            summary,
            worst: worst(own),
            gaps: own.gaps.len(),
            postgres: newest(own, Store::Postgres),
            blobs: newest(own, Store::Blob),
        }
    }
}

impl Row<'_> {
    /// The worst severity as a digit for classes.
    fn level(&self) -> u8 {
        self.worst.map_or(0, |worst| worst as u8)
    }
}

/// The worst severity of what failed and no waiver covers.
fn worst(own: &DeploymentAssessment) -> Option<Severity> {
    let open = own.results.iter().filter(|result| result.waiver.is_none());
    open.filter(|own| own.judgement.verdict == Verdict::Fail).map(|own| own.severity).max()
}
