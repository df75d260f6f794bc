//! Is the server reached privately, in the way the design has it?

use vaudit_model::deployment::PrivateMode;
use vaudit_model::estate::{PostgresAccess, PostgresServer};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use crate::audited;
use crate::controls::{CIS_DATABASE, ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// PG004.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "PG004",
        name: "private-access",
        title: "Private access (VNet integration)",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: &[
            control(CIS_DATABASE, &["6.4"]),
            control(MCSB, &["NS-2"]),
            control(NIST_800_53, &["AC-4", "SC-7"]),
            control(ISO_27001, &["8.20", "8.22"]),
            control(SOC2, &["CC6.6"]),
        ],
        reference: "S05: use private access for the networking part",
        setting: "postgres.private_mode",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("private_access.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = audited::server(estate)?;
    let (access, _) = server.access.required("PLC002")?;
    let mode = estate.deployment.postgres.private_mode;
    let subject = server.id.as_str();
    let injected = matches!(access.delegated_subnet.read()?, Some((id, _)) if id.is_type("Microsoft.Network/virtualNetworks/subnets"));
    let found = evidence(access, mode);
    let judgement = match (injected, mode) {
        (true, PrivateMode::Vnet | PrivateMode::Either) => {
            let message = "The server lies in a delegated subnet of a virtual network.";
            return Ok(vec![Judgement::pass(subject, message).with_all(found)]);
        }
        (true, PrivateMode::PrivateEndpoint) => Judgement::fail(
            subject,
            "The server lies in a virtual network, but the manifest asks for a private endpoint.",
        ),
        (false, PrivateMode::Vnet) => {
            // The missing subnet settles that it fails; an endpoint only makes it less bad.
            if matches!(has_endpoint(access), Ok(true)) {
                let message = "The server is reached through a private endpoint: private, but not the way the reference design has it.";
                let advice = "Either set `postgres.private_mode` to what was decided, or create a new server inside the virtual network and dump and restore into it.";
                return Ok(vec![
                    Judgement::fail(subject, message)
                        .severity(Severity::Medium)
                        .with_all(found)
                        .fix(advice, vec![create(server)]),
                ]);
            }
            Judgement::fail(subject, unreached(access))
        }
        (false, PrivateMode::PrivateEndpoint | PrivateMode::Either) => {
            if has_endpoint(access)? {
                let message = "The server is reached through an approved private endpoint only.";
                return Ok(vec![Judgement::pass(subject, message).with_all(found)]);
            }
            Judgement::fail(subject, unreached(access))
        }
    };
    Ok(vec![judgement.with_all(found).fix(ADVICE, vec![create(server)])])
}

const ADVICE: &str = "How a server is reached is fixed when it is created: create a new one inside the virtual network, then dump and restore into it.";

/// Whether an approved private endpoint is the only way in: an endpoint beside open public access is
/// no private access.
fn has_endpoint(access: &PostgresAccess) -> Result<bool, Stop> {
    let (connections, _) = access.private_endpoints.required("PG004")?;
    let approvals: Vec<Result<bool, Gap>> =
        connections.items.iter().map(|connection| connection.is_approved()).collect();
    if !approvals.contains(&Ok(true)) {
        if let Some(gap) = approvals.into_iter().find_map(Result::err) {
            return Err(gap.into());
        }
        connections.all_read()?;
        return Ok(false);
    }
    let Some((public, source)) = access.public_network_access.read()? else {
        let message = "the server does not say whether its public network access is off";
        return Err(Gap::because(Reason::MissingField, message).into());
    };
    match public.to_ascii_lowercase().as_str() {
        "disabled" => Ok(true),
        "enabled" => Ok(false),
        _ => {
            let message = format!("`publicNetworkAccess` is {public}, which vaudit does not know");
            Err(Gap::because(Reason::Unrecognised, message).at(&source.resource).into())
        }
    }
}

fn unreached(access: &PostgresAccess) -> &'static str {
    match access.public_network_access.value() {
        Some(public) if public.eq_ignore_ascii_case("Disabled") => {
            "The server has no delegated subnet and no approved private endpoint: with public access off as well, nothing reaches it."
        }
        _ => {
            "The server has no delegated subnet and no private endpoint as its only way in: it is reached over its public address."
        }
    }
}

/// How the server is reached, as far as it was read.
fn evidence(access: &PostgresAccess, mode: PrivateMode) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if let Some(source) = access.delegated_subnet.source() {
        let subnet = access.delegated_subnet.value();
        let observed = subnet.map_or_else(|| "none".to_owned(), ToString::to_string);
        let own = Evidence::at(source).observed(observed);
        evidence.push(match mode {
            PrivateMode::Vnet => own.expected("a delegated subnet"),
            PrivateMode::PrivateEndpoint => own.expected("none"),
            PrivateMode::Either => own,
        });
    }
    if let Fact::Known(connections, _) = &access.private_endpoints {
        evidence.extend(connections.items.iter().filter_map(|connection| {
            let (status, source) = connection.status.read().ok().flatten()?;
            Some(Evidence::at(source).observed(status).expected("Approved"))
        }));
    }
    if let Fact::Known(public, source) = &access.public_network_access {
        evidence.push(Evidence::at(source).observed(public).expected("Disabled"));
    }
    evidence
}

fn create(server: &PostgresServer) -> Command {
    Command::new("az postgres flexible-server create")
        .arg("--resource-group", server.id.resource_group().unwrap_or_default())
        .flag("--name <new-server> --vnet <vnet> --subnet <subnet> --private-dns-zone <zone> --public-access Disabled")
}
