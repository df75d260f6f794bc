//! The section of one deployment.

use askama::Template;
use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult, Summary};

use super::Scale;
use super::calendar::Calendar;
use super::findings::{self, Blind, Failure, Loss, Waiver};
use super::summary::Headline;
use super::text::{Kind, Names, prose};
use crate::{changes, topology};

/// The section of one deployment.
#[derive(Template)]
#[template(path = "deployment.html")]
pub(crate) struct Section<'a> {
    index: usize,
    scale: Scale,
    own: &'a DeploymentAssessment,
    names: Names,
    summary: Summary,
    headline: Headline,
    picture: String,
    words: Vec<String>,
    undrawn: Vec<&'static str>,
    failures: Vec<Failure<'a>>,
    gaps: Vec<Blind<'a>>,
    losses: Vec<Loss<'a>>,
    statements: Vec<Statement<'a>>,
    waivers: Vec<Waiver<'a>>,
    over: Vec<String>,
    not_judged: Vec<String>,
    calendar: String,
}

/// A statement that is no failure.
struct Statement<'a> {
    place: usize,
    result: &'a RuleResult,
    message: String,
}

impl Statement<'_> {
    fn level(&self) -> u8 {
        self.result.severity as u8
    }
}

impl<'a> Section<'a> {
    /// The section of the deployment of this index.
    pub(crate) fn of(assessment: &'a Assessment, index: usize, scale: Scale) -> Self {
        let own = &assessment.deployments[index];
        let names = Names::of(&own.deployment);
        let summary = Summary::of(&own.results);
        let run = assessment.run.header.finished_at;
        let departed = |departed: Vec<&vaudit_model::history::Departed>| -> Vec<String> {
            departed
                .into_iter()
                .map(|past| {
                    let finding = &past.finding;
                    let name = changes::name(finding, &own.deployment);
                    let fate = changes::fate(past);
                    format!(
                        "{} {} {}: {name}: {fate}",
                        finding.severity.word(),
                        finding.rule,
                        finding.title
                    )
                })
                .collect()
        };
        let name = &own.deployment.name;
        let headline = Headline::over(summary);
        // A picture of what is as it should be is the first that a large report can do without.
        let is_brief = scale.is_large() && headline.kind == Kind::Pass;

        Self {
            index,
            scale,
            summary,
            headline,
            picture: match is_brief {
                true => String::new(),
                false => topology::picture(own, run, &format!("t{index}")),
            },
            words: if is_brief { Vec::new() } else { topology::words(own, run) },
            undrawn: if is_brief { Vec::new() } else { topology::not_drawn(own) },
            failures: findings::failures(assessment, own, &names, scale),
            gaps: findings::gaps(own, &names),
            losses: findings::losses(assessment, own, &names),
            statements: findings::placed(own, Kind::Info)
                .map(|(place, result)| Statement {
                    place,
                    result,
                    message: prose(&result.judgement.message),
                })
                .collect(),
            waivers: findings::waivers(assessment, own, &names),
            over: departed(changes::over(assessment, name)),
            not_judged: departed(changes::not_judged(assessment, name)),
            calendar: super::written(&Calendar::of(own, run, scale)),
            names,
            own,
        }
    }

    fn tallies(&self) -> Vec<(Kind, u32)> {
        let own = &self.summary;
        let counts = [
            own.fail,
            own.indeterminate,
            own.waived,
            own.informational,
            own.pass,
            own.not_applicable,
        ];
        Kind::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect()
    }
}
