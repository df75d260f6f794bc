//! The command line, exactly as `CONTRACT.md` promises it.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::drift::options::Drift;
use crate::report::Report;
use crate::trend::Trend;

/// Audits Vectice deployments on Azure against their reference design.
///
/// vaudit reads, it never writes to Azure. What it cannot see it calls indeterminate, never passed.
#[derive(Debug, Parser)]
#[command(name = "vaudit", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) talk: Talk,
}

const EXIT_CODES: &str = "\
Exit codes: 0 nothing failed and nothing was lost · 1 something failed · 2 the audit could not be run \
· 3 something could not be judged · 130/143 interrupted";

/// How much is said, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct Talk {
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    pub(crate) color: ColorWhen,

    /// Say more: passed rules, full ids, causes of errors
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Say less: headlines and findings, no progress and no warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal that wants them
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read the live deployments, judge the selected rules, write reports
    Check(Box<Check>),
    /// Only read, and write the snapshot for `check --snapshot`
    Collect(Box<Collect>),
    /// Say what has changed since an approved snapshot, and whether it breaks the design
    Drift(Box<Drift>),
    /// Render a saved JSON report in another format
    Report(Box<Report>),
    /// Say since when, how often and how long rules fail, from kept reports
    Trend(Box<Trend>),
    /// List the blobs of both containers, for `check --blob-listing`
    ListBlobs(Box<ListBlobs>),
    /// Look at a file that `collect`, `check --save-snapshot` or `list-blobs` wrote
    Snapshot {
        #[command(subcommand)]
        command: SnapshotCommand,
    },
    /// Look for a deployment, write a commented vaudit.toml, and run the first check
    Init(Box<Init>),
    /// Look at everything an audit depends on, and say what to do where it does not work
    Doctor(Box<Doctor>),
    /// Print the least the auditor has to be allowed, or check what it is
    Permissions(Box<Permissions>),
    /// List the rules
    Rules(Rules),
    /// Print a rule's page
    Explain {
        /// The rule's id or name
        #[arg(value_name = "RULE")]
        rule: String,
    },
    /// Serve the embedded Azure simulator on 127.0.0.1
    Simulate(Simulate),
    /// Print a JSON Schema
    Schema {
        /// Of which file
        #[arg(value_enum)]
        of: SchemaOf,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man {
        /// Of which command, such as `check` or `snapshot-verify` [default: of vaudit itself]
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

/// `vaudit check`.
#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) target: Target,

    /// Judge a snapshot instead of Azure
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["demo", "subscription", "credential", "max_duration", "save_snapshot"]
    )]
    pub(crate) snapshot: Option<PathBuf>,

    /// Take the blobs from a file that `vaudit list-blobs` wrote where the storage firewall admits
    /// it, instead of asking for them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["snapshot", "demo"])]
    pub(crate) blob_listing: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) selection: Selection,

    /// What is judged: `reference` (the installation guide), `hardened` (and hardening), `all` (and
    /// notes) [default: reference]
    #[arg(long, value_name = "PROFILE", value_parser = PossibleValuesParser::new(PROFILES))]
    pub(crate) profile: Option<String>,

    /// Write a report to a file; `-` is stdout, and then replaces --format
    #[arg(long = "output", value_name = "FORMAT=FILE")]
    pub(crate) outputs: Vec<String>,

    /// The report on stdout: table, json, sarif, junit, markdown, github, html, csv, ocsf, oscal
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: String,

    /// From which severity on a failure counts for the exit code
    #[arg(long, value_name = "SEVERITY", default_value = "low", value_parser = PossibleValuesParser::new(FAIL_ON))]
    pub(crate) fail_on: String,

    /// Also write what was read, for `check --snapshot`; compressed where the name ends in .zst
    #[arg(long, value_name = "FILE")]
    pub(crate) save_snapshot: Option<PathBuf>,

    /// Replace ids, names or both in the snapshot that is written; verdicts stay what they are
    #[arg(
        long,
        value_name = "WHAT",
        requires = "save_snapshot",
        value_parser = PossibleValuesParser::new(REDACTIONS)
    )]
    pub(crate) redact: Option<String>,

    /// Say what is new, unchanged and fixed since the JSON report of an earlier run
    #[arg(long, value_name = "REPORT.json")]
    pub(crate) previous: Option<PathBuf>,

    /// Keep a JSON report of every run in a folder; the newest one there is --previous, unless that
    /// is given
    #[arg(long, value_name = "DIR")]
    pub(crate) history: Option<PathBuf>,

    /// Put passed, waived, not applicable and absent results into SARIF too
    #[arg(long)]
    pub(crate) sarif_all: bool,

    /// The root that paths in SARIF and GitHub's annotations are relative to [default: the enclosing git work tree]
    #[arg(long, value_name = "DIR")]
    pub(crate) source_root: Option<PathBuf>,
}

/// `vaudit collect`.
#[derive(Args, Debug)]
pub(crate) struct Collect {
    #[command(flatten)]
    pub(crate) target: Target,

    #[command(flatten)]
    pub(crate) selection: Selection,

    /// For which rules to read: `reference`, `hardened`, `all`
    #[arg(long, value_name = "PROFILE", default_value = "all", value_parser = PossibleValuesParser::new(PROFILES))]
    pub(crate) profile: String,

    /// Where to write the snapshot; compressed where the name ends in .zst
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,

    /// Replace ids, names or both in it; verdicts stay what they are
    #[arg(long, value_name = "WHAT", value_parser = PossibleValuesParser::new(REDACTIONS))]
    pub(crate) redact: Option<String>,
}

/// `vaudit list-blobs`.
#[derive(Args, Debug)]
pub(crate) struct ListBlobs {
    #[command(flatten)]
    pub(crate) target: Target,

    /// Only of this deployment; repeatable
    #[arg(long = "deployment", value_name = "NAME")]
    pub(crate) deployments: Vec<String>,

    /// Where to write the listing; compressed where the name ends in .zst
    #[arg(long, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

/// `vaudit snapshot`.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Check that a snapshot is whole and unchanged since it was written
    #[command(after_help = SNAPSHOT_EXIT_CODES)]
    Verify {
        /// The snapshot, or the blob listing
        file: PathBuf,
    },
    /// Print what a snapshot holds, how old it is, and what could not be read
    #[command(after_help = SNAPSHOT_EXIT_CODES)]
    Show(ShowSnapshot),
}

/// `vaudit snapshot show`.
#[derive(Args, Debug)]
pub(crate) struct ShowSnapshot {
    /// The snapshot, or the blob listing
    pub(crate) file: PathBuf,

    /// How it is printed
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub(crate) format: ShowFormat,
}

/// How `vaudit snapshot show` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    /// For a person in front of a terminal
    Table,
    /// For programs
    Json,
}

const SNAPSHOT_EXIT_CODES: &str =
    "Exit codes: 0 the file is whole and unchanged · 2 it is not, or cannot be read";

/// `vaudit init`.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// Where to write the manifest
    #[arg(long, value_name = "FILE", default_value = DEFAULT_MANIFEST)]
    pub(crate) config: PathBuf,

    /// Overwrite a manifest that is there
    #[arg(long)]
    pub(crate) force: bool,

    /// Ask nothing, also on a terminal; what is not clear is left open
    #[arg(long)]
    pub(crate) no_input: bool,

    /// Only write the manifest
    #[arg(long)]
    pub(crate) no_check: bool,

    /// What to call the deployment [default: the resource group's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Look in this subscription only
    #[arg(long, value_name = "ID")]
    pub(crate) subscription: Option<String>,

    /// The resource group of the deployment
    #[arg(long, value_name = "NAME")]
    pub(crate) resource_group: Option<String>,

    /// The PostgreSQL flexible server
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,

    /// The AKS cluster
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,

    /// The client id of the Vectice service principal
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,

    /// The application's storage account
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,

    /// The application's blob container
    #[arg(long, value_name = "NAME")]
    pub(crate) container: Option<String>,

    /// The storage account of the blob copies
    #[arg(long, value_name = "NAME")]
    pub(crate) backup_account: Option<String>,

    /// The container of the blob copies
    #[arg(long, value_name = "NAME")]
    pub(crate) backup_container: Option<String>,

    /// The Azure cloud
    #[arg(long, value_name = "NAME", default_value = "public", value_parser = PossibleValuesParser::new(CLOUDS))]
    pub(crate) cloud: String,

    /// Sign in with this credential only
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(CREDENTIALS))]
    pub(crate) credential: Option<String>,

    /// Show no progress on stderr
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// `vaudit doctor`.
#[derive(Args, Debug)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) target: Target,

    #[command(flatten)]
    pub(crate) selection: Selection,

    /// For which rules to look whether they can be judged: `reference`, `hardened`, `all`
    /// [default: reference]
    #[arg(long, value_name = "PROFILE", value_parser = PossibleValuesParser::new(PROFILES))]
    pub(crate) profile: Option<String>,
}

/// `vaudit permissions`.
#[derive(Args, Debug)]
#[command(after_help = PERMISSIONS_EXIT_CODES)]
pub(crate) struct Permissions {
    #[command(flatten)]
    pub(crate) target: Target,

    #[command(flatten)]
    pub(crate) selection: Selection,

    /// For which rules: `reference`, `hardened`, `all` [default: reference]
    #[arg(long, value_name = "PROFILE", value_parser = PossibleValuesParser::new(PROFILES))]
    pub(crate) profile: Option<String>,

    /// What is printed
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub(crate) format: PermissionsFormat,

    /// Sign in, and say of each permission whether the present identity has it
    #[arg(long)]
    pub(crate) check: bool,
}

const PERMISSIONS_EXIT_CODES: &str = "\
Exit codes: 0 printed; with --check: the identity has all of it in the scopes that were asked · 2 usage, \
or nobody could be signed in · 3 with --check: something is lacking or cannot be told";

/// What `vaudit permissions` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PermissionsFormat {
    /// Every permission with what needs it, and the commands that grant it
    Text,
    /// The same for machines
    Json,
    /// The custom role, for `az role definition create --role-definition FILE`
    Role,
    /// The custom role that lists blobs, to be assigned with a condition
    StorageRole,
    /// The permissions of Microsoft Graph, for `az ad app update --required-resource-accesses @FILE`
    Graph,
}

/// What is audited, and as whom.
#[derive(Args, Debug)]
pub(crate) struct Target {
    /// The manifest
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Audit the embedded simulator: no account, no network, no vaudit.toml
    #[arg(
        long,
        value_name = "SCENARIO",
        num_args = 0..=1,
        default_missing_value = "drifted",
        conflicts_with_all = ["config", "subscription", "credential"]
    )]
    pub(crate) demo: Option<String>,

    /// Audit a resource group of this subscription, without a manifest
    #[arg(long, value_name = "ID", requires = "resource_group", conflicts_with = "config")]
    pub(crate) subscription: Option<String>,

    /// The resource group
    #[arg(long, value_name = "NAME", requires = "subscription")]
    pub(crate) resource_group: Option<String>,

    /// The client id of the Vectice service principal
    #[arg(long, value_name = "ID", requires = "subscription")]
    pub(crate) client_id: Option<String>,

    /// The tenant the subscription must belong to
    #[arg(long, value_name = "ID", requires = "subscription")]
    pub(crate) tenant: Option<String>,

    /// The application's blob container
    #[arg(long, value_name = "NAME", requires = "subscription")]
    pub(crate) container: Option<String>,

    /// The storage account of the blob copies
    #[arg(long, value_name = "NAME", requires = "subscription")]
    pub(crate) backup_account: Option<String>,

    /// The container of the blob copies
    #[arg(long, value_name = "NAME", requires = "subscription")]
    pub(crate) backup_container: Option<String>,

    /// Sign in with this credential only
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(CREDENTIALS))]
    pub(crate) credential: Option<String>,

    /// Stop reading after so many seconds and judge what was read
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_duration: Option<u64>,

    /// Show no progress on stderr
    #[arg(long)]
    pub(crate) no_progress: bool,
}

/// Which deployments and rules.
#[derive(Args, Clone, Debug)]
pub(crate) struct Selection {
    /// Only this deployment; repeatable
    #[arg(long = "deployment", value_name = "NAME")]
    pub(crate) deployments: Vec<String>,

    /// Only rules whose id or name matches, of all tiers; repeatable
    #[arg(long = "rule", value_name = "GLOB")]
    pub(crate) rules: Vec<String>,

    /// Leave out rules whose id or name matches; repeatable
    #[arg(long = "skip", value_name = "GLOB")]
    pub(crate) skip: Vec<String>,
}

/// `vaudit rules`.
#[derive(Args, Debug)]
pub(crate) struct Rules {
    /// Which rules: `reference`, `hardened`, `all`
    #[arg(long, value_name = "PROFILE", default_value = "reference", value_parser = PossibleValuesParser::new(PROFILES))]
    pub(crate) profile: String,
}

/// `vaudit simulate`.
#[derive(Args, Debug)]
pub(crate) struct Simulate {
    /// A scenario file, or the name of an embedded one
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: String,

    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N")]
    pub(crate) port: u16,

    /// Serve HTTPS, and write the CA's certificate to DIR/ca.pem
    #[arg(long, value_name = "DIR")]
    pub(crate) tls: Option<PathBuf>,
}

/// Files that have a schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SchemaOf {
    /// The JSON report
    Report,
    /// vaudit.toml
    Manifest,
    /// One line of a snapshot
    Snapshot,
    /// The JSON report of `vaudit drift`
    Drift,
}

/// The manifest that is read when none is named.
pub(crate) const DEFAULT_MANIFEST: &str = "vaudit.toml";

const CLOUDS: [&str; 3] = ["public", "usgov", "china"];
/// The words of `--profile`.
pub(crate) const PROFILES: [&str; 3] = ["reference", "hardened", "all"];
const REDACTIONS: [&str; 3] = ["ids", "names", "all"];
const FAIL_ON: [&str; 6] = ["critical", "high", "medium", "low", "note", "never"];
const CREDENTIALS: [&str; 7] = [
    "environment",
    "workload-identity",
    "azure-pipelines",
    "managed-identity",
    "azure-cli",
    "azure-developer-cli",
    "token",
];

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use vaudit_azure::CredentialKind;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_credential_has_its_word() {
        let mut words = CREDENTIALS.to_vec();
        words.sort_unstable();
        let mut names = CredentialKind::IN_ORDER.map(CredentialKind::name).to_vec();
        names.sort_unstable();
        assert_eq!(words, names);
    }
}
