//! The service principal (IAM).

use vaudit_model::estate::RoleAssignment;
use vaudit_model::{Estate, Fact, Gap, List, Reason, Source, Stop};

pub(crate) mod app_registration;
pub(crate) mod blob_data_contributor;
mod condition;
mod credentials;
mod ending;
pub(crate) mod no_api_permission;
pub(crate) mod no_deny_assignment;
pub(crate) mod no_directory_role;
pub(crate) mod no_other_role;
pub(crate) mod no_role_elsewhere;
pub(crate) mod nothing_through_groups;
pub(crate) mod permanent_role;
pub(crate) mod role_condition;
pub(crate) mod role_scope;
mod scopes;
pub(crate) mod service_principal;
pub(crate) mod service_principal_enabled;
pub(crate) mod valid_secret;
mod wording;

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
    assignments.direct.sort_by(|a, b| a.id.cmp(&b.id));
    assignments.through_groups.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(assignments)
}

impl<'e> Assignments<'e> {
    /// Those of the principal itself that carry the one role of the reference design.
    fn with_role(&self) -> impl Iterator<Item = &'e RoleAssignment> {
        self.direct.iter().copied().filter(|item| item.is_blob_data_contributor())
    }

    /// Whether nothing more can be on the list: every page was read, every assignment says for
    /// whom it is made, and the id asked for is proven to be the service principal's.
    fn are_complete(&self, estate: &Estate<'_>) -> Result<(), Stop> {
        self.list.all_read()?;
        if let Some(gap) = self.list.items.iter().find_map(|item| item.principal_id.gap()) {
            return Err(gap.clone().into());
        }
        self.are_the_principals(estate)
    }

    /// The same, and every assignment of the principal itself says which role it carries, and where
    /// if it is the one: then the role is not held elsewhere.
    fn show_every_role(&self, estate: &Estate<'_>) -> Result<(), Stop> {
        self.are_complete(estate)?;
        let unread = self.direct.iter().find_map(|item| {
            let scope = item.scope.gap().filter(|_| item.is_blob_data_contributor());
            item.role.gap().or(scope)
        });
        unread.map_or(Ok(()), |gap| Err(gap.clone().into()))
    }

    /// Whether the id asked for is proven to be the service principal's.
    fn are_the_principals(&self, estate: &Estate<'_>) -> Result<(), Stop> {
        principal_is_proven(estate, &self.principal)
    }
}

/// Whether an id is proven to be the service principal's.
fn principal_is_proven(estate: &Estate<'_>, principal: &str) -> Result<(), Stop> {
    if estate.principal_is_proven(principal) {
        return Ok(());
    }
    let message = "the configured object id could not be confirmed to be the service principal's: the role list of another kind of id is empty, which would read as no roles";
    Err(Gap::because(Reason::Ambiguous, message).into())
}
