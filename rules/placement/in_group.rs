//! Whether a resource is in the deployment's resource group: concluded from the group's own complete
//! list, never from a search that may be filtered.

use vaudit_model::deployment::Selector;
use vaudit_model::{
    ArmId, Command, Estate, Evaluation, Evidence, Fact, Judgement, List, Source, Stop,
};

/// A resource that should be in the group.
pub(super) struct Member<'a, T> {
    /// What it is, as a noun without an article.
    pub(super) what: &'static str,
    /// The noun with its article.
    pub(super) a: &'static str,
    /// What the rule speaks about.
    pub(super) subject: String,
    /// The manifest's selector.
    pub(super) selector: Option<&'a Selector>,
    /// The group's list.
    pub(super) listed: &'a Fact<List<T>>,
    /// The one that is meant.
    pub(super) found: &'a Fact<T>,
    /// Its id and its whole body.
    pub(super) identity: fn(&T) -> (&ArmId, &Source),
    /// How to mend it.
    pub(super) advice: &'static str,
    /// Commands that bring it from elsewhere into the group.
    pub(super) bring: fn(&ArmId, &str) -> Vec<Command>,
}

/// Judges a resource that should be in the group.
pub(super) fn judge<T>(estate: &Estate<'_>, member: Member<'_, T>) -> Evaluation {
    let Member { what, a, subject, selector, listed, found, identity, advice, bring } = member;
    let group = &estate.deployment.resource_group;
    if let Some(elsewhere) = estate.outside_resource_group(selector) {
        let other = elsewhere.resource_group().unwrap_or("another scope");
        let message =
            format!("The manifest's {what} {} is in {other}, not in {group}.", elsewhere.name());
        let (list, source) = listed.required("PLC001")?;
        list.all_read()?;
        let evidence =
            Evidence::at(source).observed(elsewhere.as_str()).expected(format!("{a} in {group}"));
        return Ok(vec![
            Judgement::fail(subject, message)
                .with(evidence)
                .fix(advice, bring(elsewhere, group.as_str())),
        ]);
    }
    if let Fact::Absent(source) = listed {
        return Err(Stop::absent("PLC001", source));
    }
    match found {
        Fact::Known(own, _) => {
            let (id, source) = identity(own);
            let message = format!("The {what} {} is in {group}.", id.name());
            let evidence = Evidence::at(source).observed(id.as_str());
            Ok(vec![Judgement::pass(subject, message).with(evidence)])
        }
        Fact::Absent(source) => {
            let name = selector.map(|own| format!(" {}", own.name())).unwrap_or_default();
            let message = format!("There is no {what}{name} in {group}.");
            let evidence =
                Evidence::at(source).observed("absent from the complete list").expected(a);
            Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, Vec::new())])
        }
        Fact::Unread(gap) => Err(gap.clone().into()),
    }
}
