//! The Markdown report: for a job summary, a comment on a pull request or a note on a merge request.
//!
//! Such places refuse what is too long, so the report is cut to fit, and says so. What matters most
//! is taken first: a line for each finding, then the details of as many as there is room for, then
//! what is waived, for information and fine. Whatever has no room left is counted, by kind. However
//! many findings there are, the worst of them have their details.

use std::cmp::Reverse;

use vaudit_model::assessment::{Assessment, RuleResult, Summary, WaiverState};
use vaudit_model::instant::show;
use vaudit_model::rule::{Severity, Verdict, sentence};

use crate::markdown_findings::{self as parts, Finding};
use crate::markdown_text::{code, prose};
use crate::{changes, wording};

/// How many bytes the report may have. GitHub takes 65,536 characters in a comment, and a text never
/// has more characters than bytes, however they are counted.
pub const LIMIT: usize = 64_000;
/// How much of it the list of deployments may take, as a part of so many.
const OVERVIEW: usize = 8;
/// How much of it what is over or was not judged may take, as a part of so many.
const OVER: usize = 8;
/// How much of it the waivers that need a hand may take, as a part of so many.
const WAIVERS: usize = 8;
/// How much of the room is kept for the details of the worst findings, as a part of so many.
const DETAILS: usize = 4;
/// The sentence about what is left out, at its longest.
const LEFT_OUT: usize = 900;

/// Renders the assessment as Markdown.
pub fn render(assessment: &Assessment) -> String {
    within(assessment, LIMIT)
}

/// The report in at most so many bytes, but never without its head.
fn within(assessment: &Assessment, limit: usize) -> String {
    let head = head(assessment);
    let waivers = waivers(assessment, limit / WAIVERS);
    let overview = overview(assessment, limit / OVERVIEW);
    let over = over(assessment, limit / OVER);
    let fixed = head.len() + waivers.len() + overview.len() + over.len() + LEFT_OUT;
    let mut room = Room(limit.saturating_sub(fixed));
    let mut blocks: Vec<Block<'_>> =
        assessment.deployments.iter().map(|_| Block::default()).collect();
    let findings = worst_first(assessment);
    take_findings(assessment, &findings, &mut blocks, &mut room);
    take_rest(assessment, &mut blocks, &mut room);

    let mut text = head;
    text += &left_out(assessment, &blocks);
    text += &waivers;
    text += &overview;
    text += &over;
    for (place, block) in blocks.iter().enumerate().filter(|(_, block)| block.is_open) {
        text += &title(assessment, place);
        text += &block.finish();
    }
    text
}

/// How many bytes are left.
struct Room(usize);

impl Room {
    /// Takes so much, if there is so much.
    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// What is shown of a deployment.
#[derive(Default)]
struct Block<'a> {
    is_open: bool,
    /// Findings with everything, and findings in a line.
    whole: Vec<String>,
    lines: Vec<String>,
    waived: Vec<String>,
    statements: Vec<String>,
    fine: String,
    shown: Vec<&'a RuleResult>,
}

/// The headings inside a block.
const FINDINGS: &str = "### What needs a hand\n\n";
const WAIVED: &str = "### Waived\n\n";
const STATEMENTS: &str = "### For information\n\n";
const LINES: &str = "Without details here, for want of room:\n\n";

impl Block<'_> {
    fn finish(&self) -> String {
        let mut text = String::new();
        if !self.whole.is_empty() || !self.lines.is_empty() {
            text += FINDINGS;
        }
        text += &self.whole.concat();
        for (heading, lines) in
            [(LINES, &self.lines), (WAIVED, &self.waived), (STATEMENTS, &self.statements)]
        {
            if !lines.is_empty() {
                text += heading;
                text += &lines.concat();
                text.push('\n');
            }
        }
        text + &self.fine
    }
}

/// The verdict, the counts and the run: what is never cut.
fn head(assessment: &Assessment) -> String {
    let summary = assessment.summary();
    let run = &assessment.run;
    let sign = match run.exit_code {
        0 if summary == Summary::default() => "❔",
        0 if summary.fail > 0 => "⚠️",
        0 => "✅",
        3 => "❔",
        _ => "❌",
    };
    let others = wording::other_counts(summary);
    let others = if others.is_empty() { String::new() } else { format!(" Besides: {others}.") };
    let mut paragraphs = vec![
        format!("## {sign} vaudit: {}", wording::counts(summary)),
        format!("**{}**{others}", prose(&wording::exit_code(assessment))),
    ];
    if let Some(changed) = changes::summary(assessment) {
        paragraphs.push(format!("**{}**", prose(&changed)));
    }
    if let Some(stopped) = run.header.stopped {
        paragraphs.push(format!("⚠️ **{}**", prose(&wording::stopped(stopped))));
    }
    let identity = &run.header.identity;
    let known = [
        ("object id", &identity.object_id),
        ("client id", &identity.client_id),
        ("tenant", &identity.tenant),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let who: Vec<String> = known.map(|(name, value)| format!("{name} {}", code(value))).collect();
    let who =
        if who.is_empty() { "an identity that is not known".to_owned() } else { who.join(", ") };
    let manifest = match run.header.manifest.path.as_deref() {
        Some(path) => format!(" Manifest: {}.", code(path)),
        None => String::new(),
    };
    paragraphs.push(format!(
        "{} Read from {} to {} as {who}.{manifest}",
        prose(&wording::run(assessment)),
        show(run.header.started_at),
        show(run.header.finished_at),
    ));
    paragraphs.join("\n\n") + "\n\n"
}

/// Waivers that need a hand: those that count no more first.
fn waivers(assessment: &Assessment, room: usize) -> String {
    let order =
        [WaiverState::Expired, WaiverState::Void, WaiverState::Expiring, WaiverState::Unused];
    let mut wanted: Vec<usize> = (0..assessment.waivers.len()).collect();
    wanted.sort_by_key(|index| {
        order.iter().position(|state| *state == assessment.waivers[*index].state)
    });
    let lines = wanted.into_iter().filter_map(|index| parts::unsound(assessment, index)).collect();
    listed("### Waivers that need a hand\n\n", lines, room, |more| {
        wording::number(more, "more waiver needs", "more waivers need") + " a hand"
    })
}

/// One line a deployment, worst first, where there are several.
fn overview(assessment: &Assessment, room: usize) -> String {
    if assessment.deployments.len() < 2 {
        return String::new();
    }
    let mut counted: Vec<_> = assessment
        .deployments
        .iter()
        .map(|assessed| (assessed, Summary::of(&assessed.results)))
        .collect();
    counted.sort_by_key(|(_, summary)| Reverse((summary.fail, summary.indeterminate)));
    let lines = counted.into_iter().map(|(assessed, summary)| {
        let sign = parts::symbol(parts::worst(summary));
        format!("- {sign} {}: {}\n", code(&assessed.deployment.name), wording::counts(summary))
    });
    let heading = format!("### {} deployments\n\n", assessment.deployments.len());
    listed(&heading, lines.collect(), room, |more| {
        wording::number(more, "more deployment", "more deployments")
    })
}

/// Lines under a heading, as many as there is room for, and how many more there are.
fn listed(heading: &str, lines: Vec<String>, room: usize, more: impl Fn(u32) -> String) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut room = Room(room);
    let mut text = heading.to_owned();
    let count = lines.len();
    let kept: Vec<String> = lines.into_iter().take_while(|line| room.spend(line.len())).collect();
    text += &kept.concat();
    if kept.len() < count {
        let more = more(u32::try_from(count - kept.len()).unwrap_or(u32::MAX));
        text += &format!("- … and {more}: see the JSON report\n");
    }
    text + "\n"
}

/// Everything that is to be mended, the worst first.
fn worst_first(assessment: &Assessment) -> Vec<Finding<'_>> {
    let deployments = assessment.deployments.iter().enumerate();
    let mut findings: Vec<Finding<'_>> =
        deployments.flat_map(|(place, assessed)| parts::findings(place, assessed)).collect();
    // What is new first: the rest was read last time.
    findings.sort_by_key(|finding| {
        Reverse((finding.tag(assessment).is_some(), finding.severity, finding.verdict))
    });
    findings
}

/// The findings of the earlier run that are over, and those that nobody judged.
fn over(assessment: &Assessment, room: usize) -> String {
    let of = |choose: fn(&'_ Assessment, &str) -> Vec<String>| {
        let names = assessment.deployments.iter().map(|own| own.deployment.name.as_str());
        names.flat_map(|name| choose(assessment, name)).collect::<Vec<String>>()
    };
    let more = |more| wording::number(more, "more finding", "more findings");
    let mut unknown = of(parts::not_judged);
    unknown.extend(
        changes::left_out(assessment)
            .iter()
            .map(|(name, said)| format!("- ❔ {}: {}\n", code(name), prose(said))),
    );
    listed("### Over since last time\n\n", of(parts::over), room / 2, more)
        + &listed("### Not judged this time\n\n", unknown, room / 2, more)
}

/// Takes findings in their order until one has no room: first a line of each, then all of them.
fn take_findings<'a>(
    assessment: &Assessment,
    findings: &[Finding<'a>],
    blocks: &mut [Block<'a>],
    room: &mut Room,
) {
    let mut lines: Vec<String> = Vec::new();
    let kept = room.0 / DETAILS;
    room.0 -= kept;
    for finding in findings {
        let deployment = &assessment.deployments[finding.deployment].deployment;
        let line = finding.line(assessment, deployment);
        let has_findings = !blocks[finding.deployment].shown.is_empty();
        let headings = if has_findings { 0 } else { FINDINGS.len() + LINES.len() + 1 };
        if !open(assessment, blocks, finding.deployment, line.len() + headings, room) {
            break;
        }
        blocks[finding.deployment].shown.extend(&finding.results);
        lines.push(line);
    }
    room.0 += kept;
    let mut is_room = true;
    for (finding, line) in findings.iter().zip(lines) {
        let deployment = &assessment.deployments[finding.deployment].deployment;
        let whole = if is_room { finding.whole(assessment, deployment) } else { String::new() };
        is_room = is_room && room.spend(whole.len().saturating_sub(line.len()));
        let block = &mut blocks[finding.deployment];
        if is_room {
            block.whole.push(whole);
        } else {
            block.lines.push(line);
        }
    }
}

/// Takes what needs no hand, a kind after the other, until something has no room.
fn take_rest<'a>(assessment: &'a Assessment, blocks: &mut [Block<'a>], room: &mut Room) {
    for (place, assessed) in assessment.deployments.iter().enumerate() {
        for (line, results) in parts::waived(assessment, assessed) {
            let heading = if blocks[place].waived.is_empty() { WAIVED.len() + 1 } else { 0 };
            if !open(assessment, blocks, place, line.len() + heading, room) {
                return;
            }
            blocks[place].waived.push(line);
            blocks[place].shown.extend(results);
        }
    }
    for (place, assessed) in assessment.deployments.iter().enumerate() {
        let statements = assessed.results.iter().filter(|result| {
            result.waiver.is_none() && result.judgement.verdict == Verdict::Informational
        });
        for result in statements {
            let line = parts::statement(result);
            let heading =
                if blocks[place].statements.is_empty() { STATEMENTS.len() + 1 } else { 0 };
            if !open(assessment, blocks, place, line.len() + heading, room) {
                return;
            }
            blocks[place].statements.push(line);
            blocks[place].shown.push(result);
        }
    }
    for (place, assessed) in assessment.deployments.iter().enumerate() {
        let Some((fold, results)) = parts::fine(assessed) else { continue };
        if !open(assessment, blocks, place, fold.len(), room) {
            return;
        }
        blocks[place].fine = fold;
        blocks[place].shown.extend(results);
    }
}

/// Makes room in a deployment's block, and for its title where it is the first that is shown of it.
fn open(
    assessment: &Assessment,
    blocks: &mut [Block<'_>],
    place: usize,
    bytes: usize,
    room: &mut Room,
) -> bool {
    let block = &mut blocks[place];
    let title = if block.is_open { 0 } else { title(assessment, place).len() };
    let is_room = room.spend(bytes + title);
    block.is_open |= is_room;
    is_room
}

/// The title of a deployment, its counts and where it lies.
fn title(assessment: &Assessment, place: usize) -> String {
    let assessed = &assessment.deployments[place];
    let deployment = &assessed.deployment;
    let summary = Summary::of(&assessed.results);
    let others = wording::other_counts(summary);
    let others = if others.is_empty() { others } else { format!("; besides {others}") };
    format!(
        "## {} {}\n\n{}{others}. Resource group {}, subscription {}.\n\n",
        parts::symbol(parts::worst(summary)),
        code(&deployment.name),
        sentence(&wording::counts(summary)).trim_end_matches('.'),
        code(&deployment.resource_group),
        code(&deployment.subscription),
    )
}

/// The kinds of results, as the sentence about what is left out names them.
const KINDS: [&str; 10] = [
    "failed (critical)",
    "failed (high)",
    "failed (medium)",
    "failed (low)",
    "failed (note)",
    "could not be judged",
    "waived",
    "for information",
    "passed",
    "not applicable",
];

/// How many results there are of each kind.
fn tally<'r>(results: impl IntoIterator<Item = &'r RuleResult>) -> [u32; KINDS.len()] {
    let mut counts = [0; KINDS.len()];
    for result in results {
        let kind = match (result.waiver, result.judgement.verdict, result.severity) {
            (Some(_), ..) => 6,
            (_, Verdict::Fail, Severity::Critical) => 0,
            (_, Verdict::Fail, Severity::High) => 1,
            (_, Verdict::Fail, Severity::Medium) => 2,
            (_, Verdict::Fail, Severity::Low) => 3,
            (_, Verdict::Fail, Severity::Note) => 4,
            (_, Verdict::Indeterminate, _) => 5,
            (_, Verdict::Informational, _) => 7,
            (_, Verdict::Pass, _) => 8,
            (_, Verdict::NotApplicable, _) => 9,
        };
        counts[kind] += 1;
    }
    counts
}

/// What is not shown, counted by kind; empty when all is.
fn left_out(assessment: &Assessment, blocks: &[Block<'_>]) -> String {
    let all = tally(assessment.deployments.iter().flat_map(|assessed| &assessed.results));
    let shown = tally(blocks.iter().flat_map(|block| block.shown.iter().copied()));
    let kinds: [(u32, &str); KINDS.len()] =
        std::array::from_fn(|kind| (all[kind] - shown[kind], KINDS[kind]));
    let counted = wording::counted(kinds);
    if counted.is_empty() {
        return String::new();
    }
    let unnamed = blocks.iter().filter(|block| !block.is_open).count();
    let unnamed = match u32::try_from(unnamed).unwrap_or(u32::MAX) {
        0 => String::new(),
        count => format!(
            " Of {} nothing is shown below.",
            wording::number(count, "deployment", "deployments")
        ),
    };
    format!(
        "✂️ **Left out, because such a report may have 65,000 characters:** {counted}.{unnamed} The JSON report (`--output json=FILE`) holds every result.\n\n"
    )
}

#[cfg(test)]
mod tests;
