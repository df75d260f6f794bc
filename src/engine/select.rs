//! Which rules are judged: a profile, or globs that replace it, less what is skipped.

use vaudit_model::{Need, Rule, Tier};

/// A set of tiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// What the reference design states or needs (tier S).
    #[default]
    Reference,
    /// The same and hardening (tiers S and H).
    Hardened,
    /// Everything (tiers S, H and N).
    All,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::Reference, Self::Hardened, Self::All];

    /// The word of the command line and the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Hardened => "hardened",
            Self::All => "all",
        }
    }

    /// The profile of a word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.word() == word)
    }

    /// Whether rules of a tier belong to it.
    pub fn includes(self, tier: Tier) -> bool {
        match self {
            Self::Reference => tier == Tier::S,
            Self::Hardened => tier != Tier::N,
            Self::All => true,
        }
    }
}

/// Why a selection is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A glob names no rule.
    #[error("`{glob}` matches no rule")]
    NoSuchRule {
        /// The glob.
        glob: String,
    },
    /// Nothing is left.
    #[error("no rule is left to judge")]
    Empty,
}

/// Chooses rules.
///
/// # Errors
///
/// When a glob matches nothing, or nothing is left.
pub fn select(
    catalogue: &[&'static Rule],
    profile: Profile,
    rules: &[String],
    skip: &[String],
) -> Result<Vec<&'static Rule>, SelectionError> {
    for glob in rules.iter().chain(skip) {
        if !catalogue.iter().any(|rule| matches_rule(glob, rule.meta.id, rule.meta.name)) {
            return Err(SelectionError::NoSuchRule { glob: glob.clone() });
        }
    }
    let named = |globs: &[String], rule: &Rule| {
        globs.iter().any(|glob| matches_rule(glob, rule.meta.id, rule.meta.name))
    };
    let wanted = |rule: &Rule| {
        let chosen =
            if rules.is_empty() { profile.includes(rule.meta.tier) } else { named(rules, rule) };
        chosen && !named(skip, rule)
    };
    let selected: Vec<&'static Rule> =
        catalogue.iter().copied().filter(|rule| wanted(rule)).collect();
    if selected.is_empty() { Err(SelectionError::Empty) } else { Ok(selected) }
}

/// What must be read for some rules.
pub fn needs(rules: &[&'static Rule]) -> Vec<Need> {
    Need::closure(rules.iter().flat_map(|rule| rule.needs.iter().copied()))
}

/// Whether a glob names a rule by its id or name, case-blind.
pub fn matches_rule(glob: &str, id: &str, name: &str) -> bool {
    let glob = glob.to_ascii_lowercase();
    [id, name].iter().any(|text| fast_glob::glob_match(&glob, text.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_case_blind_and_match_ids_and_names() {
        for glob in [
            "PG001",
            "pg001",
            "PG*",
            "pg00?",
            "postgres-major-version",
            "*major*",
            "{PG,NET}00[12]",
        ] {
            assert!(matches_rule(glob, "PG001", "postgres-major-version"), "{glob}");
        }
        for glob in ["PG", "NET*", "PG0011", ""] {
            assert!(!matches_rule(glob, "PG001", "postgres-major-version"), "{glob}");
        }
    }
}
