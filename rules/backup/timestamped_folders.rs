//! Does the backup container hold folders named with timestamps?

use vaudit_model::{Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier};

/// BKP008.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP008",
        name: "timestamped-folders",
        title: "It holds timestamp-named folders",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S38: in a folder named with a timestamp, to create at each backup",
        setting: "backup.container",
    },
    needs: &[Need::StorageAccount, Need::BackupContainers, Need::BackupFolders],
    subject: |estate| estate.backup_container_subject(),
    page: include_str!("timestamped_folders.md"),
    evaluate,
};

/// How many names are quoted.
const QUOTED: usize = 5;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.backup_container_subject();
    let (list, source) = estate.folders().required("BKP007")?;
    let stamped = list.items.iter().filter(|folder| folder.stamp().is_some()).count();
    let mut names: Vec<&str> = list.items.iter().map(|folder| folder.display_name()).collect();
    names.sort_unstable();
    let quoted = names.iter().rev().take(QUOTED).copied().collect::<Vec<_>>().join(", ");
    let evidence = Evidence::at(source).expected("a folder named with a timestamp");
    if stamped > 0 {
        let message = format!("{stamped} of {} folders are named with a timestamp.", names.len());
        return Ok(vec![Judgement::pass(subject, message).with(evidence.observed(quoted))]);
    }
    list.all_read()?;
    if let Some(ambiguous) = list.items.iter().find(|folder| folder.readings().is_some()) {
        return Err(estate.ambiguous_date(ambiguous).into());
    }
    let (message, observed) = if names.is_empty() {
        (
            "The backup container holds no folder: there is no backup at all.".to_owned(),
            "no folder".to_owned(),
        )
    } else {
        (format!("None of the {} folders is named with a timestamp.", names.len()), quoted)
    };
    let advice = "Run the copy job so that each run writes into a folder named with its time, such as 2026-11-22T020000Z. Other names are read with `backup.folder_regex`.";
    Ok(vec![
        Judgement::fail(subject, message).with(evidence.observed(observed)).fix(advice, Vec::new()),
    ])
}
