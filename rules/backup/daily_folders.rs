//! Is there a folder for every day?

use vaudit_model::estate::{DatedFolders, Folder};
use vaudit_model::folder_name::Stamp;
use vaudit_model::instant::show_seconds;
use vaudit_model::{
    Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Source, Tier,
};

use super::{first_few, some_folder};

/// BKP012.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP012",
        name: "daily-folders",
        title: "Folders are daily",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S36: a daily backup of the blob container",
        setting: "backup.blob_gap_hours",
    },
    needs: &[Need::StorageAccount, Need::BackupContainers, Need::BackupFolders],
    subject: |estate| estate.backup_container_subject(),
    page: include_str!("daily_folders.md"),
    evaluate,
};

/// How many of the newest folders are looked at.
const FOLDERS: usize = 7;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.backup_container_subject();
    let dated = estate.dated_folders();
    let (dated, source) = dated.required("BKP007")?;
    some_folder(dated, source)?;
    let folders = newest(dated);
    let [(newest, stamp), _, ..] = folders.as_slice() else {
        let message =
            "there is one timestamped folder, and it takes two to tell how far apart they are";
        let gap = Gap::because(Reason::InProgress, message).at(subject);
        return Err(dated.missing.clone().unwrap_or(gap).into());
    };
    let hours = estate.deployment.backup.blob_gap_hours;
    let limit = i64::from(hours) * 3_600;
    let pairs: Vec<Pair<'_>> = folders.windows(2).map(Pair::of).collect();
    let mut gap = None;
    let mut apart = Vec::new();
    for pair in pairs.iter().filter(|pair| pair.longest > limit) {
        // A folder that was not seen may lie between the two.
        match dated.missing_after(pair.since) {
            Some(missing) => gap = gap.or_else(|| Some(missing.clone())),
            None if pair.shortest > limit => apart.push(pair.say()),
            None => gap = gap.or_else(|| Some(pair.undecided())),
        }
    }
    if !apart.is_empty() {
        return Ok(vec![fail(&subject, &apart, hours, source)]);
    }
    if let Some(gap) = gap.or_else(|| dated.missing_after(stamp.at).cloned()) {
        return Err(gap.into());
    }
    let longest = pairs.iter().map(|pair| pair.longest).max().unwrap_or_default();
    let longest = show_seconds(longest.unsigned_abs());
    let message = format!(
        "The {} newest folders, up to {}, are never more than {longest} apart.",
        folders.len(),
        newest.display_name()
    );
    let evidence = evidence(source, hours).observed(format!("{longest} at the most"));
    Ok(vec![Judgement::pass(subject, message).with(evidence)])
}

/// The newest folders by what their names say, newest first.
fn newest(dated: &DatedFolders) -> Vec<(&Folder, Stamp)> {
    let stamped = dated.past.iter().filter_map(|(folder, _)| Some((folder, folder.stamp()?)));
    let mut folders: Vec<(&Folder, Stamp)> = stamped.collect();
    folders.sort_by(|(a, at_a), (b, at_b)| at_b.at.cmp(&at_a.at).then(b.prefix.cmp(&a.prefix)));
    folders.truncate(FOLDERS);
    folders
}

/// Two folders, one made after the other, and how many seconds lie between them.
struct Pair<'a> {
    older: &'a Folder,
    newer: &'a Folder,
    /// When the older one was made, by its name.
    since: jiff::Timestamp,
    shortest: i64,
    longest: i64,
}

impl<'a> Pair<'a> {
    fn of(pair: &[(&'a Folder, Stamp)]) -> Self {
        let ((newer, made), (older, before)) = (pair[0], pair[1]);
        let apart = |from: jiff::Timestamp, to: jiff::Timestamp| to.as_second() - from.as_second();
        // Two dates are as far apart as two times of the same hour. Beside a time, a date alone can
        // stand for any time of its day.
        let (shortest, longest) = if made.date_only == before.date_only {
            (apart(before.at, made.at), apart(before.at, made.at))
        } else {
            (apart(before.at, made.earliest), apart(before.earliest, made.at))
        };
        Self { older, newer, since: before.at, shortest, longest }
    }

    fn say(&self) -> String {
        let apart = show_seconds(self.shortest.unsigned_abs());
        format!("{apart} from {} to {}", self.older.display_name(), self.newer.display_name())
    }

    fn undecided(&self) -> Gap {
        let message = format!(
            "the names {} and {} do not tell how far apart the two folders are",
            self.older.display_name(),
            self.newer.display_name()
        );
        Gap::because(Reason::Ambiguous, message)
    }
}

fn fail(subject: &str, apart: &[String], hours: u32, source: &Source) -> Judgement {
    let message =
        format!("There is no folder for {}; at most {hours} h are allowed.", first_few(apart));
    let advice = "Look at the copy job's runs in that time. What was not copied then cannot be copied later; make sure that somebody hears of the next run that fails.";
    Judgement::fail(subject, message)
        .with(evidence(source, hours).observed(apart.join("; ")))
        .fix(advice, Vec::new())
}

fn evidence(source: &Source, hours: u32) -> Evidence {
    Evidence::at(source).expected(format!("at most {hours} h between two folders"))
}
