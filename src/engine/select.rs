//! Which rules are judged: a profile, or globs that replace it, less what is skipped.

use vaudit_model::{Need, Rule, Tier};

use crate::glob::RuleGlob;

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
    let read = |globs: &[String]| -> Result<Vec<RuleGlob>, SelectionError> {
        let read = globs.iter().map(|text| {
            let glob = RuleGlob::new(text);
            let is_known = catalogue.iter().any(|rule| glob.names(rule.meta.id, rule.meta.name));
            is_known
                .then_some(glob)
                .ok_or_else(|| SelectionError::NoSuchRule { glob: text.clone() })
        });
        read.collect()
    };
    let (rules, skip) = (read(rules)?, read(skip)?);
    let named = |globs: &[RuleGlob], rule: &Rule| {
        globs.iter().any(|glob| glob.names(rule.meta.id, rule.meta.name))
    };
    let wanted = |rule: &Rule| {
        let chosen =
            if rules.is_empty() { profile.includes(rule.meta.tier) } else { named(&rules, rule) };
        chosen && !named(&skip, rule)
    };
    let selected: Vec<&'static Rule> =
        catalogue.iter().copied().filter(|rule| wanted(rule)).collect();
    if selected.is_empty() { Err(SelectionError::Empty) } else { Ok(selected) }
}

/// What must be read for some rules.
pub fn needs(rules: &[&'static Rule]) -> Vec<Need> {
    Need::closure(rules.iter().flat_map(|rule| rule.needs.iter().copied()))
}
