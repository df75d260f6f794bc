//! What could not be seen: over the rules it cost, and where it cost none.

use std::collections::{BTreeMap, BTreeSet};

use vaudit_model::assessment::{GapUse, RuleResult};
use vaudit_model::document::Answer;
use vaudit_model::{Estate, Gap};

/// The gaps of a deployment, each once, with the rules that could not be judged for it.
pub(crate) fn of_results(results: &[RuleResult]) -> Vec<GapUse> {
    let mut rules: BTreeMap<Key, (&Gap, BTreeSet<&str>)> = BTreeMap::new();
    for result in results {
        if let Some(gap) = &result.judgement.gap {
            let entry = rules.entry(Key::of(gap)).or_insert_with(|| (gap, BTreeSet::new()));
            entry.1.insert(result.meta.id);
        }
    }
    rules.into_values().map(|(gap, rules)| used(gap, rules)).collect()
}

/// The answers about a deployment that could not be read, although no verdict was lost for them: a
/// later page of a list whose first page settled the question, a list whose items were then read one
/// by one. `known` are the gaps that are listed already.
pub(crate) fn of_documents(estate: &Estate<'_>, known: &[GapUse]) -> Vec<GapUse> {
    let known: BTreeSet<(Option<&str>, &str)> =
        known.iter().map(|gap| (gap.scope.as_deref(), gap.message.as_str())).collect();
    let mut gaps: BTreeMap<Key, Gap> = BTreeMap::new();
    for document in estate.documents() {
        if let Answer::Unread(gap) = estate.snapshot.answer(document)
            && !known.contains(&(gap.scope.as_deref(), gap.message.as_str()))
        {
            gaps.insert(Key::of(&gap), gap);
        }
    }
    gaps.values().map(|gap| used(gap, BTreeSet::new())).collect()
}

fn used(gap: &Gap, rules: BTreeSet<&str>) -> GapUse {
    GapUse {
        action: gap.action.clone(),
        scope: gap.scope.clone(),
        reason: gap.reason,
        status: gap.status,
        message: gap.message.clone(),
        rules: rules.into_iter().map(str::to_owned).collect(),
    }
}

/// Two gaps are one when they lack the same thing in the same place, however it is spelled.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    reason: vaudit_model::Reason,
    action: Option<String>,
    scope: Option<String>,
    status: Option<u16>,
    message: String,
}

impl Key {
    fn of(gap: &Gap) -> Self {
        let lower = |text: &Option<String>| text.as_deref().map(str::to_ascii_lowercase);
        Self {
            reason: gap.reason,
            action: lower(&gap.action),
            scope: lower(&gap.scope),
            status: gap.status,
            message: gap.message.to_ascii_lowercase(),
        }
    }
}
