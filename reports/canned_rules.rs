//! The rules behind the canned findings: as the catalogue has them, without their questions.

use vaudit_model::rule::{Control, Meta, Severity, Tier};

/// The page of every canned rule.
pub(crate) const PAGE: &str = "# PG001 · PostgreSQL major version is 13\n\n## What it checks\n\nThe server's `properties.version` is the major version the design asks for.\nMinor versions do not matter here.\n\n## Why it matters\n\nVectice is tested against one major version.\n\n## How to fix\n\nUpgrade in place, or ask the vendor.\n\n```sh\naz postgres flexible-server upgrade --version 13\n```\n\n## Examples\n\n```json fails\n{\"properties\": {\"version\": \"14\"}}\n```\n";

const fn meta(
    id: &'static str,
    name: &'static str,
    title: &'static str,
    severity: Severity,
) -> Meta {
    Meta { id, name, title, severity, tier: Tier::S, controls: &[], reference: "S05", setting: "" }
}

pub(crate) const AKS: Meta =
    meta("AKS001", "aks-running", "Cluster is provisioned and running", Severity::High);
pub(crate) const BACKUP: Meta = meta(
    "BKP001",
    "backup-recent-postgres",
    "A recent automatic PostgreSQL backup exists",
    Severity::Critical,
);
pub(crate) const DAILY: Meta =
    meta("BKP002", "backup-daily-postgres", "Backups are daily", Severity::High);
pub(crate) const FOLDER: Meta = meta(
    "BKP009",
    "backup-recent-blobs",
    "The newest complete folder is recent",
    Severity::Critical,
);
pub(crate) const AUTO: Meta =
    meta("DNS005", "dns-auto-registration", "The AKS link has auto-registration", Severity::Low);
pub(crate) const ELSEWHERE: Meta = meta(
    "IAM012",
    "iam-other-subscriptions",
    "No assignments in other subscriptions or at tenant level",
    Severity::High,
);
pub(crate) const PEERED: Meta =
    meta("NET006", "peerings-connected", "Both peerings are Connected", Severity::Critical);
pub(crate) const PUBLIC: Meta = meta(
    "PG005",
    "postgres-public-access",
    "Public network access is disabled",
    Severity::Critical,
);
pub(crate) const SUPPORTED: Meta = Meta {
    tier: Tier::H,
    ..meta(
        "PG003",
        "postgres-supported",
        "Major version still receives security fixes",
        Severity::Medium,
    )
};
pub(crate) const FIREWALL: Meta = Meta {
    tier: Tier::H,
    ..meta(
        "PG006",
        "postgres-firewall-rules",
        "No firewall rules, in particular not “allow Azure services”",
        Severity::High,
    )
};
pub(crate) const MAJOR: Meta = Meta {
    controls: &[
        Control { framework: "MCSB-1", ids: &["PV-1", "PV-2"] },
        Control { framework: "NIST-800-53-r5", ids: &["CM-2", "CM-6"] },
        Control { framework: "ISO-27001-2022", ids: &["8.9"] },
    ],
    setting: "postgres.expected_major",
    ..meta("PG001", "postgres-major-version", "PostgreSQL major version is 13", Severity::High)
};
pub(crate) const PRIVATE: Meta = meta(
    "PG004",
    "postgres-private-access",
    "Private access (VNet integration)",
    Severity::Critical,
);
pub(crate) const FOREIGN: Meta =
    meta("STO009", "storage-ip-rules", "No IP rules (beyond policy)", Severity::Medium);
pub(crate) const HTTPS: Meta = meta("STO015", "storage-https-only", "HTTPS only", Severity::High);
