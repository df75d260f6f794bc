//! The service principal (IAM).

use vaudit_model::estate::RoleAssignment;
use vaudit_model::{Estate, Fact, Gap, List, Reason, Source, Stop};

pub(crate) mod blob_data_contributor;
pub(crate) mod no_other_role;
pub(crate) mod service_principal;

/// The service principal's own role assignments, and those of its groups.
struct Assignments<'e> {
    /// The object id they are made for.
    principal: String,
    /// Made for the principal itself.
    direct: Vec<&'e RoleAssignment>,
    /// Made for a group it belongs to.
    through_groups: Vec<&'e RoleAssignment>,
    /// The list they stand in.
    list: &'e List<RoleAssignment>,
    /// Where the list was read.
    source: Source,
}

/// The role assignments that reach the service principal.
fn assignments<'e>(estate: &'e Estate<'_>) -> Result<Assignments<'e>, Stop> {
    let principal = estate.principal_id();
    let (principal, _) = principal.required("IAM001")?;
    let (list, source) = match estate.role_assignments() {
        Fact::Known(list, source) => (list, source),
        Fact::Absent(source) => return Err(Stop::absent("AUD003", source)),
        Fact::Unread(gap) => return Err(gap.clone().into()),
    };
    let (direct, through_groups) =
        list.items.iter().partition(|item| item.principal_id.value() == Some(principal));
    let mut assignments = Assignments {
        principal: principal.clone(),
        direct,
        through_groups,
        list,
        source: source.clone(),
    };
    // An assignment whose principal cannot be read may be either; it makes the list incomplete.
    assignments.through_groups.retain(|item| item.principal_id.value().is_some());
    Ok(assignments)
}

impl Assignments<'_> {
    /// Whether nothing more can be on the list: every page was read, every assignment says for
    /// whom it is made, and the id asked for is proven to be the service principal's.
    fn are_complete(&self, estate: &Estate<'_>) -> Result<(), Stop> {
        self.list.all_read()?;
        if let Some(gap) = self.list.items.iter().find_map(|item| item.principal_id.gap()) {
            return Err(gap.clone().into());
        }
        self.are_the_principals(estate)
    }

    /// Whether the id asked for is proven to be the service principal's.
    fn are_the_principals(&self, estate: &Estate<'_>) -> Result<(), Stop> {
        if estate.principal_is_proven(&self.principal) {
            return Ok(());
        }
        let message = "the configured object id could not be confirmed to be the service principal's: the role list of another kind of id is empty, which would read as no roles";
        Err(Gap::because(Reason::Ambiguous, message).into())
    }
}
