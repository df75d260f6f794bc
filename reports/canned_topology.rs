//! What stands in the canned deployment: things known, absent and unread, and names that try to get
//! out.

use vaudit_model::network_path::Hop;
use vaudit_model::topology::{
    Account, BlobPoint, Cluster, Container, EndpointConnection, FurtherNetwork, Loss, Network,
    NetworkRule, PeeringSide, Principal, Role, Seen, Server, ServerSubnet, Several, Subnet,
    Topology, Zone, ZoneLink,
};

use crate::canned::{HOSTILE, WIDE, at, refused, resource};

fn known(text: &str) -> Seen<String> {
    Seen::Known(text.to_owned())
}

fn unread<T>() -> Seen<T> {
    Seen::Unread(Loss::of(&refused()))
}

fn all<T>(items: Vec<T>) -> Seen<Several<T>> {
    Seen::Known(Several { items, missing: None })
}

fn network(name: &str) -> String {
    resource(&format!("Microsoft.Network/virtualNetworks/{name}"))
}

fn subnet(network: &str, name: &str, prefix: &str) -> Subnet {
    Subnet {
        id: format!("{network}/subnets/{name}"),
        prefixes: Seen::Known(vec![prefix.to_owned()]),
        security_group: known(&resource("Microsoft.Network/networkSecurityGroups/nsg")),
        route_table: Seen::Absent,
        service_endpoints: all(vec!["Microsoft.Storage".to_owned()]),
        delegations: all(Vec::new()),
    }
}

fn peering(network: &str, name: &str) -> PeeringSide {
    PeeringSide {
        id: format!("{network}/virtualNetworkPeerings/{name}"),
        state: known("Disconnected"),
        sync_level: known("RemoteNotInSync"),
        allows_access: Seen::Known(true),
        whole_network: Seen::Absent,
        ipv6_only: Seen::Absent,
    }
}

fn zone() -> Zone {
    let name = "Microsoft.Network/privateDnsZones/vectice.private.postgres.database.azure.com";
    let id = resource(name);
    Zone {
        state: known("Succeeded"),
        links: all(vec![ZoneLink {
            id: format!("{id}/virtualNetworkLinks/aks"),
            network: known(&network("vnet-aks")),
            registration: Seen::Known(false),
            state: known("Completed"),
        }]),
        id,
    }
}

fn account(name: &str) -> Account {
    Account {
        id: resource(&format!("Microsoft.Storage/storageAccounts/{name}")),
        region: known("westeurope"),
        public_access: known("Enabled"),
        default_action: known("Deny"),
        network_rules: all(vec![NetworkRule {
            subnet: known(&format!("{}/subnets/snet-aks", network("vnet-aks"))),
            state: known("Succeeded"),
        }]),
        ip_rules: all(vec![HOSTILE.to_owned(), WIDE.to_owned()]),
        private_endpoints: all(vec![EndpointConnection {
            endpoint: known(HOSTILE),
            status: known("Approved"),
        }]),
    }
}

fn container(account: &str, name: &str) -> Container {
    let account = resource(&format!("Microsoft.Storage/storageAccounts/{account}"));
    Container {
        name: name.to_owned(),
        id: known(&format!("{account}/blobServices/default/containers/{name}")),
        exists: Seen::Known(true),
    }
}

/// What stands there, with this way through it.
pub(crate) fn topology(path: Vec<Hop>) -> Topology {
    let aks = network("vnet-aks");
    let postgres = aks.replace("/rg-vectice/", "/rg-network/").replace("vnet-aks", "vnet-pg");
    let assignment = resource("Microsoft.Authorization/roleAssignments/1");
    Topology {
        path,
        cluster: Seen::Known(Cluster {
            id: resource("Microsoft.ContainerService/managedClusters/aks-vectice"),
            region: known("westeurope"),
            power_state: known("Running"),
            provisioning_state: known("Succeeded"),
            subnets: all(vec![format!("{aks}/subnets/snet-aks")]),
        }),
        aks_network: Seen::Known(Network {
            address_space: Seen::Known(vec!["10.1.0.0/16".to_owned()]),
            subnets: all(vec![
                subnet(&aks, "snet-aks", "10.1.0.0/20"),
                subnet(&aks, &HOSTILE.replace('/', ""), "10.1.16.0/20"),
            ]),
            id: aks.clone(),
        }),
        server: Seen::Known(Server {
            id: resource("Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice"),
            region: known("westeurope"),
            version: known("14"),
            minor_version: known("19"),
            state: known("Ready"),
            public_access: known("Enabled"),
        }),
        server_subnet: Seen::Known(ServerSubnet {
            id: format!("{postgres}/subnets/snet-pg"),
            exists: unread(),
        }),
        postgres_network: Seen::Known(Network {
            address_space: unread(),
            subnets: unread(),
            id: postgres,
        }),
        peering_from_aks: Seen::Known(peering(&aks, "aks-to-pg")),
        peering_from_postgres: Seen::Absent,
        further_networks: vec![FurtherNetwork {
            id: network(&"x".repeat(300)),
            peering_from_aks: Some(peering(&aks, WIDE)),
            peering_from_postgres: None,
        }],
        zone: Seen::Known(zone()),
        further_zones: Vec::new(),
        storage: Seen::Known(account("stvectice")),
        container: Seen::Known(container("stvectice", "vectice")),
        backup_storage: Seen::Known(account("stvecticebkp")),
        backup_container: Seen::Known(container("stvecticebkp", "vectice-backup")),
        service_principal: Seen::Known(Principal {
            id: "graph:servicePrincipals/33333333-3333-3333-3333-333333333333".to_owned(),
            client_id: known("22222222-2222-2222-2222-222222222222"),
            enabled: Seen::Known(true),
        }),
        roles: all(vec![Role {
            id: assignment,
            role: known("Storage Blob Data Contributor"),
            scope: known(&resource("Microsoft.Storage/storageAccounts/stvectice")),
            direct: Seen::Known(true),
            condition: Seen::Absent,
        }]),
        postgres_backup: unread(),
        blob_backup: Seen::Known(BlobPoint {
            folder: HOSTILE.to_owned(),
            instant: at("2026-11-21T23:30:00Z"),
            complete: None,
        }),
    }
}
