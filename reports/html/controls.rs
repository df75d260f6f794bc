//! The control matrix: what the verdicts say about the controls of public frameworks.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use vaudit_model::assessment::{Assessment, RuleResult};
use vaudit_model::rule::Verdict;

/// From how many deployments on they are counted instead of having a column each.
const COLUMNS: usize = 12;

/// The control matrix.
#[derive(Template)]
#[template(path = "controls.html")]
pub(crate) struct Controls<'a> {
    /// The names of the deployments that have a column.
    columns: Vec<&'a str>,
    deployments: usize,
    frameworks: Vec<Framework<'a>>,
}

struct Framework<'a> {
    name: &'a str,
    controls: Vec<Control<'a>>,
}

struct Control<'a> {
    id: &'a str,
    /// The rules that touch it, each with its place in the catalogue.
    rules: Vec<(usize, &'a str)>,
    /// A state for each deployment that has a column.
    cells: Vec<State>,
    /// How many deployments there are of each state, without columns.
    counts: Vec<(State, usize)>,
}

/// What the rules that touch a control say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// Some fail.
    NotSatisfied,
    /// None fails, and some could not be judged.
    Unknown,
    /// All that fails or could not be judged is waived.
    Waived,
    /// All hold.
    Satisfied,
    /// None has a verdict that says anything.
    NotJudged,
}

impl State {
    /// What one result says. A waiver does not make a control satisfied.
    fn of(result: &RuleResult) -> Self {
        match (result.judgement.verdict, result.waiver) {
            (Verdict::Fail | Verdict::Indeterminate, Some(_)) => Self::Waived,
            (Verdict::Fail, None) => Self::NotSatisfied,
            (Verdict::Indeterminate, None) => Self::Unknown,
            (Verdict::Pass, _) => Self::Satisfied,
            (Verdict::Informational | Verdict::NotApplicable, _) => Self::NotJudged,
        }
    }

    fn letter(self) -> char {
        match self {
            Self::NotSatisfied => 'f',
            Self::Unknown => 'u',
            Self::Waived => 'w',
            Self::Satisfied => 'p',
            Self::NotJudged => 'n',
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::NotSatisfied => "✗ not satisfied",
            Self::Unknown => "? unknown",
            Self::Waived => "~ waived",
            Self::Satisfied => "✓ satisfied",
            Self::NotJudged => "– not judged",
        }
    }
}

impl<'a> Controls<'a> {
    /// The matrix; none where no judged rule touches a control.
    pub(crate) fn of(assessment: &'a Assessment) -> Option<Self> {
        type Rules<'a> = BTreeSet<(usize, &'a str)>;
        let mut touched: BTreeMap<&str, BTreeMap<Number<'_>, Rules<'_>>> = BTreeMap::new();
        for (place, entry) in assessment.catalogue.iter().enumerate() {
            for control in entry.meta.controls {
                let own = touched.entry(control.framework).or_default();
                for id in control.ids {
                    own.entry(Number::of(id)).or_default().insert((place, entry.meta.id));
                }
            }
        }
        let has_columns = assessment.deployments.len() <= COLUMNS;
        // What each rule says in each deployment, worst first, so that no control asks twice.
        let said: Vec<BTreeMap<&str, State>> = assessment
            .deployments
            .iter()
            .map(|own| {
                let mut states: BTreeMap<&str, State> = BTreeMap::new();
                for result in &own.results {
                    let state = State::of(result);
                    let known = states.entry(result.meta.id).or_insert(state);
                    *known = state.min(*known);
                }
                states
            })
            .collect();
        let control = |(number, rules): (Number<'a>, Rules<'a>)| {
            let cells: Vec<State> = said
                .iter()
                .map(|states| {
                    let own = rules.iter().filter_map(|(_, rule)| states.get(rule));
                    own.min().copied().unwrap_or(State::NotJudged)
                })
                .collect();
            let mut counts: BTreeMap<State, usize> = BTreeMap::new();
            for state in &cells {
                *counts.entry(*state).or_default() += 1;
            }
            Control {
                id: number.id,
                rules: rules.into_iter().collect(),
                cells: if has_columns { cells } else { Vec::new() },
                counts: if has_columns { Vec::new() } else { counts.into_iter().collect() },
            }
        };
        let frameworks: Vec<Framework<'_>> = touched
            .into_iter()
            .map(|(name, controls)| Framework {
                name,
                controls: controls.into_iter().map(control).collect(),
            })
            .collect();
        let names = assessment.deployments.iter().map(|own| own.deployment.name.as_str());
        (!frameworks.is_empty()).then(|| Self {
            columns: if has_columns { names.collect() } else { Vec::new() },
            deployments: assessment.deployments.len(),
            frameworks,
        })
    }
}

/// The id of a control, in the order of its numbers: 8.9 comes before 8.13.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number<'a> {
    parts: Vec<(String, u32)>,
    id: &'a str,
}

impl<'a> Number<'a> {
    fn of(id: &'a str) -> Self {
        let mut parts: Vec<(String, u32)> = Vec::new();
        for c in id.chars() {
            match (c.to_digit(10), parts.last_mut()) {
                (Some(digit), Some((_, number))) => {
                    *number = number.saturating_mul(10).saturating_add(digit)
                }
                (Some(digit), None) => parts.push((String::new(), digit)),
                (None, Some((word, 0))) => word.push(c),
                (None, _) => parts.push((c.to_string(), 0)),
            }
        }
        Self { parts, id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;

    #[test]
    fn controls_stand_in_the_order_of_their_numbers() {
        let mut ids = ["8.13", "8.9", "AC-6(5)", "AC-6", "AC-17", "10.3.2.3", "10.3.2.1", "CC6.1"];
        ids.sort_by_key(|id| Number::of(id));
        assert_eq!(
            ids,
            ["8.9", "8.13", "10.3.2.1", "10.3.2.3", "AC-6", "AC-6(5)", "AC-17", "CC6.1"]
        );
    }

    #[test]
    fn neither_a_waiver_nor_silence_satisfies_a_control() {
        let assessment = canned::assessment();
        let results = &assessment.deployments[0].results;
        let of = |ids: &[&str]| {
            let own = results.iter().filter(|result| ids.contains(&result.meta.id));
            own.map(State::of).min().unwrap_or(State::NotJudged)
        };
        for (ids, state) in [
            (["AKS001", "BKP001"].as_slice(), State::Unknown),
            (&["AKS001", "PG001", "BKP001"], State::NotSatisfied),
            (&["AKS001", "DNS005"], State::Waived),
            (&["AKS001", "PG005"], State::Satisfied),
            (&["PG005", "PG003"], State::NotJudged),
            (&[], State::NotJudged),
        ] {
            assert_eq!(of(ids), state, "{ids:?}");
        }
    }
}
