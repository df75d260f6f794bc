//! Is there an automatic backup of the server every day?

use jiff::{SignedDuration, Timestamp};
use vaudit_model::estate::{PostgresBackup, PostgresServer};
use vaudit_model::instant::{show, show_seconds};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, List, Meta, Need, Reason, Rule,
    Severity, Source, Stop, Tier,
};

use super::{age_of_server, backed_up_server};

/// BKP002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP002",
        name: "daily-postgres-backups",
        title: "Backups are daily",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[],
        reference: "S36, S37: a daily backup of the whole instance",
        setting: "backup.gap_hours",
    },
    needs: &[Need::PostgresBackups],
    subject: |estate| estate.server_subject(),
    page: include_str!("daily_postgres_backups.md"),
    evaluate,
};

/// How many days are looked at, if backups are kept that long.
const DAYS: i64 = 7;

/// A server younger than this may have a single backup.
const YOUNG_HOURS: i64 = 48;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = backed_up_server(estate)?;
    let backups = estate.backups();
    let (list, source) = backups.required("PLC002")?;
    list.all_read()?;
    let Some(now) = source.origin.now() else {
        let message = "the list of backups came without a date to compare with";
        return Err(Gap::because(Reason::MissingField, message).at(server.id.as_str()).into());
    };
    let age = age_of_server(server, now, i64::from(estate.deployment.clock_skew_seconds));
    let kept = server.backup.retention_days.value().map_or(DAYS, |days| (*days).clamp(1, DAYS));
    let days = kept * 86_400;
    let span = age.value().map_or(days, |age| days.min(*age));
    let start = now.checked_sub(SignedDuration::from_secs(span)).unwrap_or(Timestamp::MIN);
    let question = Question { estate, server, list, source, age, start, now };
    question.answer().map(|judgement| vec![judgement])
}

struct Question<'a> {
    estate: &'a Estate<'a>,
    server: &'a PostgresServer,
    list: &'a List<PostgresBackup>,
    source: &'a Source,
    age: Fact<i64>,
    /// From when on there have to be backups.
    start: Timestamp,
    now: Timestamp,
}

/// A time without a backup.
#[derive(Clone, Copy)]
struct Stretch {
    from: Timestamp,
    to: Timestamp,
}

impl Stretch {
    fn seconds(self) -> i64 {
        self.to.as_second() - self.from.as_second()
    }
}

impl Question<'_> {
    fn answer(&self) -> Result<Judgement, Stop> {
        let times = self.automatic();
        let is_young = self.age.value().is_some_and(|age| *age < YOUNG_HOURS * 3_600);
        if times.len() < 2 && is_young {
            let message = "the server is younger than two days and has fewer than two backups";
            return Err(Gap::because(Reason::InProgress, message).at(self.subject()).into());
        }
        let stretches = self.stretches(&times);
        let longest = stretches.iter().copied().max_by_key(|stretch| stretch.seconds());
        let limit = i64::from(self.limit_hours()) * 3_600;
        let too_long = stretches.iter().copied().filter(|stretch| stretch.seconds() > limit);
        let mut gap = None;
        for stretch in too_long {
            match self.explained(stretch) {
                None => return Ok(self.fail(stretch)),
                Some(reason) => {
                    gap.get_or_insert(reason);
                }
            }
        }
        if let Some(gap) = gap {
            return Err(gap.into());
        }
        let longest = longest.map_or(0, Stretch::seconds);
        let message = format!(
            "{} automatic backups of the last {}, never more than {} apart.",
            times.len(),
            show_seconds(self.seconds_looked_at()),
            show_seconds(longest.unsigned_abs())
        );
        let evidence =
            self.evidence(format!("{} at the most", show_seconds(longest.unsigned_abs())));
        Ok(Judgement::pass(self.subject(), message).with(evidence))
    }

    /// The times of the automatic backups since the start, oldest first.
    fn automatic(&self) -> Vec<Timestamp> {
        let automatic = self.list.items.iter().filter(|backup| backup.is_automatic());
        let times = automatic.filter_map(|backup| backup.completed.value().copied());
        let mut times: Vec<Timestamp> = times.filter(|at| *at >= self.start).collect();
        times.sort_unstable();
        times
    }

    /// The times without a backup: before the first, between two, after the last.
    fn stretches(&self, times: &[Timestamp]) -> Vec<Stretch> {
        let mut bounds = vec![self.start];
        bounds.extend_from_slice(times);
        // A backup with a time in the future is judged as it stands.
        bounds.push(self.now.max(times.last().copied().unwrap_or(self.now)));
        bounds.windows(2).map(|pair| Stretch { from: pair[0], to: pair[1] }).collect()
    }

    /// What is unread and may explain a time without a backup.
    fn explained(&self, stretch: Stretch) -> Option<Gap> {
        let others =
            |backup: &&PostgresBackup| backup.is_automatic() || backup.backup_type.gap().is_some();
        for backup in self.list.items.iter().filter(others) {
            if let Some(gap) = backup.completed.gap() {
                return Some(gap.clone());
            }
            let time = backup.completed.value();
            let is_inside = time.is_some_and(|at| stretch.from < *at && *at < stretch.to);
            if is_inside && let Some(gap) = backup.backup_type.gap() {
                return Some(gap.clone());
            }
        }
        // The server may not have been there, or its backups not been kept.
        let is_first = stretch.from == self.start;
        let retention = self.server.backup.retention_days.gap();
        let until_now = stretch.to >= self.now;
        if is_first && let Some(gap) = self.age.gap() {
            return Some(gap.clone());
        }
        retention.filter(|_| is_first || !until_now).cloned()
    }

    fn subject(&self) -> &str {
        self.server.id.as_str()
    }

    fn limit_hours(&self) -> u32 {
        self.estate.deployment.backup.gap_hours
    }

    fn seconds_looked_at(&self) -> u64 {
        (self.now.as_second() - self.start.as_second()).unsigned_abs()
    }

    fn evidence(&self, observed: String) -> Evidence {
        Evidence::at(self.source)
            .observed(observed)
            .expected(format!("at most {} h between two backups", self.limit_hours()))
    }

    fn fail(&self, stretch: Stretch) -> Judgement {
        let length = show_seconds(stretch.seconds().unsigned_abs());
        let (from, to) = (show(stretch.from), show(stretch.to));
        let state = match self.server.state.value() {
            Some(state) if !state.eq_ignore_ascii_case("Ready") => {
                format!(" The server's state is {state}.")
            }
            _ => " A stop of the server would explain it, but Azure does not show past ones."
                .to_owned(),
        };
        let message = format!(
            "There is no automatic backup for {length}, from {from} to {to}; at most {} h are allowed.{state}",
            self.limit_hours()
        );
        let command = Command::new("az postgres flexible-server backup list")
            .arg("--resource-group", self.server.id.resource_group().unwrap_or_default())
            .arg("--name", self.server.id.name());
        let advice = "Find out what happened at that time: the activity log tells when the server was stopped, and when its key or its way to Storage was changed.";
        Judgement::fail(self.subject(), message)
            .with(self.evidence(format!("{length}, from {from} to {to}")))
            .fix(advice, vec![command])
    }
}
