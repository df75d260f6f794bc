//! Is what is audited what the application uses?

use vaudit_model::{
    Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Rule, Severity, Source, Stop, Tier,
};

/// BKP022.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP022",
        name: "application-uses-audited-container",
        title: "The audited container is the one the application uses",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S40: the container the helm configuration aims at",
        setting: "application.storage_container",
    },
    needs: &[Need::StorageAccount, Need::PostgresServer],
    subject: |estate| estate.storage_account_subject(),
    page: include_str!("application_container.md"),
    evaluate,
};

/// One thing the release is configured with, beside the one that is audited.
struct Setting {
    what: &'static str,
    key: &'static str,
    configured: String,
    audited: String,
    same: bool,
    source: Source,
}

impl Setting {
    fn evidence(&self) -> Evidence {
        Evidence::at(&self.source).observed(&self.audited).expected(&self.configured)
    }
}

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.storage_account_subject();
    let compared: Vec<Result<Setting, Stop>> =
        [account(estate), container(estate), host(estate)].into_iter().flatten().collect();
    if compared.is_empty() {
        return Err(Stop::not_applicable("application settings not configured"));
    }
    let different: Vec<&Setting> = compared.iter().flatten().filter(|one| !one.same).collect();
    if let [first, ..] = different.as_slice() {
        let listed: Vec<String> = different
            .iter()
            .map(|one| {
                format!("it uses the {} {}, audited is {}", one.what, one.configured, one.audited)
            })
            .collect();
        let message =
            format!("The application is configured with something else: {}.", listed.join("; "));
        let advice = "Compare with the values of the Helm release. Correct the release if it aims at the wrong place, else the manifest: a backup of something the application does not use restores nothing.";
        let judgement = Judgement::fail(subject, message)
            .with_all(different.iter().map(|one| one.evidence()))
            .fix(advice, Vec::new())
            .setting(first.key);
        return Ok(vec![judgement]);
    }
    let mut same = Vec::new();
    let mut moot = None;
    for setting in compared {
        match setting {
            Ok(setting) => same.push(setting),
            Err(Stop::Indeterminate(gap)) => return Err(gap.into()),
            Err(stop) => moot = moot.or(Some(stop)),
        }
    }
    if same.is_empty()
        && let Some(stop) = moot
    {
        return Err(stop);
    }
    let words: Vec<&str> = same.iter().map(|one| one.what).collect();
    let message = format!("The application uses what is audited: {}.", words.join(", "));
    let evidence = same.iter().map(Setting::evidence);
    Ok(vec![Judgement::pass(subject, message).with_all(evidence)])
}

fn account(estate: &Estate<'_>) -> Option<Result<Setting, Stop>> {
    let configured = estate.deployment.application.storage_account.as_ref()?;
    let known = estate.storage_account().required("PLC004");
    Some(known.map(|(account, _)| {
        let audited = account.id.name().to_owned();
        Setting {
            what: "storage account",
            key: "application.storage_account",
            same: audited.eq_ignore_ascii_case(configured),
            configured: configured.clone(),
            audited,
            source: account.source.clone(),
        }
    }))
}

/// The audited container is the manifest's own; it lies in the audited account.
fn container(estate: &Estate<'_>) -> Option<Result<Setting, Stop>> {
    let configured = estate.deployment.application.storage_container.as_ref()?;
    let Some(audited) = &estate.deployment.storage.container else {
        return Some(Err(Gap::not_configured("storage.container").into()));
    };
    let known = estate.storage_account().required("PLC004");
    Some(known.map(|(account, _)| Setting {
        what: "container",
        key: "application.storage_container",
        same: audited == configured,
        configured: configured.clone(),
        audited: audited.clone(),
        source: account.source.clone(),
    }))
}

fn host(estate: &Estate<'_>) -> Option<Result<Setting, Stop>> {
    let configured = estate.deployment.application.postgres_host.as_ref()?;
    let known = estate.server().required("PLC002");
    let known = known.and_then(|(server, _)| server.host_name.required("PLC002"));
    Some(known.map(|(audited, source)| Setting {
        what: "database host",
        key: "application.postgres_host",
        same: host_name(audited).eq_ignore_ascii_case(host_name(configured)),
        configured: configured.clone(),
        audited: audited.clone(),
        source: source.clone(),
    }))
}

fn host_name(text: &str) -> &str {
    text.trim().trim_end_matches('.')
}
