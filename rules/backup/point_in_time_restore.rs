//! Does point-in-time restore reach back as far as the server promises?

use jiff::Timestamp;
use vaudit_model::estate::PostgresServer;
use vaudit_model::instant::{show, show_age, show_seconds};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Source, Stop, Tier,
};

use super::{age_of_server, backed_up_server};

/// BKP004.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP004",
        name: "point-in-time-restore",
        title: "Point-in-time restore reaches back as promised",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S41: the restoration consists of restoring the database backup",
        setting: "postgres.server",
    },
    needs: &[Need::PostgresServer, Need::PostgresBackups],
    subject: |estate| estate.server_subject(),
    page: include_str!("point_in_time_restore.md"),
    evaluate,
};

const DAY: i64 = 86_400;

/// How far the window may fall short: the oldest snapshot goes before the next one is there.
const SLACK: i64 = DAY + DAY / 2;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, answer) = backed_up_server(estate)?;
    let (earliest, source) = server.backup.earliest_restore.required("PLC002")?;
    let Some(now) = answer.origin.now() else {
        let message = "the answer about the server came without a date to compare with";
        return Err(Gap::because(Reason::MissingField, message).at(server.id.as_str()).into());
    };
    let skew = i64::from(estate.deployment.clock_skew_seconds);
    let question = Question { estate, server, earliest: *earliest, source, now, skew };
    question.answer().map(|judgement| vec![judgement])
}

struct Question<'a> {
    estate: &'a Estate<'a>,
    server: &'a PostgresServer,
    earliest: Timestamp,
    source: &'a Source,
    now: Timestamp,
    skew: i64,
}

impl Question<'_> {
    fn answer(&self) -> Result<Judgement, Stop> {
        let window = self.now.as_second() - self.earliest.as_second();
        if window < -self.skew {
            let ahead = show_age(self.earliest, self.now);
            return Ok(self.fail(format!("The earliest restore point lies {ahead}.")));
        }
        // What contradicts the promise counts, even where the rest cannot be read.
        let (reach, base) = (self.reaches_back(window), self.has_a_base());
        let broken = |part: &Result<Option<String>, Stop>| part.as_ref().ok().cloned().flatten();
        if let Some(message) = broken(&reach).or_else(|| broken(&base)) {
            return Ok(self.fail(message));
        }
        reach.and(base)?;
        let message = format!(
            "Point-in-time restore reaches back {}.{}",
            show_seconds(window.unsigned_abs()),
            self.offset_note()
        );
        Ok(Judgement::pass(self.subject(), message).with(self.evidence()))
    }

    /// What is wrong with the length of the window, if anything is. It need not be longer than the
    /// server is old, nor than backups are kept.
    fn reaches_back(&self, window: i64) -> Result<Option<String>, Stop> {
        let kept = self.server.backup.retention_days.clone().map(|days| days.saturating_mul(DAY));
        let age = age_of_server(self.server, self.now, self.skew);
        let shortest = [&kept, &age].into_iter().filter_map(Fact::value).min();
        if shortest.is_some_and(|promised| window >= promised - SLACK) {
            return Ok(None);
        }
        // What is unread could be shorter still.
        kept.required("PLC002")?;
        age.required("PLC002")?;
        Ok(Some(format!(
            "Point-in-time restore reaches back {} only; {} are promised. A retention that was raised lately takes its time to fill.",
            show_seconds(window.max(0).unsigned_abs()),
            show_seconds(shortest.copied().unwrap_or_default().unsigned_abs())
        )))
    }

    /// What is wrong with the backups the restore starts from, if anything is.
    fn has_a_base(&self) -> Result<Option<String>, Stop> {
        let backups = self.estate.backups();
        let (list, _) = backups.required("PLC002")?;
        let latest = self.now.as_second() + self.skew;
        let completed = list.items.iter().filter_map(|backup| backup.completed.value());
        let newest = completed.filter(|at| at.as_second() <= latest).max();
        if newest.is_some_and(|at| *at >= self.earliest) {
            return Ok(None);
        }
        list.all_read()?;
        if let Some(gap) = list.items.iter().find_map(|backup| backup.completed.gap()) {
            return Err(gap.clone().into());
        }
        let Some(newest) = newest else {
            let age = age_of_server(self.server, self.now, self.skew);
            let (age, _) = age.required("PLC002")?;
            if *age < DAY {
                let message = "the server was created less than a day ago and has no backup yet";
                return Err(Gap::because(Reason::InProgress, message).at(self.subject()).into());
            }
            return Ok(Some("There is no completed backup to restore from.".to_owned()));
        };
        Ok(Some(format!(
            "The earliest restore point, {}, is later than the newest backup, {}.",
            show(self.earliest),
            show(*newest)
        )))
    }

    fn fail(&self, message: String) -> Judgement {
        let command = Command::new("az postgres flexible-server backup list")
            .arg("--resource-group", self.server.id.resource_group().unwrap_or_default())
            .arg("--name", self.server.id.name());
        let advice = "Compare with the list of backups. Where backups stopped, look at the server's state, its key and its way to Storage; where all looks well, ask Azure support before you need the restore.";
        let message = format!("{message}{}", self.offset_note());
        Judgement::fail(self.subject(), message).with(self.evidence()).fix(advice, vec![command])
    }

    fn subject(&self) -> &str {
        self.server.id.as_str()
    }

    fn offset_note(&self) -> &'static str {
        if self.server.backup.assumed_utc {
            " Its time came without an offset and was read as UTC."
        } else {
            ""
        }
    }

    fn evidence(&self) -> Evidence {
        let expected = match &self.server.backup.retention_days {
            Fact::Known(days, _) => format!("{days} days back, or since the server was created"),
            Fact::Absent(_) | Fact::Unread(_) => "since the server was created".to_owned(),
        };
        Evidence::at(self.source).observed(show(self.earliest)).expected(expected)
    }
}
