//! What could not be seen, folded over the rules it cost.

use std::collections::{BTreeMap, BTreeSet};

use vaudit_model::Gap;
use vaudit_model::assessment::{GapUse, RuleResult};

/// The gaps of a deployment, each once, with the rules that could not be judged for it.
pub(crate) fn of_results(results: &[RuleResult]) -> Vec<GapUse> {
    let mut rules: BTreeMap<Key, (&Gap, BTreeSet<&str>)> = BTreeMap::new();
    for result in results {
        if let Some(gap) = &result.judgement.gap {
            let entry = rules.entry(Key::of(gap)).or_insert_with(|| (gap, BTreeSet::new()));
            entry.1.insert(result.meta.id);
        }
    }
    let gaps = rules.into_values().map(|(gap, rules)| GapUse {
        action: gap.action.clone(),
        scope: gap.scope.clone(),
        reason: gap.reason,
        status: gap.status,
        message: gap.message.clone(),
        rules: rules.into_iter().map(str::to_owned).collect(),
    });
    gaps.collect()
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
