//! The part of OSCAL's assessment results that the report is made of, and the texts OSCAL takes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use vaudit_model::shell::as_inert;

use crate::markdown_text;
use crate::oscal_uuid::Uuid;
use crate::sarif::INFORMATION_URI;

/// The document.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Document<'a> {
    pub(crate) assessment_results: AssessmentResults<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AssessmentResults<'a> {
    pub(crate) uuid: Uuid,
    pub(crate) metadata: Metadata<'a>,
    pub(crate) import_ap: ImportPlan<'a>,
    pub(crate) local_definitions: Objectives<'a>,
    /// A list of [`AssessmentResult`], written on its own.
    pub(crate) results: [(); 0],
    pub(crate) back_matter: BackMatter,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Metadata<'a> {
    pub(crate) title: Cow<'a, str>,
    pub(crate) last_modified: String,
    pub(crate) version: Cow<'a, str>,
    pub(crate) oscal_version: &'static str,
    pub(crate) props: Vec<Property<'a>>,
}

#[derive(Serialize)]
pub(crate) struct ImportPlan<'a> {
    pub(crate) href: Cow<'a, str>,
    pub(crate) remarks: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Objectives<'a> {
    pub(crate) objectives_and_methods: Vec<Objective<'a>>,
}

/// What a rule asks for.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Objective<'a> {
    pub(crate) control_id: Cow<'a, str>,
    pub(crate) description: Cow<'a, str>,
    pub(crate) props: Vec<Property<'a>>,
    pub(crate) parts: [Part<'a>; 1],
}

#[derive(Serialize)]
pub(crate) struct Part<'a> {
    pub(crate) id: Cow<'a, str>,
    pub(crate) name: &'static str,
    pub(crate) prose: Cow<'a, str>,
}

/// What was found in one deployment.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AssessmentResult<'a> {
    pub(crate) uuid: Uuid,
    pub(crate) title: Cow<'a, str>,
    pub(crate) description: Cow<'a, str>,
    pub(crate) start: String,
    pub(crate) end: String,
    pub(crate) props: Vec<Property<'a>>,
    pub(crate) local_definitions: Definitions<'a>,
    pub(crate) reviewed_controls: ReviewedControls<'a>,
    /// A list of [`Observation`], written on its own; none where it would be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) observations: Option<[(); 0]>,
    /// A list of [`Risk`], likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) risks: Option<[(); 0]>,
    /// A list of [`Finding`], likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) findings: Option<[(); 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remarks: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Definitions<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) inventory_items: Vec<InventoryItem<'a>>,
    pub(crate) assessment_assets: Assets<'a>,
}

/// Something that was judged.
#[derive(Serialize)]
pub(crate) struct InventoryItem<'a> {
    pub(crate) uuid: Uuid,
    pub(crate) description: Cow<'a, str>,
    pub(crate) props: [Property<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Assets<'a> {
    pub(crate) components: [Component<'a>; 1],
    pub(crate) assessment_platforms: [Platform; 1],
}

#[derive(Serialize)]
pub(crate) struct Component<'a> {
    pub(crate) uuid: Uuid,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) props: [Property<'a>; 1],
    pub(crate) status: State,
}

#[derive(Serialize)]
pub(crate) struct State {
    pub(crate) state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Platform {
    pub(crate) uuid: Uuid,
    pub(crate) title: &'static str,
    pub(crate) uses_components: [UsedComponent; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct UsedComponent {
    pub(crate) component_uuid: Uuid,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ReviewedControls<'a> {
    pub(crate) description: &'static str,
    pub(crate) control_selections: Vec<Selection<'a>>,
}

/// Controls of one catalogue.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Selection<'a> {
    pub(crate) description: Cow<'a, str>,
    pub(crate) props: [Property<'a>; 1],
    pub(crate) include_controls: Vec<ControlId<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ControlId<'a> {
    pub(crate) control_id: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Observation<'a> {
    pub(crate) uuid: Uuid,
    pub(crate) title: Cow<'a, str>,
    pub(crate) description: Cow<'a, str>,
    pub(crate) props: Vec<Property<'a>>,
    pub(crate) methods: [&'static str; 1],
    pub(crate) types: [&'static str; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) subjects: Vec<Subject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) relevant_evidence: Vec<RelevantEvidence<'a>>,
    pub(crate) collected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remarks: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
pub(crate) struct Origin {
    pub(crate) actors: [Actor; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Actor {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) actor_uuid: Uuid,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Subject {
    pub(crate) subject_uuid: Uuid,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}

#[derive(Serialize)]
pub(crate) struct RelevantEvidence<'a> {
    pub(crate) description: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) props: Vec<Property<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Risk<'a> {
    pub(crate) uuid: Uuid,
    pub(crate) title: Cow<'a, str>,
    pub(crate) description: Cow<'a, str>,
    pub(crate) statement: Cow<'a, str>,
    pub(crate) props: Vec<Property<'a>>,
    pub(crate) status: &'static str,
    pub(crate) characterizations: [Characterization; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deadline: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) remediations: Vec<Response<'a>>,
    pub(crate) related_observations: [RelatedObservation; 1],
}

#[derive(Serialize)]
pub(crate) struct Characterization {
    pub(crate) origin: Origin,
    pub(crate) facets: [Facet; 1],
}

#[derive(Serialize)]
pub(crate) struct Facet {
    pub(crate) name: &'static str,
    pub(crate) system: &'static str,
    pub(crate) value: &'static str,
}

#[derive(Serialize)]
pub(crate) struct Response<'a> {
    pub(crate) uuid: Uuid,
    pub(crate) lifecycle: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) props: Vec<Property<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RelatedObservation {
    pub(crate) observation_uuid: Uuid,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RelatedRisk {
    pub(crate) risk_uuid: Uuid,
}

/// What the observations of a rule amount to.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Finding<'a> {
    pub(crate) uuid: Uuid,
    pub(crate) title: Cow<'a, str>,
    pub(crate) description: Cow<'a, str>,
    pub(crate) props: Vec<Property<'a>>,
    pub(crate) target: Target<'a>,
    pub(crate) related_observations: Vec<RelatedObservation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) related_risks: Vec<RelatedRisk>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Target<'a> {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) target_id: Cow<'a, str>,
    pub(crate) status: Status<'a>,
}

#[derive(Serialize)]
pub(crate) struct Status<'a> {
    pub(crate) state: &'static str,
    pub(crate) reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remarks: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
pub(crate) struct BackMatter {
    pub(crate) resources: [Resource; 1],
}

#[derive(Serialize)]
pub(crate) struct Resource {
    pub(crate) uuid: Uuid,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
}

/// A property: of OSCAL's own names where it has no namespace, else of ours.
#[derive(Serialize)]
pub(crate) struct Property<'a> {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ns: Option<&'static str>,
    value: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<Cow<'a, str>>,
}

impl<'a> Property<'a> {
    /// A property of OSCAL's own.
    pub(crate) fn of_oscal(name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        Self { name, ns: None, value: string(value), class: None }
    }

    /// A property of ours.
    pub(crate) fn of_ours(name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        Self { name, ns: Some(INFORMATION_URI), value: string(value), class: None }
    }

    /// The same, of a kind.
    pub(crate) fn of_class(name: &'static str, class: &'a str, value: &'a str) -> Self {
        Self { class: Some(token(class)), ..Self::of_ours(name, value) }
    }
}

/// Properties of ours that are there, and more.
pub(crate) fn properties<'a, const N: usize>(
    values: [(&'static str, Option<Cow<'a, str>>); N],
    more: impl IntoIterator<Item = Property<'a>>,
) -> Vec<Property<'a>> {
    let mut properties = Vec::with_capacity(N);
    let own = values.into_iter();
    properties.extend(own.filter_map(|(name, value)| Some(Property::of_ours(name, value?))));
    properties.extend(more);
    properties
}

/// A text of OSCAL: one line, not empty, no blanks around it.
pub(crate) fn string<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
    let text = text.into();
    let inert = as_inert(&text);
    match inert.trim() {
        "" => "(empty)".into(),
        same if same.len() == text.len() => match inert {
            Cow::Borrowed(_) => text,
            Cow::Owned(inert) => inert.into(),
        },
        trimmed => trimmed.to_owned().into(),
    }
}

/// Text of others as Markdown, which is what OSCAL's titles and descriptions are.
pub(crate) fn markup<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
    let text = text.into();
    // Most sentences have nothing in them that could be markup, and a large report has many.
    if is_only_words(&text) {
        return text;
    }
    markdown_text::whole(&string(text)).into()
}

/// Whether a text stays as it is when [`markdown_text::whole`] escapes it, told quickly: it may say no
/// of one that does.
fn is_only_words(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b" ,;.:'\"()/=-".contains(&byte);
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    // `www.x.example`, `GH-12`, `https://x.example` and `:smile:` lead somewhere or become a picture.
    let leads = |text: &str| {
        let has = |word: &[u8]| {
            text.as_bytes().windows(word.len()).any(|own| own.eq_ignore_ascii_case(word))
        };
        let colons = text.bytes().filter(|byte| *byte == b':').count();
        has(b"www.") || has(b"gh-") || text.contains("://") || colons > 1
    };
    begins && !text.ends_with(' ') && text.bytes().all(is_word) && !leads(text)
}

/// A name of others in Markdown, as it is.
pub(crate) fn literal<'a>(text: &str) -> Cow<'a, str> {
    markdown_text::literal(&string(text)).into()
}

/// A token of OSCAL: a letter or `_`, then letters, digits, `-`, `_` and `.`.
pub(crate) fn token(text: &str) -> Cow<'_, str> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && text.chars().all(is_allowed) {
        return text.into();
    }
    let first = if begins { "" } else { "_" };
    let rest = text.chars().map(|c| if is_allowed(c) { c } else { '-' });
    first.chars().chain(rest).collect()
}

/// The id of a control as a token. Those of NIST SP 800-53 are the ids of NIST's own catalogue
/// (`AC-6(5)` is `ac-6.5`); the others have no catalogue in OSCAL that everybody uses, and would begin
/// with a digit, so they have the name of the framework before them.
pub(crate) fn control_id(framework: &str, id: &str) -> String {
    if framework == "NIST-800-53-r5" {
        return token(&id.to_ascii_lowercase().replace('(', ".").replace(')', "")).into_owned();
    }
    token(&format!("{framework}_{id}")).into_owned()
}

/// Tells apart what has the same name.
#[derive(Default)]
pub(crate) struct Repeated<'a>(BTreeMap<&'a str, u32>);

impl<'a> Repeated<'a> {
    /// How many had the name before, and the name.
    pub(crate) fn key(&mut self, name: &'a str) -> String {
        let before = self.0.entry(name).or_default();
        let key = format!("{before} {name}");
        *before += 1;
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn controls_become_tokens() {
        for (framework, id, expected) in [
            ("NIST-800-53-r5", "AC-6(5)", "ac-6.5"),
            ("NIST-800-53-r5", "CM-2", "cm-2"),
            ("ISO-27001-2022", "8.9", "ISO-27001-2022_8.9"),
            ("MCSB-1", "PV-1", "MCSB-1_PV-1"),
            ("1st", "a b", "_1st_a-b"),
        ] {
            assert_eq!(control_id(framework, id), expected);
        }
    }

    #[test]
    fn texts_are_one_line_with_something_in_it() {
        assert_eq!(string(" \u{a0}"), "(empty)");
        assert_eq!(string("\n a\r\nb "), "\u{fffd} a\u{fffd}\u{fffd}b");
        for (text, expected) in [
            ("<b>[x](y)", "&lt;b&gt;\\[x\\](y)"),
            ("It is on (13); a-b, it's.", "It is on (13); a-b, it's."),
            ("1. a", "1\\. a"),
            ("- a", "\\- a"),
            ("a ", "a"),
        ] {
            assert_eq!(markup(text), expected);
        }
    }

    proptest! {
        #[test]
        fn words_are_what_needs_no_escape(
            parts in prop::collection::vec(
                prop_oneof![
                    "[ -~]{1,3}",
                    "[a-z]{1,5} ?",
                    prop::sample::select(vec![
                        "www.", "WwW.", "GH-7", "://", ":smile:", "10:30", ": ", "100%x", "1. ", "(a)/b=c",
                    ]).prop_map(str::to_owned),
                ],
                0..6,
            ),
        ) {
            let text = parts.concat();
            prop_assert_eq!(markup(text.as_str()), markdown_text::whole(&string(text.as_str())));
        }

        #[test]
        fn tokens_are_tokens(text in "\\PC{0,9}") {
            let token = token(&text);
            prop_assert!(token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
            prop_assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
        }
    }
}
