//! The resource types the simulated Azure knows, in Azure's spelling.

/// Types a request may name although the scenario holds none of them.
const KNOWN: [&str; 76] = [
    "Microsoft.Authorization/classicAdministrators",
    "Microsoft.Authorization/denyAssignments",
    "Microsoft.Authorization/locks",
    "Microsoft.Authorization/permissions",
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.Authorization/roleAssignmentScheduleInstances",
    "Microsoft.Authorization/roleAssignmentSchedules",
    "Microsoft.Authorization/roleDefinitions",
    "Microsoft.Authorization/roleEligibilityScheduleInstances",
    "Microsoft.Authorization/roleEligibilitySchedules",
    "Microsoft.Compute/disks",
    "Microsoft.Compute/snapshots",
    "Microsoft.Compute/virtualMachines",
    "Microsoft.Compute/virtualMachineScaleSets",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.ContainerService/locations",
    "Microsoft.ContainerService/locations/kubernetesVersions",
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.ContainerService/managedClusters/agentPools",
    "Microsoft.DataProtection/backupVaults",
    "Microsoft.DataProtection/backupVaults/backupInstances",
    "Microsoft.DataProtection/backupVaults/backupInstances/recoveryPoints",
    "Microsoft.DataProtection/backupVaults/backupPolicies",
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.DBforPostgreSQL/flexibleServers/administrators",
    "Microsoft.DBforPostgreSQL/flexibleServers/advancedThreatProtectionSettings",
    "Microsoft.DBforPostgreSQL/flexibleServers/backups",
    "Microsoft.DBforPostgreSQL/flexibleServers/configurations",
    "Microsoft.DBforPostgreSQL/flexibleServers/databases",
    "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules",
    "Microsoft.DBforPostgreSQL/flexibleServers/ltrBackupOperations",
    "Microsoft.DBforPostgreSQL/flexibleServers/privateEndpointConnections",
    "Microsoft.DBforPostgreSQL/flexibleServers/replicas",
    "Microsoft.DBforPostgreSQL/flexibleServers/virtualendpoints",
    "Microsoft.DBforPostgreSQL/serverGroupsv2",
    "Microsoft.DBforPostgreSQL/servers",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.KeyVault/vaults",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.Management/managementGroups",
    "Microsoft.Network/bastionHosts",
    "Microsoft.Network/dnsResolvers",
    "Microsoft.Network/natGateways",
    "Microsoft.Network/networkInterfaces",
    "Microsoft.Network/networkSecurityGroups",
    "Microsoft.Network/networkSecurityGroups/defaultSecurityRules",
    "Microsoft.Network/networkSecurityGroups/securityRules",
    "Microsoft.Network/privateDnsZones",
    "Microsoft.Network/privateDnsZones/A",
    "Microsoft.Network/privateDnsZones/AAAA",
    "Microsoft.Network/privateDnsZones/ALL",
    "Microsoft.Network/privateDnsZones/CNAME",
    "Microsoft.Network/privateDnsZones/MX",
    "Microsoft.Network/privateDnsZones/PTR",
    "Microsoft.Network/privateDnsZones/SOA",
    "Microsoft.Network/privateDnsZones/SRV",
    "Microsoft.Network/privateDnsZones/TXT",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Network/routeTables",
    "Microsoft.Network/routeTables/routes",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/virtualNetworks/subnets",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.RecoveryServices/vaults",
    "Microsoft.Security/pricings",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.Storage/storageAccounts/blobServices/containers",
    "Microsoft.Storage/storageAccounts/localUsers",
    "Microsoft.Storage/storageAccounts/managementPolicies",
    "Microsoft.Storage/storageAccounts/privateEndpointConnections",
    "Microsoft.Storage/storageAccounts/privateLinkResources",
];

/// Azure's spelling of a type, when the type is known.
pub(crate) fn spelling(full_type: &str) -> Option<&'static str> {
    KNOWN.iter().copied().find(|known| known.eq_ignore_ascii_case(full_type))
}

/// Whether any known type is in a namespace.
pub(crate) fn is_namespace(namespace: &str) -> bool {
    KNOWN
        .iter()
        .filter_map(|known| known.split('/').next())
        .any(|own| own.eq_ignore_ascii_case(namespace))
}

/// Types that hang on any scope and are listed at it, below and above rather than as its children.
pub(crate) fn is_extension(full_type: &str) -> bool {
    let is = |namespace: &str| {
        let own = full_type.get(..namespace.len());
        own.is_some_and(|own| own.eq_ignore_ascii_case(namespace))
    };
    is("Microsoft.Authorization/") || is("Microsoft.Insights/")
}

/// Children that Azure also shows inside their parent's body, and there alone in a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inline {
    /// The type of the parent.
    pub(crate) parent: &'static str,
    /// The child's own segment.
    pub(crate) child: &'static str,
    /// The array in the parent's `properties`.
    pub(crate) array: &'static str,
}

/// All children that are written in their parent's body.
pub(crate) const INLINE: [Inline; 8] = [
    Inline { parent: "Microsoft.Network/virtualNetworks", child: "subnets", array: "subnets" },
    Inline {
        parent: "Microsoft.Network/virtualNetworks",
        child: "virtualNetworkPeerings",
        array: "virtualNetworkPeerings",
    },
    Inline {
        parent: "Microsoft.Network/networkSecurityGroups",
        child: "securityRules",
        array: "securityRules",
    },
    Inline {
        parent: "Microsoft.Network/networkSecurityGroups",
        child: "defaultSecurityRules",
        array: "defaultSecurityRules",
    },
    Inline { parent: "Microsoft.Network/routeTables", child: "routes", array: "routes" },
    Inline {
        parent: "Microsoft.DBforPostgreSQL/flexibleServers",
        child: "privateEndpointConnections",
        array: "privateEndpointConnections",
    },
    Inline {
        parent: "Microsoft.Storage/storageAccounts",
        child: "privateEndpointConnections",
        array: "privateEndpointConnections",
    },
    Inline {
        parent: "Microsoft.ContainerService/managedClusters",
        child: "agentPools",
        array: "agentPoolProfiles",
    },
];

/// The inline child of a parent's type that a path segment names.
pub(crate) fn inline(parent_type: &str, child: &str) -> Option<Inline> {
    INLINE.into_iter().find(|inline| {
        inline.parent.eq_ignore_ascii_case(parent_type) && inline.child.eq_ignore_ascii_case(child)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_known_case_blind() {
        assert_eq!(
            spelling("microsoft.dbforpostgresql/FLEXIBLESERVERS"),
            Some("Microsoft.DBforPostgreSQL/flexibleServers")
        );
        assert_eq!(spelling("Microsoft.Network/nonsense"), None);
        assert!(is_namespace("microsoft.compute") && !is_namespace("Microsoft.Nonsense"));
        assert!(is_extension("microsoft.insights/diagnosticSettings"));
        assert!(!is_extension("Microsoft.Storage/storageAccounts"));
        assert!(inline("microsoft.network/virtualnetworks", "Subnets").is_some());
        assert!(KNOWN.is_sorted_by_key(|known| known.to_ascii_lowercase()));
    }
}
