//! Facts of the PostgreSQL servers of the resource group and of the audited one's databases.

use super::EstateFacts;
use super::value::Comparable;
use crate::arm_id::ArmId;
use crate::estate::{Estate, PostgresServer};
use crate::fact::Fact;
use crate::need::{Request, RequestKind};
use crate::reader::Node;

const SERVERS: &str = "the PostgreSQL servers";
const DATABASES: &str = "the databases";

impl EstateFacts {
    pub(super) fn servers(&mut self, estate: &Estate<'_>) {
        for node in self.list(SERVERS, estate.list_in_group(RequestKind::PostgresServers)) {
            self.server(&node);
        }
        if let Some(id) = estate.outside_resource_group(estate.deployment.postgres.server.as_ref())
        {
            let request = Request::arm(RequestKind::PostgresServer, id);
            if let Some((node, _)) = self.one(SERVERS, estate.snapshot.resource(&request)) {
                self.server(&node);
            }
        }
        let server = estate.server().value().map(|server| server.id.clone());
        for database in self.list(DATABASES, estate.databases()) {
            // The names of databases are the one kind of name in which case counts.
            let parent = server.as_ref().map_or("", ArmId::key);
            let key = format!("{parent}/databases/{}", database.name);
            self.resource("database", DATABASES, key, database.name.clone(), database.source);
        }
    }

    fn server(&mut self, node: &Node<'_>) {
        let Some(server) = self.readable(SERVERS, PostgresServer::read(node)) else { return };
        let network = |fact: fn(&crate::estate::PostgresAccess) -> Fact<ArmId>| {
            server.access.as_ref().and_then(|access, _| fact(access))
        };
        let public = server.access.as_ref().and_then(|own, _| own.public_network_access.clone());
        let endpoints = server.access.as_ref().and_then(|own, _| own.private_endpoints.clone());
        let properties = node.at("properties");
        self.arm("PostgreSQL server", SERVERS, &server.id, &server.source)
            .region("location", &server.location)
            .text("version", &server.version)
            .fact("minorVersion", minor(&server))
            .text("state", &server.state)
            .text_or("replicationRole", &primary(&server.replication_role), "Primary")
            .id("sourceServerResourceId", &server.source_server)
            .text("fullyQualifiedDomainName", &server.host_name)
            .id("network.delegatedSubnetResourceId", &network(|own| own.delegated_subnet.clone()))
            .id("network.privateDnsZoneArmResourceId", &network(|own| own.private_dns_zone.clone()))
            .text("network.publicNetworkAccess", &public)
            .each("privateEndpointConnections", &endpoints, |own| {
                own.endpoint.as_ref().and_then(|id, _| {
                    own.status.as_ref().map(|status| format!("{} {status}", id.name()))
                })
            })
            .number("backup.backupRetentionDays", &server.backup.retention_days)
            .setting("backup.geoRedundantBackup", &properties.at("backup").at("geoRedundantBackup"))
            .setting("highAvailability.mode", &properties.at("highAvailability").at("mode"))
            .setting(
                "authConfig.activeDirectoryAuth",
                &properties.at("authConfig").at("activeDirectoryAuth"),
            )
            .setting("authConfig.passwordAuth", &properties.at("authConfig").at("passwordAuth"))
            .setting("dataEncryption.type", &properties.at("dataEncryption").at("type"))
            .setting("sku.name", &node.at("sku").at("name"))
            .setting("storage.storageSizeGB", &properties.at("storage").at("storageSizeGB"));
    }
}

/// The minor version, which some answers write with the major one before it.
fn minor(server: &PostgresServer) -> Fact<Comparable> {
    server.minor_version.as_ref().map(|minor| {
        let major = server.version.value().map_or("", String::as_str);
        let own = minor.strip_prefix(major).and_then(|rest| rest.strip_prefix('.'));
        Comparable::text(own.unwrap_or(minor))
    })
}

/// A server that names no role, or none, replicates nothing: it is a primary.
fn primary(role: &Fact<String>) -> Fact<String> {
    match role {
        Fact::Known(role, source) if role.eq_ignore_ascii_case("None") => {
            Fact::Absent(source.clone())
        }
        role => role.clone(),
    }
}
