//! The canned findings every renderer is tested with: each verdict, waivers in every state, gaps,
//! two deployments, and names that try to get out.

use jiff::Timestamp;
use vaudit_model::assessment::{
    Assessment, BackupPoint, CatalogueEntry, DeploymentAssessment, GapUse, RuleResult, Run, Source,
    WaiverState, WaiverUse, fingerprint, short_digest,
};
use vaudit_model::deployment::{Accept, Deployment, Location, WaiverPolicy};
use vaudit_model::fact::{Gap, Reason};
use vaudit_model::network_path::{Hop, Stage, State};
use vaudit_model::rule::{Evidence, Judgement, Meta};
use vaudit_model::shell::Command;
use vaudit_model::snapshot::{Header, Identity, ManifestCopy, SNAPSHOT_VERSION, Selection};
use vaudit_model::topology::Topology;

use crate::canned_rules::{
    AKS, AUTO, BACKUP, DAILY, ELSEWHERE, FIREWALL, FOLDER, FOREIGN, HTTPS, MAJOR, PAGE, PEERED,
    PRIVATE, PUBLIC, SUPPORTED,
};

pub(crate) use crate::canned_past::compared;

/// A name that tries everything: colours, a cleared screen, line breaks, markup, a command, a link,
/// a turned writing direction and characters without width.
pub(crate) const HOSTILE: &str = "evil\u{1b}[31m\u{1b}[2J\r\n<b>&\"'$(reboot)`id`[x](https://evil.example)\u{202e}gnp.\u{200b}\u{9b}0m";
/// A name that tries to get out of a page, a comment and an XML section, and to run there.
pub(crate) const SCRIPT: &str = "</script><script>window.pwned = 1</script><img src=x onerror=\"window.pwned = 2\">--><svg onload='window.pwned = 3'>]]>&lt;";
/// A name that a spreadsheet would run.
pub(crate) const FORMULA: &str = "=cmd|' /C calc'!A0";
/// A name of wide characters.
pub(crate) const WIDE: &str = "日本語-データベース-🚀";

const SUBSCRIPTION: &str = "00000000-0000-0000-0000-00000000000a";
const REQUEST: &str = "5f0c8a3e-2d1b-4c6f-9a77-1e2d3c4b5a69";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn resource(path: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-vectice/providers/{path}")
}

fn server() -> String {
    resource("Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice")
}

fn fact(resource: &str, pointer: &str) -> Evidence {
    Evidence {
        resource: resource.to_owned(),
        pointer: pointer.to_owned(),
        observed: None,
        expected: None,
        request_id: Some(REQUEST.to_owned()),
        read_at: Some("2026-11-22T09:00:12Z".to_owned()),
    }
}

fn result(meta: Meta, deployment: &str, judgement: Judgement) -> RuleResult {
    RuleResult {
        meta,
        severity: judgement.severity.unwrap_or(meta.severity),
        location: None,
        waiver: None,
        lapsed_waiver: None,
        fingerprint: fingerprint(meta.id, deployment, &judgement.subject),
        observed_digest: short_digest(&judgement.message),
        judgement,
    }
}

fn location(line: u32, column: u32, key: &str) -> Option<Location> {
    Some(Location { line, column, key: key.to_owned() })
}

/// The gap of a refused backup list.
pub(crate) fn refused() -> Gap {
    Gap {
        reason: Reason::Forbidden,
        message: "the backups of the server may not be listed".to_owned(),
        action: Some("Microsoft.DBforPostgreSQL/flexibleServers/backups/read".to_owned()),
        scope: Some(server()),
        status: Some(403),
    }
}

fn firewalled() -> Gap {
    Gap::because(Reason::Network, "the storage firewall refused the auditor's address")
        .at("https://stvecticebkp.blob.core.windows.net/vectice-backup")
}

fn out_of_reach() -> Gap {
    Gap::because(Reason::BeyondReach, "the auditor sees 2 of the tenant's subscriptions")
        .at("/providers/Microsoft.Management/managementGroups/root")
}

fn production() -> DeploymentAssessment {
    let mut deployment = Deployment::new("production", SUBSCRIPTION, "rg-vectice");
    let table = Location { line: 4, column: 1, key: "deployment".to_owned() };
    deployment.locations.insert("", table);
    DeploymentAssessment {
        deployment,
        results: production_results(),
        gaps: vec![
            GapUse {
                action: refused().action,
                scope: refused().scope,
                reason: Reason::Forbidden,
                status: Some(403),
                message: refused().message,
                rules: vec!["BKP001".to_owned(), "BKP002".to_owned()],
            },
            GapUse {
                action: None,
                scope: firewalled().scope,
                reason: Reason::Network,
                status: None,
                message: firewalled().message,
                rules: vec!["BKP009".to_owned()],
            },
        ],
        backups: vec![
            BackupPoint {
                store: "postgres",
                instant: at("2026-11-22T03:10:00Z"),
                kind: "automatic",
                complete: Some(true),
            },
            BackupPoint {
                store: "blob",
                instant: at("2026-11-21T23:30:00Z"),
                kind: "folder",
                complete: None,
            },
        ],
        topology: crate::canned_topology::topology(vec![
            Hop { stage: Stage::AksSubnets, state: State::Open },
            Hop { stage: Stage::Routes, state: State::Unknown(refused().message) },
            Hop { stage: Stage::Peering, state: State::Broken(format!("{HOSTILE} is cut")) },
        ]),
    }
}

fn production_results() -> Vec<RuleResult> {
    let judged = |meta, judgement| result(meta, "production", judgement);
    let server = server();
    let links = resource(
        "Microsoft.Network/privateDnsZones/vectice.private.postgres.database.azure.com/virtualNetworkLinks/aks",
    );
    let account = resource("Microsoft.Storage/storageAccounts/stvectice");
    vec![
        judged(
            AKS,
            Judgement::pass(
                resource("Microsoft.ContainerService/managedClusters/aks-vectice"),
                "The cluster is running.",
            ),
        ),
        judged(BACKUP, Judgement::indeterminate(server.clone(), refused())),
        judged(DAILY, Judgement::indeterminate(server.clone(), refused())),
        judged(
            FOLDER,
            Judgement::indeterminate(
                "https://stvecticebkp.blob.core.windows.net/vectice-backup",
                firewalled(),
            )
            .fix(
                "List the blobs where the firewall admits it and hand the listing over.",
                vec![Command::new("vaudit list-blobs").arg("--output", "blobs.jsonl")],
            ),
        ),
        RuleResult {
            waiver: Some(0),
            location: location(20, 1, "deployment.dns.auto_registration"),
            ..judged(
                AUTO,
                Judgement::fail(
                    links.clone(),
                    "Auto-registration is off on the link of the AKS network.",
                )
                .with(
                    fact(&links, "/properties/registrationEnabled")
                        .observed("false")
                        .expected("true"),
                ),
            )
        },
        RuleResult {
            waiver: Some(1),
            ..judged(
                ELSEWHERE,
                Judgement::indeterminate(
                    "graph:servicePrincipals/33333333-3333-3333-3333-333333333333",
                    out_of_reach(),
                ),
            )
        },
        judged(PEERED, peering()),
        RuleResult {
            location: location(14, 1, "deployment.postgres.expected_major"),
            lapsed_waiver: Some(2),
            ..judged(MAJOR, major(&server))
        },
        judged(
            SUPPORTED,
            Judgement::informational(
                server.clone(),
                "PostgreSQL 14 left standard support on 2026-11-12; the reference design itself asks for 13, which left it earlier.",
            ),
        ),
        RuleResult {
            location: location(13, 3, "deployment.postgres"),
            ..judged(PRIVATE, private(&server))
        },
        judged(PUBLIC, Judgement::not_applicable(server.clone(), "absent: see PG004")),
        judged(FIREWALL, Judgement::pass(server.clone(), "There are no firewall rules.")),
        judged(FOREIGN, hostile(&account)),
        judged(HTTPS, Judgement::pass(account, "Plain HTTP is refused.")),
    ]
}

fn peering() -> Judgement {
    let subject =
        resource("Microsoft.Network/virtualNetworks/vnet-aks/virtualNetworkPeerings/aks-to-pg");
    let far = format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-network/providers/Microsoft.Network/virtualNetworks/vnet-pg/virtualNetworkPeerings/pg-to-aks"
    );
    Judgement::fail(subject.clone(), "The peering towards the database network was deleted on the far side, so pods cannot reach PostgreSQL.")
        .with(fact(&subject, "/properties/peeringState").observed("Disconnected").expected("Connected"))
        .with(fact(&far, "").observed("absent").expected("Connected"))
        .fix(
            "Delete what is left of the peering and create both directions again.",
            vec![
                Command::new("az network vnet peering delete")
                    .arg("--resource-group", "rg-vectice")
                    .arg("--vnet-name", "vnet-aks")
                    .arg("--name", "aks-to-pg"),
                Command::new("az network vnet peering create")
                    .arg("--resource-group", "rg-vectice")
                    .arg("--vnet-name", "vnet-aks")
                    .arg("--name", "aks-to-pg")
                    .arg("--remote-vnet", far.split("/virtualNetworkPeerings").next().unwrap())
                    .flag("--allow-vnet-access"),
            ],
        )
}

fn major(server: &str) -> Judgement {
    Judgement::fail(server, "The server runs PostgreSQL 14; the design asks for 13.")
        .with(fact(server, "/properties/version").observed("14").expected("13"))
        .fix(
            "There is no downgrade. Get the vendor's approval of the newer major version and set `postgres.expected_major`, or restore a dump into a server with 13.",
            Vec::new(),
        )
}

fn private(server: &str) -> Judgement {
    Judgement::fail(server, "The server lies in no virtual network and answers on its public address.")
        .with(
            fact(server, "/properties/network/delegatedSubnetResourceId")
                .observed("absent")
                .expected("a subnet id"),
        )
        .with(
            fact(server, "/properties/network/publicNetworkAccess")
                .observed("Enabled")
                .expected("Disabled"),
        )
        .fix(
            "The mode is fixed at creation: create a server inside a virtual network, then dump and restore.",
            vec![
                Command::new("az postgres flexible-server create")
                    .arg("--resource-group", "rg-vectice")
                    .arg("--name", "pg-vectice-private")
                    .arg("--vnet", "vnet-pg")
                    .arg("--subnet", "snet-pg")
                    .arg("--private-dns-zone", "vectice.private.postgres.database.azure.com")
                    .arg("--public-access", "Disabled"),
            ],
        )
}

fn hostile(account: &str) -> Judgement {
    let long = "x".repeat(300);
    Judgement::fail(
        format!("{account}/{HOSTILE}"),
        format!("The firewall admits {HOSTILE}, {WIDE} and {long}."),
    )
    .with(
        fact(account, "/properties/networkAcls/ipRules/0/value")
            .observed(HOSTILE)
            .expected(format!("none, or one of {WIDE}")),
    )
    .fix(
        format!("Remove the rule {HOSTILE}."),
        vec![
            Command::new("az storage account network-rule remove")
                .arg("--account-name", HOSTILE)
                .arg("--ip-address", &long),
            Command::new("az storage account show").arg("--name", WIDE),
        ],
    )
}

/// Names that want to be more than text in a page or a spreadsheet, and one of 300 characters.
fn nested() -> Judgement {
    let long = format!("{:+>300}", "\u{200f}\u{2067}tsil");
    let account = resource(&format!("Microsoft.Storage/storageAccounts/{long}"));
    Judgement::fail(
        format!("{account}/{SCRIPT}"),
        format!("{FORMULA} is admitted by {long}, next to \t{SCRIPT}."),
    )
    .with(fact(&account, "/properties/networkAcls").observed(FORMULA).expected("@SUM(A1:A9)"))
    .with(fact(&long, "").observed(SCRIPT).expected("-1+1"))
    .fix(
        format!("{FORMULA}\r\n{SCRIPT}"),
        vec![Command::new("az storage account show").arg("--name", SCRIPT)],
    )
}

fn second() -> DeploymentAssessment {
    let name = format!("{WIDE} {HOSTILE}");
    let judged = |meta, judgement| result(meta, &name, judgement);
    DeploymentAssessment {
        results: vec![
            judged(
                AKS,
                Judgement::pass(resource("Microsoft.ContainerService/managedClusters/a"), "Runs."),
            ),
            judged(FOREIGN, nested()),
            judged(
                HTTPS,
                Judgement::pass(resource("Microsoft.Storage/storageAccounts/b"), "Refused."),
            ),
        ],
        deployment: Deployment::new(&name, SUBSCRIPTION, "rg-Zürich"),
        gaps: Vec::new(),
        backups: Vec::new(),
        topology: Topology::default(),
    }
}

fn waiver(rule: &str, accept: Accept, expires: &str, state: WaiverState) -> WaiverUse {
    let waiver = WaiverPolicy {
        rule: rule.to_owned(),
        deployment: Some("production".to_owned()),
        subject: None,
        accept,
        reason: "Registration zone is owned by the platform team".to_owned(),
        owner: "platform@example.com".to_owned(),
        expires: expires.parse().unwrap(),
        ticket: Some("SEC-123".to_owned()),
        pin: None,
    };
    WaiverUse { waiver, state }
}

/// The canned assessment.
pub(crate) fn assessment() -> Assessment {
    let metas = [
        AKS, BACKUP, DAILY, FOLDER, AUTO, ELSEWHERE, PEERED, MAJOR, SUPPORTED, PRIVATE, PUBLIC,
        FIREWALL, FOREIGN, HTTPS,
    ];
    let manifest = ManifestCopy {
        path: Some("infra/vaudit.toml".to_owned()),
        text: "[[deployment]]\n".to_owned(),
    };
    Assessment {
        run: Run {
            id: "4f0c2d9a7b1e6358".to_owned(),
            source: Source::Live,
            profile: "reference".to_owned(),
            exit_code: 1,
            manifest_sha256: manifest.sha256(),
            header: Header {
                vaudit_snapshot: SNAPSHOT_VERSION,
                contents: Default::default(),
                tool_version: "0.0.0".to_owned(),
                started_at: at("2026-11-22T09:00:00Z"),
                finished_at: at("2026-11-22T09:00:41Z"),
                selection: Selection { profile: "reference".to_owned(), ..Selection::default() },
                stopped: None,
                requests: 41,
                retries: 2,
                identity: Identity {
                    object_id: Some("44444444-4444-4444-4444-444444444444".to_owned()),
                    client_id: Some("55555555-5555-5555-5555-555555555555".to_owned()),
                    tenant: None,
                },
                blob_listing: None,
                redaction: None,
                manifest,
            },
        },
        catalogue: metas.map(|meta| CatalogueEntry { meta, page: PAGE }).to_vec(),
        deployments: vec![production(), second()],
        previous: None,
        waivers: vec![
            waiver("DNS005", Accept::Fail, "2027-03-31", WaiverState::Active),
            waiver("IAM012", Accept::Both, "2026-11-30", WaiverState::Expiring),
            waiver("PG0*", Accept::Fail, "2026-10-31", WaiverState::Expired),
            WaiverUse {
                state: WaiverState::Unused,
                waiver: WaiverPolicy {
                    reason: format!("{FORMULA} {SCRIPT}"),
                    ticket: Some("+SEC-1".to_owned()),
                    ..waiver("LOG001", Accept::Indeterminate, "2027-01-31", WaiverState::Unused)
                        .waiver
                },
            },
            WaiverUse {
                state: WaiverState::Void,
                waiver: WaiverPolicy {
                    owner: HOSTILE.to_owned(),
                    pin: Some("0123456789abcdef0123456789abcdef".to_owned()),
                    ..waiver("STO009", Accept::Fail, "2027-02-28", WaiverState::Void).waiver
                },
            },
        ],
    }
}
