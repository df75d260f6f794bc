//! Does the application have a secret that is valid now?

use jiff::Timestamp;
use vaudit_model::estate::{Application, Credential};
use vaudit_model::instant::show;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, List, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

use super::credentials::{Credentials, dates};
use crate::controls::{ISO_27001, MCSB, NIST_800_53, SOC2, control};

/// IAM004.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM004",
        name: "valid-secret",
        title: "It has a secret valid now",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[
            control(MCSB, &["IM-3", "IM-8"]),
            control(NIST_800_53, &["IA-5"]),
            control(ISO_27001, &["5.17"]),
            control(SOC2, &["CC6.1"]),
        ],
        reference: "S24: create a secret for the service principal",
        setting: "identity.allow_stronger_credentials",
    },
    needs: &[Need::ServicePrincipal, Need::Application, Need::FederatedCredentials],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("valid_secret.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.service_principal_subject();
    if let Fact::Absent(source) = estate.service_principal() {
        return Err(Stop::absent("IAM001", source));
    }
    let application = estate.application();
    let (application, _) = application.required("IAM002")?;
    let Some(now) = application.source.origin.now() else {
        let message = "the app registration came without a date to compare with";
        return Err(Gap::because(Reason::MissingField, message).into());
    };
    let on_principal = match estate.service_principal() {
        Fact::Known(principal, _) => principal.secrets.clone(),
        Fact::Absent(source) => Fact::Absent(source.clone()),
        Fact::Unread(gap) => Fact::Unread(gap.clone()),
    };
    let mut secrets = Credentials::at(now);
    secrets.add(&application.secrets);
    secrets.add(&on_principal);
    if let Some((secret, ends)) = secrets.lasting() {
        let message = format!("The secret {} is valid until {}.", secret.name, show(*ends));
        let evidence = Evidence::at(&secret.source).observed(dates(secret)).expected("valid now");
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    let mut unread = secrets.unread.clone();
    if estate.deployment.identity.allow_stronger_credentials {
        match stronger(estate, application, now) {
            Ok(Some((message, evidence))) => {
                return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
            }
            Ok(None) => {}
            Err(gap) => unread = unread.or(Some(gap)),
        }
    }
    match unread {
        Some(gap) => Err(gap.into()),
        None => Ok(vec![failed(estate, subject, application, &secrets)]),
    }
}

/// A valid certificate or a federated credential: better than a secret.
fn stronger(
    estate: &Estate<'_>,
    application: &Application,
    now: Timestamp,
) -> Result<Option<(String, Evidence)>, Gap> {
    let mut certificates = Credentials::at(now);
    certificates.add(&application.certificates.clone().map(|list| List {
        // A certificate for encryption or signing signs nobody in.
        items: list.items.into_iter().filter(signs_in).collect(),
        missing: list.missing,
    }));
    let listed = application.certificates.value().into_iter().flat_map(|list| &list.items);
    let unknown = listed.filter_map(|certificate| certificate.usage.gap()).next().cloned();
    if let Some((certificate, ends)) = certificates.lasting() {
        let message = format!(
            "There is no valid secret, but the certificate {} is valid until {}, which is stronger.",
            certificate.name,
            show(*ends)
        );
        let evidence = Evidence::at(&certificate.source);
        return Ok(Some((message, evidence.observed(dates(certificate)).expected("valid now"))));
    }
    let federated = match estate.federated_credentials() {
        Fact::Known(list, _) => list,
        Fact::Absent(_) => List::complete(Vec::new()),
        Fact::Unread(gap) => return Err(gap),
    };
    let first = federated.items.iter().min_by(|a, b| a.id.cmp(&b.id));
    if let Some(credential) = first {
        let name = credential.name.value().map_or(credential.id.as_str(), String::as_str);
        let message = format!(
            "There is no valid secret, but the federated credential {name} needs none, which is stronger."
        );
        let issuer = credential.issuer.value().map_or("an unread issuer", String::as_str);
        return Ok(Some((message, Evidence::at(&credential.source).observed(issuer))));
    }
    certificates.unread.or(unknown).or(federated.missing).map_or(Ok(None), Err)
}

fn signs_in(certificate: &Credential) -> bool {
    certificate.usage.value().is_some_and(|usage| usage.eq_ignore_ascii_case("Verify"))
}

fn failed(
    estate: &Estate<'_>,
    subject: String,
    application: &Application,
    secrets: &Credentials,
) -> Judgement {
    let reasons: Vec<&str> = secrets.invalid.iter().map(|(_, reason)| reason.as_str()).collect();
    let message = match reasons.as_slice() {
        [] => "The application has no secret.".to_owned(),
        _ => format!("No secret is valid now: {}.", reasons.join("; ")),
    };
    let mut evidence: Vec<Evidence> = secrets
        .invalid
        .iter()
        .map(|(secret, _)| {
            Evidence::at(&secret.source).observed(dates(secret)).expected("valid now")
        })
        .collect();
    if evidence.is_empty() {
        evidence.push(
            Evidence::at(&application.source).observed("no secret").expected("a valid secret"),
        );
    }
    let command = estate.client_id().value().map(|client_id| {
        Command::new("az ad app credential reset").arg("--id", client_id).flag("--append --years 1")
    });
    let advice = "Make a new secret, put it into the helm values and roll the application out. The command shows the secret once.";
    Judgement::fail(subject, message).with_all(evidence).fix(advice, command.into_iter().collect())
}
