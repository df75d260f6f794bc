//! Which resource of a type is the deployment's: the selector's, else the only one.

use crate::arm_id::ArmId;
use crate::deployment::Selector;
use crate::fact::{Fact, Gap, List, Reason};

/// A resource that can be selected.
pub(super) trait Candidate: Clone {
    /// Its id.
    fn id(&self) -> &ArmId;

    /// Whether it may be chosen when no selector is given.
    fn is_candidate(&self) -> bool {
        true
    }
}

/// Chooses among the resources of the deployment's resource group.
///
/// Several candidates without a selector are ambiguous, not "the first one" (`catalogue.md`,
/// AUD004). With a selector, or with none but one candidate, the resource is known; when a complete
/// list has none, it is proven absent.
pub(super) fn select<T: Candidate>(
    listed: &Fact<List<T>>,
    selector: Option<&Selector>,
    what: &str,
    setting: &str,
) -> Fact<T> {
    let (list, source) = match listed {
        Fact::Known(list, source) => (list, source),
        Fact::Absent(source) => return Fact::Absent(source.clone()),
        Fact::Unread(gap) => return Fact::Unread(gap.clone()),
    };
    if let Some(selector) = selector {
        let wanted = |item: &T| match selector {
            Selector::Name(name) => item.id().name().eq_ignore_ascii_case(name),
            Selector::Id(id) => item.id() == id,
        };
        return list.find(source, wanted).map(Clone::clone);
    }
    if let Some(gap) = &list.missing {
        return Fact::Unread(gap.clone());
    }
    match candidates(list).as_slice() {
        [] => Fact::Absent(source.clone()),
        [only] => Fact::Known((*only).clone(), source.clone()),
        several => Fact::Unread(ambiguous(several, what, setting)),
    }
}

/// The resources that may be meant when no selector is given.
fn candidates<T: Candidate>(list: &List<T>) -> Vec<&T> {
    let chosen: Vec<&T> = list.items.iter().filter(|item| item.is_candidate()).collect();
    if chosen.is_empty() { list.items.iter().collect() } else { chosen }
}

fn ambiguous<T: Candidate>(several: &[&T], what: &str, setting: &str) -> Gap {
    let mut names: Vec<&str> = several.iter().map(|item| item.id().name()).collect();
    names.sort_unstable();
    let message = format!(
        "the resource group holds {} {what} ({}) and `{setting}` does not say which one is meant",
        names.len(),
        names.join(", "),
    );
    Gap::because(Reason::Ambiguous, message)
}
