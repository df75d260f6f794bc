//! What the inventory of the resource group shows beside the lists of the services.

use super::{Estate, item_id, typed};
use crate::arm_id::ArmId;
use crate::fact::{Fact, List};
use crate::need::{Request, RequestKind};

/// What Azure calls PostgreSQL and is no flexible server: single servers, and clusters of Cosmos DB.
const OTHER_POSTGRES: [&str; 2] =
    ["Microsoft.DBforPostgreSQL/servers", "Microsoft.DBforPostgreSQL/serverGroupsv2"];

impl Estate<'_> {
    /// The databases of another kind in the resource group, sorted by id. The inventory shows what
    /// the reader may see, so what is not on it is not proven absent.
    pub fn other_postgres(&self) -> Fact<List<ArmId>> {
        let request = Request::arm(RequestKind::Resources, &self.deployment.resource_group_id());
        self.snapshot.list(&request).map(|list| {
            let mut resources = typed(list, item_id);
            resources.items.retain(|id| OTHER_POSTGRES.iter().any(|own| id.is_type(own)));
            resources.items.sort();
            resources
        })
    }

    /// The database of another kind that stands where the audited flexible server should: any, when
    /// there is no flexible server at all, else the one of the selected name.
    pub fn postgres_of_another_kind(&self) -> Fact<ArmId> {
        if self.server().is_absent() {
            let selected = self.deployment.postgres.server.as_ref();
            let has_flexible = self.servers().value().is_some_and(|list| !list.items.is_empty());
            return self.other_postgres().and_then(|list, source| {
                let stands_there = |id: &ArmId| {
                    !has_flexible
                        || selected.is_some_and(|own| own.name().eq_ignore_ascii_case(id.name()))
                };
                list.find(&source, stands_there).map(Clone::clone)
            });
        }
        self.server().as_ref().and_then(|_, source| Fact::Absent(source))
    }
}
