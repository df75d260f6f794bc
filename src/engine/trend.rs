//! Reading many runs together: since when, how often and how long rules fail.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vaudit_model::history::{
    Cell, Episode, Hole, PastDeployment, PastReport, PastResult, Trend, TrendFinding, TrendRun,
};
use vaudit_model::{Severity, Verdict};

/// From how many distances between runs on it can be said which one is usual.
const DISTANCES: usize = 3;

/// Which part of the past is told.
pub struct TrendChoice<'a> {
    /// Whether a deployment is, by its name.
    pub deployment: &'a dyn Fn(&str) -> bool,
    /// Whether a rule is, by its id and name.
    pub rule: &'a dyn Fn(&str, &str) -> bool,
    /// Since when; what was before still counts for what is told.
    pub since: Option<Timestamp>,
}

/// Takes one report after the other, in any order, and keeps of each what a trend needs.
#[derive(Debug, Default)]
pub struct TrendBuilder {
    nights: Vec<Night>,
    /// The subjects of rules, by fingerprint, and what is known of each.
    subjects: BTreeMap<String, usize>,
    infos: Vec<Info>,
    /// The rules of deployments, by the names of both.
    questions: BTreeMap<(String, String), usize>,
}

/// What is known of a subject of a rule.
#[derive(Debug)]
struct Info {
    question: usize,
    /// Whether it ever failed or could not be judged.
    is_finding: bool,
    /// The run that this is from.
    told_at: Timestamp,
    deployment: String,
    subscription: String,
    resource_group: String,
    rule: String,
    name: String,
    title: String,
    severity: Severity,
    subject: String,
}

/// One run.
#[derive(Debug)]
struct Night {
    run: TrendRun,
    results: BTreeMap<usize, Seen>,
    /// The questions that were asked, and whether each was answered without a gap.
    asked: BTreeMap<usize, bool>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    cell: Cell,
    failing_since: Option<Timestamp>,
}

impl TrendBuilder {
    /// Takes a report.
    pub fn add(&mut self, report: &PastReport) {
        let run = &report.run;
        let mut night = Night {
            run: TrendRun {
                id: run.id.clone(),
                finished_at: run.finished_at,
                profile: run.profile.clone(),
                complete: run.complete,
            },
            results: BTreeMap::new(),
            asked: BTreeMap::new(),
        };
        for deployment in &report.deployments {
            for result in &deployment.results {
                let (subject, question) = self.subject(deployment, result, run.finished_at);
                let seen = Seen { cell: cell(result), failing_since: result.failing_since };
                let known = night.results.entry(subject).or_insert(seen);
                if known.cell < seen.cell {
                    *known = seen;
                }
                *night.asked.entry(question).or_insert(true) &=
                    result.verdict != Verdict::Indeterminate;
            }
        }
        self.nights.push(night);
    }

    /// Whether there is no report.
    pub fn is_empty(&self) -> bool {
        self.nights.is_empty()
    }

    /// The names of the deployments of all reports, sorted, each once.
    pub fn deployments(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.questions.keys().map(|(deployment, _)| deployment.as_str()).collect();
        names.dedup();
        names
    }

    /// Whether a rule of any report fits, by id and name.
    pub fn has_rule(&self, fits: impl Fn(&str, &str) -> bool) -> bool {
        self.infos.iter().any(|info| fits(&info.rule, &info.name))
    }

    /// When the last run ended.
    pub fn last_at(&self) -> Option<Timestamp> {
        self.nights.iter().map(|night| night.run.finished_at).max()
    }

    /// The subject and the question of a result, as numbers.
    fn subject(
        &mut self,
        deployment: &PastDeployment,
        result: &PastResult,
        at: Timestamp,
    ) -> (usize, usize) {
        let count = self.questions.len();
        let question = (deployment.name.clone(), result.rule.clone());
        let question = *self.questions.entry(question).or_insert(count);
        let known = self.subjects.get(&result.fingerprint).copied();
        let newer = known.is_none_or(|number| self.infos[number].told_at < at);
        let number = known.unwrap_or(self.infos.len());
        let was_finding = known.is_some_and(|number| self.infos[number].is_finding);
        if newer {
            // A severity is that of the last time it failed; a pass says nothing of it.
            let severity = match known {
                Some(number) if !result.is_finding() => self.infos[number].severity,
                _ => result.severity,
            };
            let info = Info {
                question,
                is_finding: was_finding || result.is_finding(),
                told_at: at,
                deployment: deployment.name.clone(),
                subscription: deployment.subscription.clone(),
                resource_group: deployment.resource_group.clone(),
                rule: result.rule.clone(),
                name: result.name.clone(),
                title: result.title.clone(),
                severity,
                subject: result.subject.clone(),
            };
            match self.infos.get_mut(number) {
                Some(known) => *known = info,
                None => {
                    self.subjects.insert(result.fingerprint.clone(), number);
                    self.infos.push(info);
                }
            }
        } else if let Some(info) = self.infos.get_mut(number) {
            info.is_finding |= result.is_finding();
        }
        (number, question)
    }

    /// What the reports say together.
    pub fn finish(self, choice: &TrendChoice<'_>) -> Trend {
        let Self { nights, subjects, infos, .. } = self;
        let nights = in_order(nights);
        let runs: Vec<TrendRun> = nights.iter().map(|night| night.run.clone()).collect();
        let is_shown = |run: &TrendRun| choice.since.is_none_or(|since| run.finished_at >= since);
        let shown_from = runs.iter().position(is_shown).unwrap_or(runs.len());
        let mut findings: Vec<TrendFinding> = subjects
            .into_iter()
            .filter_map(|(fingerprint, number)| {
                let info = &infos[number];
                let is_wanted = info.is_finding
                    && (choice.deployment)(&info.deployment)
                    && (choice.rule)(&info.rule, &info.name);
                is_wanted.then(|| finding(&nights, fingerprint, number, info))
            })
            .filter(|finding| is_told(finding, shown_from))
            .collect();
        findings.sort_by(|a, b| {
            let key = |own: &TrendFinding| {
                (own.deployment.clone(), own.rule.clone(), own.subject.to_lowercase())
            };
            key(a).cmp(&key(b)).then_with(|| a.fingerprint.cmp(&b.fingerprint))
        });
        Trend { holes: holes(&runs), runs, shown_from, findings }
    }
}

fn cell(result: &PastResult) -> Cell {
    match (result.verdict, result.is_waived()) {
        (Verdict::Fail, false) => Cell::Failed,
        (Verdict::Fail, true) => Cell::Waived,
        (Verdict::Indeterminate, _) => Cell::Unknown,
        (Verdict::Pass | Verdict::NotApplicable | Verdict::Informational, _) => Cell::Fine,
    }
}

/// The runs by time. A run that is there twice, judged with other options for example, counts once:
/// the second one adds the rules that the first was not asked.
fn in_order(mut nights: Vec<Night>) -> Vec<Night> {
    let key = |night: &Night| (night.run.finished_at, night.run.id.clone());
    nights.sort_by_key(key);
    let mut ordered: Vec<Night> = Vec::with_capacity(nights.len());
    for night in nights {
        match ordered.last_mut().filter(|last| key(last) == key(&night)) {
            Some(last) => last.take(night),
            None => ordered.push(night),
        }
    }
    ordered
}

impl Night {
    fn take(&mut self, other: Self) {
        for (subject, seen) in other.results {
            self.results.entry(subject).or_insert(seen);
        }
        for (question, is_whole) in other.asked {
            self.asked.entry(question).or_insert(is_whole);
        }
    }
}

/// Whether there is something to tell of a finding from a run on.
fn is_told(finding: &TrendFinding, shown_from: usize) -> bool {
    let bad = |cell: &Cell| cell.is_failure() || *cell == Cell::Unknown;
    finding.open().is_some() || finding.cells.iter().skip(shown_from).any(bad)
}

fn finding(nights: &[Night], fingerprint: String, number: usize, info: &Info) -> TrendFinding {
    let cells: Vec<Cell> = nights
        .iter()
        .map(|night| match (night.results.get(&number), night.asked.get(&info.question)) {
            (Some(seen), _) => seen.cell,
            (None, Some(true)) => Cell::Fine,
            (None, Some(false)) => Cell::Unknown,
            (None, None) => Cell::NotAsked,
        })
        .collect();
    TrendFinding {
        fingerprint,
        deployment: info.deployment.clone(),
        subscription: info.subscription.clone(),
        resource_group: info.resource_group.clone(),
        rule: info.rule.clone(),
        title: info.title.clone(),
        severity: info.severity,
        subject: info.subject.clone(),
        episodes: episodes(nights, number, &cells),
        cells,
    }
}

/// The times in which something failed. Only a run that saw it begins or ends one.
fn episodes(nights: &[Night], number: usize, cells: &[Cell]) -> Vec<Episode> {
    let at = |run: usize| nights[run].run.finished_at;
    let mut episodes: Vec<Episode> = Vec::new();
    let mut blind = 0;
    let mut was_seen = false;
    for (run, cell) in cells.iter().enumerate() {
        let open = episodes.last_mut().filter(|episode| episode.mended.is_none());
        match (cell, open) {
            (Cell::Unknown | Cell::NotAsked, _) => {
                blind += 1;
                continue;
            }
            (Cell::Fine, None) => {}
            (Cell::Fine, Some(episode)) => {
                episode.mended = Some(run);
                episode.until = at(run);
                episode.blind += blind;
            }
            (Cell::Failed | Cell::Waived, Some(episode)) => {
                episode.last = run;
                episode.blind += blind;
                episode.waived += u32::from(*cell == Cell::Waived);
            }
            (Cell::Failed | Cell::Waived, None) => {
                // The first report may know more than there are files to show it.
                let told = nights[run].results.get(&number).and_then(|seen| seen.failing_since);
                let since = told.filter(|_| !was_seen).map_or(at(run), |told| told.min(at(run)));
                episodes.push(Episode {
                    first: run,
                    last: run,
                    mended: None,
                    since,
                    until: at(run),
                    blind_before: blind,
                    blind: 0,
                    waived: u32::from(*cell == Cell::Waived),
                });
            }
        }
        blind = 0;
        was_seen = true;
    }
    if let Some(episode) = episodes.last_mut().filter(|episode| episode.mended.is_none()) {
        episode.blind += blind;
        episode.until = at(nights.len() - 1);
    }
    episodes
}

/// Where runs are missing: where the distance between two is more than one and a half times what it
/// is in the middle of all.
fn holes(runs: &[TrendRun]) -> Vec<Hole> {
    let distance = |pair: &[TrendRun]| {
        pair[1].finished_at.duration_since(pair[0].finished_at).as_secs().max(0)
    };
    let distances: Vec<i64> = runs.windows(2).map(distance).collect();
    let mut sorted = distances.clone();
    sorted.sort_unstable();
    let usual = match sorted.get(sorted.len() / 2) {
        Some(usual) if *usual > 0 && sorted.len() >= DISTANCES => *usual,
        _ => return Vec::new(),
    };
    let missing = |distance: i64| (distance + usual / 2) / usual - 1;
    let found = distances.iter().enumerate().filter(|(_, distance)| **distance > usual / 2 * 3);
    found
        .map(|(after, distance)| Hole {
            after,
            missing: u32::try_from(missing(*distance).max(1)).unwrap_or(u32::MAX),
        })
        .collect()
}

#[cfg(test)]
mod tests;
