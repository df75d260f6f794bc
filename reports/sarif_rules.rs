//! The catalogue as SARIF reporting descriptors.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_sarif::sarif::{
    MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor, ResultLevel,
};
use vaudit_model::assessment::{Assessment, CatalogueEntry, GapUse};
use vaudit_model::rule::{Meta, Severity, sentence};

use crate::wording;

/// How many tags GitHub accepts on one rule.
const TAGS_ON_A_RULE: usize = 20;
/// How many characters GitHub keeps of a description.
const DESCRIPTION: usize = 1024;

/// The descriptor of a rule.
pub(crate) fn rule(entry: &CatalogueEntry) -> ReportingDescriptor {
    let meta = &entry.meta;
    ReportingDescriptor::builder()
        .id(meta.id)
        .name(pascal_case(meta.name))
        .short_description(&sentence(meta.title))
        .full_description(&full_description(entry))
        .help(
            MultiformatMessageString::builder().text(help_text(entry)).markdown(entry.page).build(),
        )
        .default_configuration(
            ReportingConfiguration::builder().level(level(meta.severity).to_string()).build(),
        )
        .properties(properties(meta))
        .build()
}

/// The descriptors of the notifications about these gaps: one a reason code.
pub(crate) fn notifications(gaps: &[GapUse]) -> Vec<ReportingDescriptor> {
    let reasons: BTreeMap<&str, &str> =
        gaps.iter().map(|gap| (gap.reason.code(), wording::reason(gap.reason))).collect();
    let descriptor = |(code, meaning)| {
        let meaning = sentence(meaning);
        let help =
            format!("{meaning} `vaudit doctor` says what works, what does not, and the fix.");
        ReportingDescriptor::builder()
            .id(code)
            .short_description(&meaning)
            .full_description(&meaning)
            .help(&help)
            .build()
    };
    reasons.into_iter().map(descriptor).collect()
}

/// The place of a rule among the descriptors.
pub(crate) fn index(assessment: &Assessment, rule: &str) -> Option<i64> {
    let place = assessment.catalogue.iter().position(|entry| entry.meta.id == rule)?;
    i64::try_from(place).ok()
}

/// The level of a severity.
pub(crate) fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Critical | Severity::High => ResultLevel::Error,
        Severity::Medium => ResultLevel::Warning,
        Severity::Low | Severity::Note => ResultLevel::Note,
    }
}

fn properties(meta: &Meta) -> PropertyBag {
    let (score, problem) = match meta.severity {
        Severity::Critical => ("9.5", "error"),
        Severity::High => ("8.0", "error"),
        Severity::Medium => ("5.5", "warning"),
        Severity::Low => ("3.0", "recommendation"),
        Severity::Note => ("1.0", "recommendation"),
    };
    let entries = [
        // Every verdict rests on a fact that was read; what could not be read is no alert.
        ("precision", "very-high"),
        ("problem.severity", problem),
        ("security-severity", score),
    ];
    let entries = entries.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value)));
    PropertyBag::builder()
        .tags(tags(meta))
        .additional_properties(entries.collect::<BTreeMap<_, _>>())
        .build()
}

/// `security` (without it GitHub ignores the score), module, tier, and as many controls as fit.
fn tags(meta: &Meta) -> Vec<String> {
    let mut tags = vec![
        "security".to_owned(),
        format!("module/{}", wording::module(meta.id).to_ascii_lowercase()),
        format!("tier/{}", meta.tier.letter().to_ascii_lowercase()),
    ];
    let controls = meta.controls.iter().flat_map(|control| {
        control.ids.iter().map(|id| format!("external/{}/{id}", control.framework))
    });
    tags.extend(controls.map(|tag| tag.to_ascii_lowercase().replace(' ', "-")));
    tags.truncate(TAGS_ON_A_RULE);
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// `postgres-major-version` as `PostgresMajorVersion`: SARIF's own tools take names for identifiers.
fn pascal_case(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        first.to_ascii_uppercase() + rest
    };
    name.split('-').map(word).collect()
}

/// What the page says the rule checks; its title when the page does not say.
fn full_description(entry: &CatalogueEntry) -> String {
    let checks = section(entry.page, "What it checks");
    let paragraph = checks.split("\n\n").next().unwrap_or_default();
    let text = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = if text.is_empty() { sentence(entry.meta.title) } else { text };
    shortened(&text, DESCRIPTION)
}

/// The sections a reader of an alert needs, without Markdown's marks.
fn help_text(entry: &CatalogueEntry) -> String {
    let sections = ["What it checks", "Why it matters", "How to fix", "When to make an exception"];
    let mut text = sentence(entry.meta.title);
    for title in sections {
        let body = section(entry.page, title);
        let lines = body.lines().filter(|line| !line.trim_start().starts_with("```"));
        let body = lines.collect::<Vec<_>>().join("\n").replace('`', "");
        if !body.trim().is_empty() {
            text = format!("{text}\n\n{title}: {}", body.trim());
        }
    }
    format!("{text}\n\n`vaudit explain {}` prints the whole page.", entry.meta.id)
}

/// The text below a heading of the page, up to the next heading.
fn section<'p>(page: &'p str, title: &str) -> &'p str {
    let mut fenced = false;
    let mut start = None;
    let mut offset = 0;
    for line in page.split_inclusive('\n') {
        let after = offset + line.len();
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if !fenced && let Some(heading) = line.strip_prefix('#') {
            if let Some(start) = start {
                return page[start..offset].trim();
            }
            if heading.trim_start_matches('#').trim().eq_ignore_ascii_case(title) {
                start = Some(after);
            }
        }
        offset = after;
    }
    start.map_or("", |start| page[start..].trim())
}

/// The text in at most so many characters; an ellipsis says where it was cut.
pub(crate) fn shortened(text: &str, characters: usize) -> String {
    if text.chars().count() <= characters {
        return text.to_owned();
    }
    let kept: String = text.chars().take(characters.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use vaudit_model::rule::{Control, Tier};

    #[test]
    fn names_become_identifiers() {
        assert_eq!(pascal_case("postgres-major-version"), "PostgresMajorVersion");
        assert_eq!(pascal_case("aks"), "Aks");
        assert_eq!(pascal_case(""), "");
    }

    #[test]
    fn a_section_ends_at_the_next_heading_outside_code() {
        let page =
            "# T\n\n## What it checks\n\nOne.\n\n```sh\n# no heading\n```\n\n## How to fix\n\nTwo.";
        assert_eq!(section(page, "what it checks"), "One.\n\n```sh\n# no heading\n```");
        assert_eq!(section(page, "How to fix"), "Two.");
        assert_eq!(section(page, "References"), "");
    }

    #[test]
    fn tags_keep_to_the_limit_and_never_lose_security() {
        const IDS: &[&str] = &[
            "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
            "17", "18", "19", "20",
        ];
        let controls: &'static [Control] = &[Control { framework: "MCSB-1", ids: IDS }];
        let meta = canned::assessment().catalogue[0].meta;
        let tags = tags(&Meta { controls, tier: Tier::H, ..meta });
        assert_eq!(tags.len(), TAGS_ON_A_RULE);
        assert!(tags.is_sorted());
        for tag in ["security", "module/aks", "tier/h", "external/mcsb-1/1"] {
            assert!(tags.iter().any(|known| known == tag), "{tag} is not in {tags:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("日本語", 3), "日本語");
        assert_eq!(shortened("日本語日", 3), "日本…");
    }
}
