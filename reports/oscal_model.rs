//! The part of OSCAL's assessment results that the report is made of, and the texts OSCAL takes.

use std::collections::BTreeMap;

use serde::Serialize;
use vaudit_model::assessment::short_digest;
use vaudit_model::shell::as_inert;

use crate::markdown_text;
use crate::sarif::INFORMATION_URI;

/// The document.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Document<R> {
    pub(crate) assessment_results: AssessmentResults<R>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AssessmentResults<R> {
    pub(crate) uuid: String,
    pub(crate) metadata: Metadata,
    pub(crate) import_ap: ImportPlan,
    pub(crate) local_definitions: Objectives,
    /// A list of [`AssessmentResult`].
    pub(crate) results: R,
    pub(crate) back_matter: BackMatter,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Metadata {
    pub(crate) title: String,
    pub(crate) last_modified: String,
    pub(crate) version: String,
    pub(crate) oscal_version: &'static str,
    pub(crate) props: Vec<Property>,
}

#[derive(Serialize)]
pub(crate) struct ImportPlan {
    pub(crate) href: String,
    pub(crate) remarks: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Objectives {
    pub(crate) objectives_and_methods: Vec<Objective>,
}

/// What a rule asks for.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Objective {
    pub(crate) control_id: String,
    pub(crate) description: String,
    pub(crate) props: Vec<Property>,
    pub(crate) parts: [Part; 1],
}

#[derive(Serialize)]
pub(crate) struct Part {
    pub(crate) id: String,
    pub(crate) name: &'static str,
    pub(crate) prose: String,
}

/// What was found in one deployment.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct AssessmentResult {
    pub(crate) uuid: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) start: String,
    pub(crate) end: String,
    pub(crate) props: Vec<Property>,
    pub(crate) local_definitions: Definitions,
    pub(crate) reviewed_controls: ReviewedControls,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) observations: Vec<Observation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) risks: Vec<Risk>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remarks: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Definitions {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) inventory_items: Vec<InventoryItem>,
    pub(crate) assessment_assets: Assets,
}

/// Something that was judged.
#[derive(Serialize)]
pub(crate) struct InventoryItem {
    pub(crate) uuid: String,
    pub(crate) description: String,
    pub(crate) props: [Property; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Assets {
    pub(crate) components: [Component; 1],
    pub(crate) assessment_platforms: [Platform; 1],
}

#[derive(Serialize)]
pub(crate) struct Component {
    pub(crate) uuid: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) props: [Property; 1],
    pub(crate) status: State,
}

#[derive(Serialize)]
pub(crate) struct State {
    pub(crate) state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Platform {
    pub(crate) uuid: String,
    pub(crate) title: &'static str,
    pub(crate) uses_components: [UsedComponent; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct UsedComponent {
    pub(crate) component_uuid: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ReviewedControls {
    pub(crate) description: &'static str,
    pub(crate) control_selections: Vec<Selection>,
}

/// Controls of one catalogue.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Selection {
    pub(crate) description: String,
    pub(crate) props: [Property; 1],
    pub(crate) include_controls: Vec<ControlId>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ControlId {
    pub(crate) control_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Observation {
    pub(crate) uuid: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) props: Vec<Property>,
    pub(crate) methods: [&'static str; 1],
    pub(crate) types: [&'static str; 1],
    pub(crate) origins: [Origin; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) subjects: Vec<Subject>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) relevant_evidence: Vec<RelevantEvidence>,
    pub(crate) collected: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remarks: Option<String>,
}

#[derive(Clone, Serialize)]
pub(crate) struct Origin {
    pub(crate) actors: [Actor; 1],
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Actor {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) actor_uuid: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Subject {
    pub(crate) subject_uuid: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
}

#[derive(Serialize)]
pub(crate) struct RelevantEvidence {
    pub(crate) description: String,
    pub(crate) props: Vec<Property>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Risk {
    pub(crate) uuid: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) statement: String,
    pub(crate) props: Vec<Property>,
    pub(crate) status: &'static str,
    pub(crate) characterizations: [Characterization; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deadline: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) remediations: Vec<Response>,
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
pub(crate) struct Response {
    pub(crate) uuid: String,
    pub(crate) lifecycle: &'static str,
    pub(crate) title: &'static str,
    pub(crate) description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) props: Vec<Property>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RelatedObservation {
    pub(crate) observation_uuid: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct RelatedRisk {
    pub(crate) risk_uuid: String,
}

/// What the observations of a rule amount to.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Finding {
    pub(crate) uuid: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) props: Vec<Property>,
    pub(crate) target: Target,
    pub(crate) related_observations: Vec<RelatedObservation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) related_risks: Vec<RelatedRisk>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Target {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) target_id: String,
    pub(crate) status: Status,
}

#[derive(Serialize)]
pub(crate) struct Status {
    pub(crate) state: &'static str,
    pub(crate) reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) remarks: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct BackMatter {
    pub(crate) resources: [Resource; 1],
}

#[derive(Serialize)]
pub(crate) struct Resource {
    pub(crate) uuid: String,
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
}

/// A property: of OSCAL's own names where it has no namespace, else of ours.
#[derive(Clone, Serialize)]
pub(crate) struct Property {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ns: Option<&'static str>,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
}

impl Property {
    /// A property of OSCAL's own.
    pub(crate) fn of_oscal(name: &'static str, value: &str) -> Self {
        Self { name, ns: None, value: string(value), class: None }
    }

    /// A property of ours.
    pub(crate) fn of_ours(name: &'static str, value: &str) -> Self {
        Self { name, ns: Some(INFORMATION_URI), value: string(value), class: None }
    }

    /// The same, of a kind.
    pub(crate) fn of_class(name: &'static str, class: &str, value: &str) -> Self {
        Self { class: Some(token(class)), ..Self::of_ours(name, value) }
    }
}

/// Properties of ours that are there.
pub(crate) fn properties<const N: usize>(
    values: [(&'static str, Option<&str>); N],
) -> impl Iterator<Item = Property> {
    values.into_iter().filter_map(|(name, value)| Some(Property::of_ours(name, value?)))
}

/// A text of OSCAL: one line, not empty, no blanks around it.
pub(crate) fn string(text: &str) -> String {
    match as_inert(text).trim() {
        "" => "(empty)".to_owned(),
        text => text.to_owned(),
    }
}

/// Text of others as Markdown, which is what OSCAL's titles and descriptions are.
pub(crate) fn markup(text: &str) -> String {
    // Most sentences have nothing in them that could be markup, and a large report has many.
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b" ,;.'()-".contains(&byte);
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    if begins && !text.ends_with(' ') && text.bytes().all(is_word) {
        return text.to_owned();
    }
    markdown_text::whole(&string(text))
}

/// A name of others in Markdown, as it is.
pub(crate) fn literal(text: &str) -> String {
    markdown_text::literal(&string(text))
}

/// A token of OSCAL: a letter or `_`, then letters, digits, `-`, `_` and `.`.
pub(crate) fn token(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let token: String = text.chars().map(allowed).collect();
    if token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        token
    } else {
        format!("_{token}")
    }
}

/// The id of a control as a token. Those of NIST SP 800-53 are the ids of NIST's own catalogue
/// (`AC-6(5)` is `ac-6.5`); the others have no catalogue in OSCAL that everybody uses, and would begin
/// with a digit, so they have the name of the framework before them.
pub(crate) fn control_id(framework: &str, id: &str) -> String {
    if framework == "NIST-800-53-r5" {
        return token(&id.to_ascii_lowercase().replace('(', ".").replace(')', ""));
    }
    token(&format!("{framework}_{id}"))
}

/// An identifier of something, the same for the same names.
///
/// OSCAL takes versions 4 and 5. A true version 5 is made with SHA-1, which we do without; so this is
/// a SHA-256 in the layout of version 4, with its version and variant.
pub(crate) fn uuid(kind: &str, names: &[&str]) -> String {
    // With their lengths, so that no name can pass for two.
    let mut text = format!("oscal|{kind}");
    for name in names {
        text.push_str(&format!("|{}|{name}", name.len()));
    }
    let digest = short_digest(&text);
    let variant = match digest.as_bytes()[16] {
        b'0' | b'4' | b'8' | b'c' => '8',
        b'1' | b'5' | b'9' | b'd' => '9',
        b'2' | b'6' | b'a' | b'e' => 'a',
        _ => 'b',
    };
    format!(
        "{}-{}-4{}-{variant}{}-{}",
        &digest[..8],
        &digest[8..12],
        &digest[13..16],
        &digest[17..20],
        &digest[20..]
    )
}

/// Tells apart what has the same name.
#[derive(Default)]
pub(crate) struct Repeated(BTreeMap<String, u32>);

impl Repeated {
    /// The name, and how many had it before.
    pub(crate) fn key(&mut self, name: &str) -> String {
        let before = self.0.entry(name.to_owned()).or_default();
        let key = format!("{name:?} {before}");
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

    #[test]
    fn names_cannot_pass_for_others() {
        assert_ne!(uuid("risk", &["a", "b"]), uuid("risk", &["a\", \"b"]));
        assert_ne!(uuid("risk", &["a"]), uuid("finding", &["a"]));
    }

    proptest! {
        #[test]
        fn identifiers_have_the_layout_of_version_4(name in "\\PC{0,9}") {
            let id = uuid("risk", &[&name]);
            let groups = id.split('-').map(str::len).collect::<Vec<_>>();
            prop_assert_eq!(groups, [8, 4, 4, 4, 12]);
            prop_assert!(id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{}", id);
            prop_assert!(id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()));
        }

        #[test]
        fn tokens_are_tokens(text in "\\PC{0,9}") {
            let token = token(&text);
            prop_assert!(token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
            prop_assert!(token.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
        }
    }
}
