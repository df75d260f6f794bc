//! The HTML report: one page that needs nothing but itself.
//!
//! It asks for nothing from elsewhere: styles and the script of the filters stand in it, and its
//! content security policy lets a browser take these two texts and nothing else, whatever a name of
//! a resource may try. Without the script everything is shown. Anchors are made of numbers, never of
//! names. The head comes first, then a section for each deployment, then the controls, the rules and
//! every verdict.

mod appendix;
mod calendar;
mod controls;
mod deployment;
mod findings;
mod overview;
mod policy;
mod summary;
mod text;

use askama::Template;
use vaudit_model::assessment::Assessment;
use vaudit_model::rule::Severity;

use self::appendix::{Appendix, Rules};
use self::controls::Controls;
use self::deployment::Section;
use self::overview::Overview;
use self::summary::{Head, Headline};
use self::text::Kind;
use crate::{topology, wording};

/// The styles of the page.
const STYLE: &str = include_str!("style.css");
/// The script of the filters.
const SCRIPT: &str = include_str!("filters.js");

/// From how many results on a report is a large one.
const LARGE: usize = 10_000;

/// How much a page may say: one with tens of thousands of results has to be brief to be readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Everything.
    Usual,
    /// The same, but shorter digests, and what rules say about themselves only once.
    Large,
}

impl Scale {
    fn of(assessment: &Assessment) -> Self {
        let results: usize = assessment.deployments.iter().map(|own| own.results.len()).sum();
        if results < LARGE { Self::Usual } else { Self::Large }
    }

    /// Whether the page has to be brief.
    pub(crate) fn is_large(self) -> bool {
        self == Self::Large
    }
}

/// The page up to its first section.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    assessment: &'a Assessment,
    policy: String,
    style: &'a str,
    title: String,
    modules: Vec<(&'a str, &'a str)>,
    has_controls: bool,
}

impl Page<'_> {
    /// The severities, the worst first, with the digits of their classes.
    fn severities(&self) -> [(u8, &'static str); 5] {
        [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Note]
            .map(|severity| (severity as u8, severity.word()))
    }
}

/// The page from its last section on.
#[derive(Template)]
#[template(path = "end.html")]
struct End<'a> {
    script: &'a str,
    version: &'static str,
}

/// Renders the assessment as an HTML page. The same assessment gives the same bytes.
pub fn render(assessment: &Assessment) -> String {
    let scale = Scale::of(assessment);
    let style = style();
    let controls = Controls::of(assessment);
    let mut page = String::with_capacity(1 << 16);
    write(
        &mut page,
        &Page {
            assessment,
            policy: policy::policy(&style, SCRIPT),
            style: &style,
            title: title(assessment),
            modules: modules(assessment),
            has_controls: controls.is_some(),
        },
    );
    write(&mut page, &Head::of(assessment));
    if let Some(overview) = Overview::of(assessment) {
        write(&mut page, &overview);
    }
    for index in 0..assessment.deployments.len() {
        write(&mut page, &Section::of(assessment, index, scale));
    }
    if let Some(controls) = controls {
        write(&mut page, &controls);
    }
    write(&mut page, &Rules::of(assessment));
    page.push_str(
        "<section id=\"all\" aria-labelledby=\"all-h\"><h2 id=\"all-h\">Every verdict</h2>\n",
    );
    for index in 0..assessment.deployments.len() {
        write(&mut page, &Appendix::of(assessment, index, scale));
    }
    page.push_str("</section>\n");
    write(&mut page, &End { script: SCRIPT, version: env!("CARGO_PKG_VERSION") });
    page
}

/// Adds a part to the page.
fn write(page: &mut String, part: &impl Template) {
    if let Err(error) = part.render_into(page) {
        // Only writing could fail, and a text takes whatever is written.
        unreachable!("a part of the page always renders: {error}");
    }
}

/// A part by itself.
fn written(part: &impl Template) -> String {
    let mut text = String::new();
    write(&mut text, part);
    text
}

/// All styles of the page.
fn style() -> String {
    format!("{STYLE}{}", topology::STYLE)
}

fn title(assessment: &Assessment) -> String {
    let headline = Headline::of(assessment);
    let day = assessment.run.header.finished_at.strftime("%Y-%m-%d");
    let whose = match assessment.deployments.as_slice() {
        [one] => format!(" of {}", one.deployment.name),
        _ => String::new(),
    };
    format!("{} · vaudit report{whose}, {day}", headline.text)
}

/// The modules of the rules that were judged, with what they are about.
fn modules(assessment: &Assessment) -> Vec<(&str, &str)> {
    let ids = assessment.catalogue.iter().map(|entry| wording::module(entry.meta.id));
    let mut modules: Vec<(&str, &str)> =
        ids.map(|module| (module, wording::module_name(module))).collect();
    modules.dedup();
    modules
}

#[cfg(test)]
mod tests;
