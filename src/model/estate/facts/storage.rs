//! Facts of the storage accounts of the resource group, the backup account, and their containers.

use super::EstateFacts;
use crate::deployment::Selector;
use crate::estate::{BlobContainer, Estate, StorageAccount};
use crate::fact::{Fact, List};
use crate::need::{Request, RequestKind};
use crate::reader::Node;

const ACCOUNTS: &str = "the storage accounts";

impl EstateFacts {
    pub(super) fn storage(&mut self, estate: &Estate<'_>) {
        for node in self.list(ACCOUNTS, estate.list_in_group(RequestKind::StorageAccounts)) {
            self.account(&node);
        }
        let deployment = estate.deployment;
        let selectors: [&Option<Selector>; 2] =
            [&deployment.storage.account, &deployment.backup.account];
        for selector in selectors {
            let Some(id) = estate.outside_resource_group(selector.as_ref()) else { continue };
            let request = Request::arm(RequestKind::StorageAccount, id);
            if let Some((node, _)) = self.one(ACCOUNTS, estate.snapshot.resource(&request)) {
                self.account(&node);
            }
        }
        let application = (estate.storage_account(), estate.application_containers());
        let backup = (estate.backup_account(), estate.backup_containers());
        for (account, containers) in [application, backup] {
            self.containers(account, containers);
        }
    }

    fn account(&mut self, node: &Node<'_>) {
        let Some(account) = self.readable(ACCOUNTS, StorageAccount::read(node)) else { return };
        let properties = node.at("properties");
        let acls = properties.at("networkAcls");
        self.arm("storage account", ACCOUNTS, &account.id, &account.source)
            .region("location", &account.location)
            .text("kind", &account.kind)
            .setting("sku.name", &node.at("sku").at("name"))
            .text("statusOfPrimary", &account.status_of_primary)
            .text_or("publicNetworkAccess", &account.public_network_access, "Enabled")
            .text("networkAcls.defaultAction", &account.default_action)
            .setting("networkAcls.bypass", &acls.at("bypass"))
            .each("networkAcls.virtualNetworkRules", &account.network_rules, |rule| {
                rule.subnet.as_ref().and_then(|subnet, _| {
                    match rule.state.as_ref().map(|state| format!("{subnet} ({state})")) {
                        Fact::Absent(source) => Fact::Known(subnet.to_string(), source),
                        told => told,
                    }
                })
            })
            .settings("networkAcls.ipRules", &acls.at("ipRules"), Some("value"))
            .settings("networkAcls.ipv6Rules", &acls.at("ipv6Rules"), Some("value"))
            .settings(
                "networkAcls.resourceAccessRules",
                &acls.at("resourceAccessRules"),
                Some("resourceId"),
            )
            .each("privateEndpointConnections", &account.private_endpoints, |own| {
                own.endpoint.as_ref().and_then(|id, _| {
                    own.status.as_ref().map(|status| format!("{} {status}", id.name()))
                })
            })
            .setting("allowBlobPublicAccess", &properties.at("allowBlobPublicAccess"))
            .setting("allowSharedKeyAccess", &properties.at("allowSharedKeyAccess"))
            .setting("allowCrossTenantReplication", &properties.at("allowCrossTenantReplication"))
            .setting("supportsHttpsTrafficOnly", &properties.at("supportsHttpsTrafficOnly"))
            .setting("minimumTlsVersion", &properties.at("minimumTlsVersion"));
    }

    fn containers(
        &mut self,
        account: &Fact<StorageAccount>,
        containers: Fact<List<BlobContainer>>,
    ) {
        let Some(account) = account.value() else {
            self.list("the containers", containers);
            return;
        };
        let list = format!("the containers of {}", account.id.name());
        for container in self.list(&list, containers) {
            let id = account.container_id(&container.name);
            self.arm("container", &list, &id, &container.source)
                .flag("deleted", &container.deleted);
        }
    }
}
