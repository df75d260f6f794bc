//! Does the auditor's clock agree with Azure's?

use vaudit_model::fact::Origin;
use vaudit_model::instant::show_seconds;
use vaudit_model::{
    Command, Estate, Evaluation, Evidence, Fact, Gap, Judgement, Meta, Need, Reason, Rule,
    Severity, Source, Tier,
};

use crate::controls::{ISO_27001, NIST_800_53, control};

/// AUD002.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "AUD002",
        name: "auditor-clock",
        title: "The auditor's clock agrees with Azure",
        severity: Severity::High,
        tier: Tier::S,
        controls: &[control(NIST_800_53, &["AU-8"]), control(ISO_27001, &["8.17"])],
        reference: "S36, S37: a daily backup, whose age only a right clock can tell",
        setting: "clock_skew_seconds",
    },
    needs: &[Need::Subscription, Need::PostgresServer],
    subject: |estate| estate.subscription_subject(),
    page: include_str!("auditor_clock.md"),
    evaluate,
};

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let subject = estate.subscription_subject();
    let subscription = estate.subscription();
    let answers = [place(&subscription), place(estate.servers())];
    if let [Err(gap), Err(_)] = answers {
        return Err(gap.clone().into());
    }
    let read = answers.into_iter().flatten();
    let mut apart: Vec<Apart<'_>> = read.filter_map(Apart::measured).collect();
    // The answer that speaks most clearly against the clock.
    apart.sort_by_key(|apart| -apart.beyond_doubt());
    let Some(worst) = apart.first() else {
        let message = "Azure's answers came without the date that tells its clock";
        return Err(Gap::because(Reason::MissingField, message).at(subject).into());
    };
    let allowed = estate.deployment.clock_skew_seconds;
    let limit = show_seconds(u64::from(allowed));
    if worst.beyond_doubt() <= i64::from(allowed) * 1_000 {
        let message = format!("The auditor's clock is within {limit} of Azure's.");
        let evidence = apart.iter().map(|own| {
            Evidence::at(own.source).observed(format!("within {limit}")).expected(limit.as_str())
        });
        return Ok(vec![Judgement::pass(subject, message).with_all(evidence)]);
    }
    let (seconds, direction) = (worst.millis.unsigned_abs() / 1_000, worst.direction());
    let distance = format!("{} {direction}", show_seconds(seconds));
    let message = format!(
        "The auditor's clock is {distance} Azure's; {limit} are allowed. Ages are judged by Azure's clock, so no backup looks younger for it."
    );
    let evidence =
        Evidence::at(worst.source).observed(distance).expected(format!("within {limit}"));
    let advice = "Let the machine that audits take its time from a time server; in a container it is the host's. Then run the audit again.";
    let command = Command::new("timedatectl set-ntp true");
    Ok(vec![Judgement::fail(subject, message).with(evidence).fix(advice, vec![command])])
}

/// Where an answer was read; a proof of absence has a date too.
fn place<T>(fact: &Fact<T>) -> Result<&Source, &Gap> {
    match fact {
        Fact::Known(_, source) | Fact::Absent(source) => Ok(source),
        Fact::Unread(gap) => Err(gap),
    }
}

/// How far the auditor's clock and Azure's are apart, by one answer.
struct Apart<'a> {
    source: &'a Source,
    /// The auditor's clock less Azure's, in milliseconds.
    millis: i64,
    /// The round trip, in any moment of which Azure may have written its date, and the second that
    /// the date does not divide.
    doubt: i64,
}

impl<'a> Apart<'a> {
    fn measured(source: &'a Source) -> Option<Self> {
        let Origin { read_at, date, round_trip_ms, .. } = &*source.origin;
        let millis = read_at.as_ref()?.as_millisecond() - date.as_ref()?.as_millisecond();
        let round_trip = i64::try_from(round_trip_ms.unwrap_or(0)).unwrap_or(i64::MAX / 2);
        Some(Self { source, millis, doubt: round_trip.saturating_add(1_000) })
    }

    /// How far they are apart at least.
    fn beyond_doubt(&self) -> i64 {
        self.millis.saturating_abs().saturating_sub(self.doubt)
    }

    fn direction(&self) -> &'static str {
        if self.millis < 0 { "behind" } else { "ahead of" }
    }
}
