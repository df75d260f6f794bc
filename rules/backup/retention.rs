//! Are the automatic backups kept long enough?

use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Judgement, Meta, Need, Rule, Severity, Tier,
};

use super::{DATABASE_BACKUPS, backed_up_server};

/// BKP003.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "BKP003",
        name: "postgres-backup-retention",
        title: "Retention is at least 7 days (policy)",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: DATABASE_BACKUPS,
        reference: "S37, S41: a daily backup of the whole instance, from which the database is restored",
        setting: "backup.min_retention_days",
    },
    needs: &[Need::PostgresServer],
    subject: |estate| estate.server_subject(),
    page: include_str!("retention.md"),
    evaluate,
};

/// The longest retention there is.
const MOST_DAYS: i64 = 35;

/// What the fix sets, unless the manifest asks for more.
const ADVISED_DAYS: i64 = 14;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let (server, _) = backed_up_server(estate)?;
    let (days, source) = server.backup.retention_days.required("PLC002")?;
    let least = i64::from(estate.deployment.backup.min_retention_days);
    let evidence = Evidence::at(source)
        .observed(days.to_string())
        .expected(format!("from {least} to {MOST_DAYS} days"));
    let subject = server.id.as_str();
    if (least..=MOST_DAYS).contains(days) {
        let message = format!("Backups are kept for {days} days.");
        return Ok(vec![Judgement::pass(subject, message).with(evidence)]);
    }
    let message = if *days < least {
        format!("Backups are kept for {days} days; at least {least} are asked for.")
    } else {
        format!(
            "Backups are said to be kept for {days} days; Azure keeps none for more than {MOST_DAYS}."
        )
    };
    let command = Command::new("az postgres flexible-server update")
        .arg("--resource-group", server.id.resource_group().unwrap_or_default())
        .arg("--name", server.id.name())
        .arg("--backup-retention", &least.clamp(ADVISED_DAYS, MOST_DAYS).to_string());
    let advice = "Keep the backups longer. The days add up from now on: what was deleted does not come back.";
    Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])])
}
