//! `vaudit rules` and `vaudit explain`.

use vaudit_engine::Profile;
use vaudit_rules::{CATALOGUE, find};

use crate::failure::Failure;

/// The rules of a profile, a line each, sorted by id.
pub(crate) fn list(profile: &str) -> String {
    let profile = Profile::named(profile).unwrap_or_default();
    let chosen = CATALOGUE.iter().filter(|rule| profile.includes(rule.meta.tier));
    let lines = chosen.map(|rule| {
        let meta = rule.meta;
        let severity = meta.severity.word();
        format!(
            "{}  {severity:<8}  {}  {:<32}  {}\n",
            meta.id,
            meta.tier.letter(),
            meta.name,
            meta.title
        )
    });
    lines.collect()
}

/// A rule's page under its id.
///
/// # Errors
///
/// When there is no such rule.
pub(crate) fn page(name: &str) -> Result<String, Failure> {
    let Some(rule) = find(name) else {
        return Err(Failure::new(format!("there is no rule `{name}`"))
            .help("`vaudit rules --profile all` lists the rules"));
    };
    let meta = rule.meta;
    let mut facts = vec![
        format!("{} · {}", meta.id, meta.name),
        format!("severity {} · tier {}", meta.severity.word(), meta.tier.letter()),
        format!("from the installation guide, {}", meta.reference),
    ];
    facts.extend(
        meta.controls
            .iter()
            .map(|control| format!("{} {}", control.framework, control.ids.join(", "))),
    );
    Ok(format!("{}\n\n{}", facts.join("\n"), rule.page))
}
