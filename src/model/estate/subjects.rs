//! What rules speak about: the same subject whether a rule passes, fails or cannot be judged.

use super::Estate;
use crate::arm_id::ArmId;
use crate::deployment::Selector;
use crate::fact::Fact;

impl Estate<'_> {
    /// The deployment as a whole: its resource group.
    pub fn resource_group_subject(&self) -> String {
        self.deployment.resource_group_id().to_string()
    }

    /// The subscription.
    pub fn subscription_subject(&self) -> String {
        self.deployment.subscription_id().to_string()
    }

    /// The PostgreSQL server.
    pub fn server_subject(&self) -> String {
        let known = self.server().value().map(|server| &server.id);
        let selector = self.deployment.postgres.server.as_ref();
        self.selected_subject(known, selector, "Microsoft.DBforPostgreSQL/flexibleServers")
    }

    /// The AKS cluster.
    pub fn cluster_subject(&self) -> String {
        let known = self.cluster().value().map(|cluster| &cluster.id);
        let selector = self.deployment.kubernetes.cluster.as_ref();
        self.selected_subject(known, selector, "Microsoft.ContainerService/managedClusters")
    }

    /// The application's storage account.
    pub fn storage_account_subject(&self) -> String {
        let known = self.storage_account().value().map(|account| &account.id);
        let selector = self.deployment.storage.account.as_ref();
        self.selected_subject(known, selector, "Microsoft.Storage/storageAccounts")
    }

    /// The AKS virtual network, else the cluster.
    pub fn aks_vnet_subject(&self) -> String {
        match self.aks_vnet_id() {
            Fact::Known(id, _) => id.to_string(),
            Fact::Absent(_) | Fact::Unread(_) => self.cluster_subject(),
        }
    }

    /// The PostgreSQL virtual network, else the server.
    pub fn postgres_vnet_subject(&self) -> String {
        match self.postgres_subnet_id().value().and_then(ArmId::parent) {
            Some(id) => id.to_string(),
            None => self.server_subject(),
        }
    }

    /// The server's private DNS zone, else the server.
    pub fn zone_subject(&self) -> String {
        match self.zone_id() {
            Fact::Known(id, _) => id.to_string(),
            Fact::Absent(_) | Fact::Unread(_) => self.server_subject(),
        }
    }

    /// The application's container, else its account, else the resource group.
    pub fn application_container_subject(&self) -> String {
        let policy = &self.deployment.storage;
        let known = self.storage_account().value().map(|account| &account.id);
        self.container_subject(known, policy.account.as_ref(), policy.container.as_deref())
    }

    /// The backup container, else its account, else the resource group.
    pub fn backup_container_subject(&self) -> String {
        let policy = &self.deployment.backup;
        let selector = policy.account.as_ref().or(self.deployment.storage.account.as_ref());
        let known = self.backup_account().value().map(|account| &account.id);
        self.container_subject(known, selector, policy.container.as_deref())
    }

    fn container_subject(
        &self,
        known: Option<&ArmId>,
        selector: Option<&Selector>,
        container: Option<&str>,
    ) -> String {
        let account = self.selected_id(known, selector, "Microsoft.Storage/storageAccounts");
        match (account, container) {
            (Some(account), Some(container)) => {
                account.child("blobServices", "default").child("containers", container).to_string()
            }
            (Some(account), None) => account.to_string(),
            (None, _) => self.resource_group_subject(),
        }
    }

    fn selected_subject(
        &self,
        known: Option<&ArmId>,
        selector: Option<&Selector>,
        resource_type: &str,
    ) -> String {
        match self.selected_id(known, selector, resource_type) {
            Some(id) => id.to_string(),
            None => self.resource_group_subject(),
        }
    }

    /// The id that was read, else the one the selector amounts to.
    fn selected_id(
        &self,
        known: Option<&ArmId>,
        selector: Option<&Selector>,
        resource_type: &str,
    ) -> Option<ArmId> {
        match (known, selector) {
            (Some(id), _) | (None, Some(Selector::Id(id))) => Some(id.clone()),
            (None, Some(Selector::Name(name))) => {
                Some(self.deployment.resource_group_id().resource(resource_type, name))
            }
            (None, None) => None,
        }
    }
}
