//! Is the storage account there, of a kind that serves blobs, and available?

use vaudit_model::estate::StorageAccount;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Stop, Tier,
};

/// STO001.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "STO001",
        name: "storage-account-usable",
        title: "Storage account exists and is usable",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S14, S17: create a storage account",
        setting: "storage.account",
    },
    needs: &[Need::StorageAccount],
    subject: |estate| estate.storage_account_subject(),
    page: include_str!("account_usable.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (account, _) = estate.storage_account().required("PLC004")?;
    judge(account).map(|judgement| vec![judgement])
}

fn judge(account: &StorageAccount) -> Result<Judgement, Stop> {
    let subject = account.id.as_str();
    let questions = [
        (&account.kind, "StorageV2, BlockBlobStorage or BlobStorage", kind as fn(&str) -> State),
        (&account.provisioning_state, "Succeeded", provisioning),
        (&account.status_of_primary, "available", availability),
    ];
    let states = questions
        .map(|(fact, expected, read)| (fact, expected, fact.value().map(|value| read(value))));
    let mut evidence = Vec::new();
    for (fact, expected, _) in states {
        if let Fact::Known(value, source) = fact {
            evidence.push(Evidence::at(source).observed(value).expected(expected));
        }
    }
    // A failure is one, whatever the others say or do not say.
    for (fact, _, state) in states {
        if let (Fact::Known(value, _), Some(State::Unusable(why))) = (fact, state) {
            let message = format!("The account {} {why} ({value}).", account.id.name());
            let failed = Judgement::fail(subject, message).with_all(evidence);
            return Ok(mended(account, failed));
        }
    }
    for (fact, _, state) in states {
        let (value, _) = fact.required("PLC004")?;
        let (reason, message) = match state {
            Some(State::Usable) => continue,
            Some(State::Moving) => {
                let message =
                    format!("the account {} is being changed ({value})", account.id.name());
                (Reason::InProgress, message)
            }
            _ => {
                let message = format!(
                    "{value} of the account {} is not a value vaudit knows",
                    account.id.name()
                );
                (Reason::Unrecognised, message)
            }
        };
        return Err(Gap::because(reason, message).at(subject).into());
    }
    let mut message = format!("The account {} exists and is available.", account.id.name());
    if account.migration_in_progress.value() == Some(&true) {
        message.push_str(" Its redundancy is being changed at present.");
    }
    Ok(Judgement::pass(subject, message).with_all(evidence))
}

/// What a field says about the account.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Usable,
    Moving,
    Unusable(&'static str),
    Unknown,
}

fn kind(kind: &str) -> State {
    match kind.to_ascii_lowercase().as_str() {
        "storagev2" | "blockblobstorage" | "blobstorage" => State::Usable,
        "storage" => State::Unusable("is of the first kind of accounts, which lacks blob features"),
        "filestorage" => State::Unusable("is for files and holds no blobs"),
        _ => State::Unknown,
    }
}

fn provisioning(state: &str) -> State {
    match state.to_ascii_lowercase().as_str() {
        "succeeded" => State::Usable,
        "creating" | "resolvingdns" | "accepted" | "updating" | "deleting" => State::Moving,
        "failed" | "canceled" => State::Unusable("was not made or changed successfully"),
        _ => State::Unknown,
    }
}

fn availability(status: &str) -> State {
    match status.to_ascii_lowercase().as_str() {
        "available" => State::Usable,
        "unavailable" => State::Unusable("is not available in its primary region"),
        _ => State::Unknown,
    }
}

fn mended(account: &StorageAccount, failed: Judgement) -> Judgement {
    let group = account.id.resource_group().unwrap_or_default();
    let name = account.id.name();
    let is_first_kind =
        account.kind.value().is_some_and(|kind| kind.eq_ignore_ascii_case("Storage"));
    if is_first_kind {
        let upgrade = Command::new("az storage account update")
            .arg("--resource-group", group)
            .arg("--name", name)
            .flag("--set kind=StorageV2 --access-tier Hot");
        let advice =
            "Upgrade the account to StorageV2. Nothing is moved, and there is no way back.";
        return failed.fix(advice, vec![upgrade]);
    }
    let show =
        Command::new("az storage account show").arg("--resource-group", group).arg("--name", name);
    let advice = "See what is wrong with the account and in Azure's service health. A kind that holds no blobs cannot be changed: create a StorageV2 account and point the application at it.";
    failed.fix(advice, vec![show])
}
