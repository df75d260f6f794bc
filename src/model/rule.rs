//! The rule contract: what a rule is, what it answers, and how it gets at facts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::estate::Estate;
use crate::fact::{Fact, Gap, List, Reason, Source};
use crate::instant::show;
use crate::need::Need;
use crate::shell::Command;

/// One rule of the catalogue: metadata, needs, page and the question itself.
#[derive(Debug)]
pub struct Rule {
    /// Id, title, severity and where the rule comes from.
    pub meta: Meta,
    /// What must be read before the question can be answered.
    pub needs: &'static [Need],
    /// What the rule speaks about, also when it cannot be judged: the same subject gives the same
    /// fingerprint, whatever the verdict.
    pub subject: fn(&Estate<'_>) -> String,
    /// The rule's page in Markdown: what `vaudit explain` prints and the examples test runs.
    pub page: &'static str,
    /// The question. Pure: the same estate gives the same answer.
    pub evaluate: fn(&Estate<'_>) -> Evaluation,
}

/// What is fixed about a rule. Ids and names are forever.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// The id, such as `PG001`.
    pub id: &'static str,
    /// The name, such as `postgres-major-version`.
    pub name: &'static str,
    /// One line: what holds when the rule passes.
    pub title: &'static str,
    /// How bad a failure is.
    pub severity: Severity,
    /// Whether the reference design states it, or it is hardening or a note.
    pub tier: Tier,
    /// The controls of public frameworks a failure touches.
    pub controls: &'static [Control],
    /// The statement of the installation guide the rule follows from, with its number.
    pub reference: &'static str,
    /// The manifest key that holds the expectation, inside a deployment (`postgres.expected_major`).
    pub setting: &'static str,
}

/// Controls of one public framework.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control {
    /// The framework, in the spelling of `CONTRACT.md` (`MCSB-1`).
    pub framework: &'static str,
    /// The ids of its controls.
    pub ids: &'static [&'static str],
}

/// How bad a failure is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A remark.
    Note,
    /// Worth mending.
    Low,
    /// Should be mended soon.
    Medium,
    /// The design is broken.
    High,
    /// Data, access or recovery is at stake.
    Critical,
}

impl Severity {
    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Where a rule comes from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Tier {
    /// The reference design states it or needs it to be true.
    S,
    /// Hardening beyond the reference design.
    H,
    /// A note.
    N,
}

impl Tier {
    /// The letter of the report.
    pub fn letter(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::H => "H",
            Self::N => "N",
        }
    }
}

/// The five outcomes of a question (`catalogue.md` §0.1), from the best to the worst when several
/// are folded into one.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A fact that was read makes the rule moot.
    NotApplicable,
    /// Every fact needed was read and satisfies the rule.
    Pass,
    /// A statement for the reader that never counts as a failure.
    Informational,
    /// Some needed fact could not be read or was not understood.
    Indeterminate,
    /// A fact that was read contradicts the rule.
    Fail,
}

impl Verdict {
    /// Every verdict, worst first.
    pub const WORST_FIRST: [Self; 5] =
        [Self::Fail, Self::Indeterminate, Self::Informational, Self::Pass, Self::NotApplicable];

    /// The word of the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::Pass => "pass",
            Self::Informational => "informational",
            Self::Indeterminate => "indeterminate",
            Self::Fail => "fail",
        }
    }
}

/// The answer of a rule: judgements, one a subject, or the reason why there can be none.
pub type Evaluation = Result<Vec<Judgement>, Stop>;

/// A question that ended before it was asked in full.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// A fact made the rule moot.
    NotApplicable {
        /// Why, such as `absent: see PG004`.
        reason: String,
        /// The fact.
        evidence: Vec<Evidence>,
    },
    /// A needed fact is unread.
    Indeterminate(Gap),
}

impl Stop {
    /// The rule is moot for a reason that needs no evidence.
    pub fn not_applicable(reason: impl Into<String>) -> Self {
        Self::NotApplicable { reason: reason.into(), evidence: Vec::new() }
    }

    /// The subject is proven absent, and another rule owns that absence.
    pub fn absent(owner: &str, source: &Source) -> Self {
        Self::NotApplicable {
            reason: format!("absent: see {owner}"),
            evidence: vec![Evidence::at(source).observed("absent")],
        }
    }
}

impl From<Gap> for Stop {
    fn from(gap: Gap) -> Self {
        Self::Indeterminate(gap)
    }
}

impl<T> Fact<T> {
    /// The value, or an end of the question: an unread fact is indeterminate, an absent one is moot
    /// because the rule `owner` reports it.
    ///
    /// # Errors
    ///
    /// The end of the question.
    pub fn required(&self, owner: &str) -> Result<(&T, &Source), Stop> {
        match self {
            Self::Known(value, source) => Ok((value, source)),
            Self::Absent(source) => Err(Stop::absent(owner, source)),
            Self::Unread(gap) => Err(Stop::Indeterminate(gap.clone())),
        }
    }

    /// The value or its proven absence; an unread fact ends the question.
    ///
    /// # Errors
    ///
    /// The end of the question.
    pub fn read(&self) -> Result<Option<(&T, &Source)>, Stop> {
        match self {
            Self::Known(value, source) => Ok(Some((value, source))),
            Self::Absent(_) => Ok(None),
            Self::Unread(gap) => Err(Stop::Indeterminate(gap.clone())),
        }
    }
}

impl<T> List<T> {
    /// Ends the question when the list was not read to its end: nothing may be concluded from what
    /// is not on it.
    ///
    /// # Errors
    ///
    /// The end of the question.
    pub fn all_read(&self) -> Result<(), Stop> {
        match &self.missing {
            None => Ok(()),
            Some(gap) => Err(Stop::Indeterminate(gap.clone())),
        }
    }
}

/// One judgement of a rule about one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The outcome.
    pub verdict: Verdict,
    /// The ARM id, `graph:…` name or `https://account/container/folder` judged.
    pub subject: String,
    /// What was found, in a sentence.
    pub message: String,
    /// What was lost, for an indeterminate verdict.
    pub gap: Option<Gap>,
    /// Why the rule is moot, for a not-applicable verdict.
    pub moot: Option<String>,
    /// The facts the verdict rests on.
    pub evidence: Vec<Evidence>,
    /// How to mend it.
    pub remediation: Remediation,
    /// The severity, where it is lower than the rule's own.
    pub severity: Option<Severity>,
    /// The manifest key that holds the expectation, where it is not the rule's own.
    pub setting: Option<&'static str>,
}

/// How to mend a failure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remediation {
    /// What to do, in a sentence or two.
    pub text: String,
    /// Commands that do it, with every inserted value quoted for a POSIX shell.
    pub commands: Vec<Command>,
}

/// A fact as a report quotes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The resource.
    pub resource: String,
    /// The place in its body.
    pub pointer: String,
    /// What was seen.
    pub observed: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// The request id of the answer.
    pub request_id: Option<String>,
    /// When it was read.
    pub read_at: Option<String>,
}

impl Evidence {
    /// Evidence that quotes a place.
    pub fn at(source: &Source) -> Self {
        Self {
            resource: source.resource.clone(),
            pointer: source.pointer.clone(),
            observed: None,
            expected: None,
            request_id: source.origin.request_id.clone(),
            read_at: source.origin.read_at.map(show),
        }
    }

    /// What was seen there.
    #[must_use]
    pub fn observed(mut self, observed: impl Into<String>) -> Self {
        self.observed = Some(observed.into());
        self
    }

    /// What was expected there.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }
}

impl Judgement {
    /// A judgement with a verdict.
    pub fn new(verdict: Verdict, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            verdict,
            subject: subject.into(),
            message: message.into(),
            gap: None,
            moot: None,
            evidence: Vec::new(),
            remediation: Remediation::default(),
            severity: None,
            setting: None,
        }
    }

    /// The rule holds for this subject.
    pub fn pass(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, subject, message)
    }

    /// The rule is broken for this subject.
    pub fn fail(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, subject, message)
    }

    /// A statement that is no failure.
    pub fn informational(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Verdict::Informational, subject, message)
    }

    /// Nothing can be said about this subject.
    pub fn indeterminate(subject: impl Into<String>, gap: Gap) -> Self {
        let message = sentence(&gap.message);
        Self { gap: Some(gap), ..Self::new(Verdict::Indeterminate, subject, message) }
    }

    /// The rule is moot for this subject.
    pub fn not_applicable(subject: impl Into<String>, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        let message = sentence(&reason);
        Self { moot: Some(reason), ..Self::new(Verdict::NotApplicable, subject, message) }
    }

    /// The judgement a stopped question amounts to.
    pub fn stopped(subject: impl Into<String>, stop: Stop) -> Self {
        match stop {
            Stop::NotApplicable { reason, evidence } => {
                Self::not_applicable(subject, reason).with_all(evidence)
            }
            Stop::Indeterminate(gap) => Self::indeterminate(subject, gap),
        }
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// Adds facts.
    #[must_use]
    pub fn with_all(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn fix(mut self, text: impl Into<String>, commands: Vec<Command>) -> Self {
        self.remediation = Remediation { text: text.into(), commands };
        self
    }

    /// Lowers the severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// Points at another manifest key than the rule's own.
    #[must_use]
    pub fn setting(mut self, setting: &'static str) -> Self {
        self.setting = Some(setting);
        self
    }

    /// The reason as the report spells it: the code of a gap, or why the rule is moot.
    pub fn reason(&self) -> Option<String> {
        match self.verdict {
            Verdict::Indeterminate => {
                Some(self.gap.as_ref().map_or(Reason::Unrecognised, |gap| gap.reason).to_string())
            }
            Verdict::NotApplicable => self.moot.clone(),
            _ => None,
        }
    }
}

/// Makes a sentence of a fragment: first letter upper case, full stop at the end.
pub fn sentence(fragment: &str) -> String {
    let mut letters = fragment.trim().chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let start: String =
        if first.is_lowercase() { first.to_uppercase().collect() } else { first.to_string() };
    let text = format!("{start}{}", letters.as_str());
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}
