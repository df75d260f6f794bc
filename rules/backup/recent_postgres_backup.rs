//! Is there a recent automatic backup of the server?

use jiff::{SignedDuration, Timestamp};
use vaudit_model::deployment::IdleSuspension;
use vaudit_model::estate::{PostgresBackup, PostgresServer};
use vaudit_model::instant::{show, show_age};
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, List, Meta, Need, Reason, Rule,
    Severity, Source, Stop, Tier,
};

use super::{DATABASE_BACKUPS, backed_up_server};

/// BKP001.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP001",
        name: "recent-postgres-backup",
        title: "A recent automatic PostgreSQL backup exists",
        severity: Severity::Critical,
        tier: Tier::S,
        controls: DATABASE_BACKUPS,
        reference: "S36, S37: a daily backup of the whole instance",
        setting: "backup.max_age_hours",
    },
    needs: &[Need::PostgresBackups],
    subject: |estate| estate.server_subject(),
    page: include_str!("recent_postgres_backup.md"),
    evaluate,
};

/// A server without any backup is given this long after its creation.
const FIRST_BACKUP_HOURS: i64 = 24;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = backed_up_server(estate)?;
    let backups = estate.backups();
    let (list, source) = backups.required("PLC002")?;
    let Some(now) = source.origin.now() else {
        let message = "the list of backups came without a date to compare with";
        return Err(Gap::because(Reason::MissingField, message).into());
    };
    let question = Question { estate, server, list, source, now };
    question.answer().map(|judgement| vec![judgement])
}

struct Question<'a> {
    estate: &'a Estate<'a>,
    server: &'a PostgresServer,
    list: &'a List<PostgresBackup>,
    source: &'a Source,
    now: Timestamp,
}

impl Question<'_> {
    fn answer(&self) -> Result<Judgement, Stop> {
        let Some((newest, at, place)) = self.newest_automatic() else {
            self.nothing_is_hidden()?;
            return self.no_backup();
        };
        let skew = i64::from(self.estate.deployment.clock_skew_seconds);
        let evidence =
            Evidence::at(place).observed(observed(newest, at)).expected(self.expectation());
        let age = show_age(at, self.now);
        let note = offset_note(newest);
        if at.as_second() - self.now.as_second() > skew {
            let message = format!(
                "The backup {} claims to have been completed {age}: the clock or the data is wrong.{note}",
                newest.name
            );
            return Ok(self.failed(message).with(evidence));
        }
        if at >= self.oldest_accepted() {
            let message = format!("The newest automatic backup is {age} old.{note}");
            return Ok(Judgement::pass(self.subject(), message).with(evidence));
        }
        self.nothing_is_hidden()?;
        if self.may_be_idle()? {
            let message = format!(
                "the newest automatic backup is {age} old; Azure suspends backups while nothing changes, and the manifest accepts that"
            );
            return Err(Gap::because(Reason::ServerState, message).at(self.subject()).into());
        }
        let message = format!(
            "The newest automatic backup is {age} old.{note}{}{}",
            self.state_note(),
            self.on_demand_note()
        );
        Ok(self.failed(message).with(evidence))
    }

    /// Whether an old backup may be one that nothing changed after: the manifest accepts it, and the
    /// server is there to be changed. A stopped one makes no backups, idle or not.
    fn may_be_idle(&self) -> Result<bool, Stop> {
        if self.estate.deployment.backup.idle_suspension != IdleSuspension::Indeterminate {
            return Ok(false);
        }
        match &self.server.state {
            Fact::Known(state, _) => Ok(is_ready(state)),
            Fact::Absent(_) => Ok(false),
            Fact::Unread(gap) => Err(gap.clone().into()),
        }
    }

    /// A state that explains why there is no newer backup.
    fn state_note(&self) -> String {
        match self.server.state.value() {
            Some(state) if !is_ready(state) => format!(" The server's state is {state}."),
            _ => String::new(),
        }
    }

    fn subject(&self) -> &str {
        self.server.id.as_str()
    }

    fn limit_hours(&self) -> u32 {
        self.estate.deployment.backup.max_age_hours
    }

    fn oldest_accepted(&self) -> Timestamp {
        let limit = SignedDuration::from_hours(i64::from(self.limit_hours()));
        self.now.checked_sub(limit).unwrap_or(Timestamp::MIN)
    }

    fn expectation(&self) -> String {
        format!("not before {} ({} h)", show(self.oldest_accepted()), self.limit_hours())
    }

    fn newest_automatic(&self) -> Option<(&PostgresBackup, Timestamp, &Source)> {
        let automatic = self.list.items.iter().filter(|backup| backup.is_automatic());
        let completed = automatic.filter_map(|backup| match &backup.completed {
            Fact::Known(at, source) => Some((backup, *at, source)),
            Fact::Absent(_) | Fact::Unread(_) => None,
        });
        completed.max_by(|(a, at_a, _), (b, at_b, _)| at_a.cmp(at_b).then(b.name.cmp(&a.name)))
    }

    /// A page, a time or a type that was not read may be the recent backup. An old one hides
    /// nothing, whatever its type.
    fn nothing_is_hidden(&self) -> Result<(), Stop> {
        self.list.all_read()?;
        for backup in &self.list.items {
            if backup.backup_type.value().is_some() && !backup.is_automatic() {
                continue;
            }
            if let Some(gap) = backup.completed.gap() {
                return Err(gap.clone().into());
            }
            let recent = backup.completed.value().is_some_and(|at| *at >= self.oldest_accepted());
            if let (true, Some(gap)) = (recent, backup.backup_type.gap()) {
                return Err(gap.clone().into());
            }
        }
        Ok(())
    }

    fn no_backup(&self) -> Result<Judgement, Stop> {
        if let Fact::Known(created, _) = &self.server.created_at
            && self.now.as_second() - created.as_second() < FIRST_BACKUP_HOURS * 3_600
        {
            let message = "the server was created less than a day ago and has no backup yet";
            return Err(Gap::because(Reason::InProgress, message).at(self.subject()).into());
        }
        let untyped = self.list.items.iter().filter(|backup| backup.backup_type.value().is_none());
        let (message, observed) = match untyped.filter_map(|backup| backup.completed.value()).max()
        {
            None => (
                "The server has no automatic backup.".to_owned(),
                "no automatic backup in the complete list".to_owned(),
            ),
            Some(at) => (
                format!(
                    "The server has no automatic backup of the last {} h; the newest of a type that Azure does not tell is {} old.",
                    self.limit_hours(),
                    show_age(*at, self.now)
                ),
                format!("no recent backup in the complete list; {} without a type", show(*at)),
            ),
        };
        let message = format!("{message}{}{}", self.state_note(), self.on_demand_note());
        let evidence = Evidence::at(self.source).observed(observed).expected(self.expectation());
        Ok(self.failed(message).with(evidence))
    }

    /// An on-demand backup is no daily one, but worth knowing when it is all there is.
    fn on_demand_note(&self) -> String {
        let others = self
            .list
            .items
            .iter()
            .filter(|backup| backup.backup_type.value().is_some() && !backup.is_automatic());
        match others.filter_map(|backup| backup.completed.value()).max() {
            Some(at) => format!(" One that is not automatic is {} old.", show_age(*at, self.now)),
            None => String::new(),
        }
    }

    fn failed(&self, message: String) -> Judgement {
        let command = Command::new("az postgres flexible-server backup create")
            .arg("--resource-group", self.server.id.resource_group().unwrap_or_default())
            .arg("--name", self.server.id.name())
            .flag("--backup-name <manual-date>");
        let advice = "Look at the server's state (a stopped server makes no backups), at the outbound rule to Storage, and at a customer-managed key; a backup on demand bridges the time.";
        Judgement::fail(self.subject(), message).fix(advice, vec![command])
    }
}

fn is_ready(state: &str) -> bool {
    state.eq_ignore_ascii_case("Ready")
}

/// The time as it was read; without an offset of its own it is only taken for UTC.
fn observed(backup: &PostgresBackup, at: Timestamp) -> String {
    let assumed = if backup.assumed_utc { " (no offset, read as UTC)" } else { "" };
    format!("{}{assumed}", show(at))
}

fn offset_note(backup: &PostgresBackup) -> &'static str {
    if backup.assumed_utc { " Its time came without an offset and was read as UTC." } else { "" }
}
