//! Were the folders made when their names say?

use jiff::Timestamp;
use vaudit_model::estate::{DatedFolders, Folder, ListedFolder};
use vaudit_model::folder_name::Stamp;
use vaudit_model::instant::{show, show_age};
use vaudit_model::{
    Estate, Evaluation, Evidence, Gap, Judgement, Meta, Need, Reason, Rule, Severity, Source, Stop,
    Tier,
};

use super::{evidence_in, first_few, some_folder};

/// BKP013.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP013",
        name: "truthful-folder-names",
        title: "Folder names tell the truth",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S38: in a folder named with a timestamp, to create at each backup",
        setting: "backup.container",
    },
    needs: &[Need::StorageAccount, Need::BackupContainers, Need::BackupFolders, Need::FolderBlobs],
    subject: |estate| estate.backup_container_subject(),
    page: include_str!("truthful_folder_names.md"),
    evaluate,
};

const HOUR: i64 = 3_600;

/// How far a name and what is inside may differ: a day, and some hours of copying.
const APART: i64 = 26 * HOUR;

/// How far the clocks of the earth run ahead of UTC, for names that give no zone.
const ZONES: i64 = 14 * HOUR;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let dated = estate.dated_folders();
    let (dated, source) = dated.required("BKP007")?;
    let skew = i64::from(estate.deployment.clock_skew_seconds);
    let question = Question { estate, dated, source, skew };
    question.answer().map(|judgement| vec![judgement])
}

struct Question<'a> {
    estate: &'a Estate<'a>,
    dated: &'a DatedFolders,
    source: &'a Source,
    skew: i64,
}

/// What the folders show, of which the listing names the blobs.
#[derive(Default)]
struct Compared {
    count: usize,
    lies: Vec<String>,
    evidence: Vec<Evidence>,
    unread: Option<Gap>,
}

impl Question<'_> {
    fn answer(&self) -> Result<Judgement, Stop> {
        let folders = self.estate.listed_folders(self.dated);
        let mut compared = Compared::default();
        let mut ahead: Vec<(&Folder, Stamp)> = self.stamped().collect();
        ahead.retain(|(_, stamp)| self.is_ahead(*stamp));
        ahead.sort_by(|(a, _), (b, _)| a.prefix.cmp(&b.prefix));
        for (folder, stamp) in ahead {
            let (name, far) = (folder.display_name(), show_age(stamp.earliest, self.dated.now));
            compared.lies.push(format!("{name} lies {far}"));
            let evidence = Evidence::at(self.source).observed(name);
            let expected = format!("no date after {}", show(self.dated.now));
            compared.evidence.push(evidence.expected(expected));
        }
        for folder in &folders {
            compared.look_into(folder);
        }
        if !compared.lies.is_empty() {
            return Ok(self.fail(compared));
        }
        if self.dated.future.is_empty() && self.dated.missing_future.is_none() {
            some_folder(self.dated, self.source)?;
        }
        if let Some(gap) = compared.unread.or_else(|| self.unseen(folders.last())) {
            return Err(gap.into());
        }
        let message = format!(
            "No folder lies in the future, and {}.",
            match compared.count {
                0 => "the newest hold nothing to compare their names with".to_owned(),
                1 => "the newest was made when its name says".to_owned(),
                count => format!("the {count} newest were made when their names say"),
            }
        );
        let evidence = Evidence::at(self.source).observed(format!(
            "{} folders, {} of them compared with what they hold",
            self.stamped().count(),
            compared.count
        ));
        let judgement = Judgement::pass(self.estate.backup_container_subject(), message);
        Ok(judgement.with(evidence).with_all(compared.evidence))
    }

    fn stamped(&self) -> impl Iterator<Item = (&Folder, Stamp)> {
        let past = self.dated.past.iter().map(|(folder, _)| folder);
        past.chain(&self.dated.future).filter_map(|folder| Some((folder, folder.stamp()?)))
    }

    fn is_ahead(&self, stamp: Stamp) -> bool {
        let zones = if stamp.zone_less { ZONES } else { 0 };
        stamp.earliest.as_second() - self.dated.now.as_second() > self.skew + zones
    }

    /// Why a folder with an untrue name may not have been seen, if it may.
    fn unseen(&self, oldest: Option<&ListedFolder<'_>>) -> Option<Gap> {
        let mut readings = self.dated.ambiguous.iter().filter_map(Folder::readings).flatten();
        let unclear = readings.any(|reading| self.is_ahead(reading));
        let found = self.dated.missing_page();
        let found = found.or(self.dated.missing_future.as_ref());
        let found = found.or(self.dated.missing.as_ref().filter(|_| unclear));
        found.or_else(|| self.dated.missing_after(oldest?.at)).cloned()
    }

    fn fail(&self, compared: Compared) -> Judgement {
        let message = match compared.lies.as_slice() {
            [one] => format!("A folder's name is not true: {one}."),
            several => {
                format!("{} folders have untrue names: {}.", several.len(), first_few(several))
            }
        };
        let advice = "Find out what made the folder. A date in the future is a wrong clock or a slip of the hand; an old date over young blobs is a copy of a copy. Rename it to something without a date, so that nobody restores from it by mistake, and set `backup.folder_timezone` where names give no zone.";
        Judgement::fail(self.estate.backup_container_subject(), message)
            .with_all(compared.evidence)
            .fix(advice, Vec::new())
    }
}

impl Compared {
    fn look_into(&mut self, listed: &ListedFolder<'_>) {
        let Some(stamp) = listed.folder.stamp() else { return };
        let Ok(Some((list, source))) = listed.blobs.read() else {
            return self.is_unread(listed.blobs.gap().cloned());
        };
        let files = list.summary().files;
        if files.count == 0 && list.is_complete() {
            return;
        }
        let name = listed.folder.display_name();
        let Some(made) = files.earliest_creation else {
            return self.is_unread(list.missing.clone().or_else(|| Some(undated(name, source))));
        };
        let evidence =
            evidence_in(source, name).observed(format!("first blob made {}", show(made)));
        // What is not known could only be earlier.
        let hidden = || files.is_undated.then(|| undated(name, source));
        let gap = list.missing.clone().or_else(hidden);
        if seconds(made, stamp.earliest) > APART {
            let age = show_age(made, stamp.earliest);
            self.lie(format!("{name} holds blobs made {age} before its date"), evidence);
        } else if gap.is_some() {
            self.is_unread(gap);
        } else if seconds(stamp.at, made) > APART {
            let age = show_age(stamp.at, made);
            self.lie(format!("the name {name} is {age} older than its content"), evidence);
        } else {
            self.count += 1;
            self.evidence.push(evidence);
        }
    }

    fn lie(&mut self, what: String, evidence: Evidence) {
        self.lies.push(what);
        self.evidence.push(evidence.expected("within 26 h of the folder's name"));
    }

    fn is_unread(&mut self, gap: Option<Gap>) {
        self.unread = self.unread.take().or(gap);
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second() - from.as_second()
}

fn undated(folder: &str, listing: &Source) -> Gap {
    let message =
        format!("the listing of the folder {folder} does not tell when its blobs were made");
    Gap::because(Reason::MissingField, message).at(listing.resource.as_str())
}
