//! When a role ends, by the schedules of Privileged Identity Management.

use jiff::Timestamp;
use vaudit_model::estate::{RoleAssignment, ScheduleInstance};
use vaudit_model::{Fact, Gap, List, Stop};

/// When the role ends, as far as the lists tell.
pub(super) struct Ending<'a> {
    /// The end that is farthest away.
    pub(super) last: Option<(&'a ScheduleInstance, Timestamp)>,
    /// Some assignment of the role has no end.
    pub(super) never: bool,
    /// Why there may be another end, or none, than those that were read.
    pub(super) unread: Option<Gap>,
}

impl<'a> Ending<'a> {
    /// The ends of those active instances that are the role, and of the assignments that have none
    /// because the schedules do not know them.
    pub(super) fn of(
        active: Option<&'a List<ScheduleInstance>>,
        is_the_role: impl Fn(&ScheduleInstance) -> bool,
        standing: &[&RoleAssignment],
    ) -> Self {
        let mut ending = Ending { last: None, never: false, unread: None };
        let Some(active) = active else { return ending };
        if let Err(Stop::Indeterminate(gap)) = active.all_read().and(all_understood(active)) {
            ending.unread = Some(gap);
        }
        let own = || active.items.iter().filter(|instance| is_the_role(instance));
        for instance in own() {
            match &instance.ends {
                Fact::Absent(_) => ending.never = true,
                Fact::Known(end, _) if ending.last.is_none_or(|(_, last)| last < *end) => {
                    ending.last = Some((instance, *end));
                }
                Fact::Known(..) => {}
                Fact::Unread(gap) => {
                    ending.unread.get_or_insert_with(|| gap.clone());
                }
            }
        }
        let is_scheduled = |item: &&RoleAssignment| {
            own().any(|instance| instance.scope.value() == item.scope.value())
        };
        ending.never |= ending.unread.is_none() && !standing.iter().all(is_scheduled);
        ending
    }
}

/// Ends the question when an instance does not say for whom, what or where it is.
pub(super) fn all_understood(list: &List<ScheduleInstance>) -> Result<(), Stop> {
    let unread = list
        .items
        .iter()
        .find_map(|item| item.role.gap().or(item.scope.gap()).or(item.principal_id.gap()));
    unread.map_or(Ok(()), |gap| Err(gap.clone().into()))
}
