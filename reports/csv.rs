//! The CSV report: one row a result, for spreadsheets and databases (RFC 4180).
//!
//! A spreadsheet runs a cell that looks like a formula, and names that come from Azure may look like
//! anything. So no cell begins like one: an apostrophe stands before it, as OWASP advises. It takes
//! nothing away; `docs/formats.md` says how the value is had back.
//!
//! There is no byte-order mark. The rows are UTF-8, and whoever reads CSV with a program would find a
//! mark in the name of the first column.

use std::borrow::Cow;

use vaudit_model::assessment::{Assessment, DeploymentAssessment, RuleResult};
use vaudit_model::instant::show;
use vaudit_model::rule::Evidence;
use vaudit_model::shell::as_inert;

/// The columns before those of the frameworks.
const JUDGED: [&str; 28] = [
    "run_id",
    "finished_at",
    "deployment",
    "subscription",
    "resource_group",
    "rule",
    "name",
    "title",
    "severity",
    "tier",
    "verdict",
    "waived",
    "waiver_owner",
    "waiver_expires",
    "waiver_ticket",
    "waiver_reason",
    "reason",
    "subject",
    "message",
    "evidence_resource",
    "evidence_pointer",
    "evidence_observed",
    "evidence_expected",
    "evidence_request_id",
    "evidence_read_at",
    "further_evidence",
    "fix",
    "commands",
];
/// A column for each framework of the contract.
const FRAMEWORKS: [(&str, &str); 9] = [
    ("cis_azure_3_0_0", "CIS-Azure-3.0.0"),
    ("cis_azure_4_0_0", "CIS-Azure-4.0.0"),
    ("cis_azure_5_0_0", "CIS-Azure-5.0.0"),
    ("cis_azure_6_0_0", "CIS-Azure-6.0.0"),
    ("cis_azure_database_2_0_0", "CIS-Azure-Database-2.0.0"),
    ("mcsb_1", "MCSB-1"),
    ("nist_800_53_r5", "NIST-800-53-r5"),
    ("iso_27001_2022", "ISO-27001-2022"),
    ("soc2", "SOC2"),
];
/// The columns after those of the frameworks.
const TRACED: [&str; 5] =
    ["other_controls", "manifest_key", "manifest_line", "fingerprint", "observed_digest"];

/// What stands between two facts, or two commands, in one cell.
const NEXT: &str = " | ";

/// Renders the assessment as CSV.
pub fn render(assessment: &Assessment) -> String {
    let mut table = Table::default();
    let frameworks = FRAMEWORKS.map(|(column, _)| column);
    for column in JUDGED.iter().chain(&frameworks).chain(&TRACED) {
        table.cell(column);
    }
    table.end_row();
    let finished_at = show(assessment.run.header.finished_at);
    for assessed in &assessment.deployments {
        for result in &assessed.results {
            row(&mut table, assessment, &finished_at, assessed, result);
        }
    }
    table.text
}

fn row(
    table: &mut Table,
    assessment: &Assessment,
    finished_at: &str,
    assessed: &DeploymentAssessment,
    result: &RuleResult,
) {
    let (meta, judgement) = (&result.meta, &result.judgement);
    let deployment = &assessed.deployment;
    for value in [
        &assessment.run.id,
        finished_at,
        &deployment.name,
        &deployment.subscription,
        &deployment.resource_group,
        meta.id,
        meta.name,
        meta.title,
        result.severity.word(),
        meta.tier.letter(),
        judgement.verdict.word(),
    ] {
        table.cell(value);
    }
    waiver(table, assessment, result);
    table.cell(&judgement.reason().unwrap_or_default());
    table.cell(&judgement.subject);
    table.cell(&judgement.message);
    evidence(table, &judgement.evidence);
    table.cell(&judgement.remediation.text);
    let commands = judgement.remediation.commands.iter().map(|command| command.as_str());
    table.cell(&commands.collect::<Vec<_>>().join(NEXT));
    controls(table, result);
    let location = result.location.as_ref();
    table.cell(location.map_or("", |place| &place.key));
    table.cell(&location.map(|place| place.line.to_string()).unwrap_or_default());
    table.cell(&result.fingerprint);
    table.cell(&result.observed_digest);
    table.end_row();
}

fn waiver(table: &mut Table, assessment: &Assessment, result: &RuleResult) {
    let used = result.waiver.and_then(|index| assessment.waivers.get(index));
    table.cell(if result.waiver.is_some() { "true" } else { "false" });
    let waiver = used.map(|used| &used.waiver);
    table.cell(waiver.map_or("", |waiver| &waiver.owner));
    table.cell(&waiver.map(|waiver| waiver.expires.to_string()).unwrap_or_default());
    table.cell(waiver.and_then(|waiver| waiver.ticket.as_deref()).unwrap_or_default());
    table.cell(waiver.map_or("", |waiver| &waiver.reason));
}

/// The first fact in columns of its own, the others in one.
fn evidence(table: &mut Table, facts: &[Evidence]) {
    let first = facts.first();
    table.cell(first.map_or("", |fact| &fact.resource));
    table.cell(first.map_or("", |fact| &fact.pointer));
    let texts: [fn(&Evidence) -> &Option<String>; 4] = [
        |fact| &fact.observed,
        |fact| &fact.expected,
        |fact| &fact.request_id,
        |fact| &fact.read_at,
    ];
    for text in texts {
        table.cell(first.and_then(|fact| text(fact).as_deref()).unwrap_or_default());
    }
    let further = facts.iter().skip(1).map(sentence).collect::<Vec<_>>();
    table.cell(&further.join(NEXT));
}

/// A fact in one line: `RESOURCE POINTER: observed X, expected Y (request ID, read at TIME)`.
fn sentence(fact: &Evidence) -> String {
    let said = [("observed", &fact.observed), ("expected", &fact.expected)];
    let said =
        said.into_iter().filter_map(|(word, text)| Some(format!("{word} {}", text.as_ref()?)));
    let told = [("request", &fact.request_id), ("read at", &fact.read_at)];
    let told =
        told.into_iter().filter_map(|(word, text)| Some(format!("{word} {}", text.as_ref()?)));
    let mut sentence = format!("{} {}", fact.resource, fact.pointer).trim_end().to_owned();
    let (said, told) = (said.collect::<Vec<_>>(), told.collect::<Vec<_>>());
    if !said.is_empty() {
        sentence = format!("{sentence}: {}", said.join(", "));
    }
    if !told.is_empty() {
        sentence = format!("{sentence} ({})", told.join(", "));
    }
    sentence
}

/// The ids of each framework, separated by blanks. One the contract does not know, as a later
/// version's report may have it, is not lost: it stands with its name in `other_controls`.
fn controls(table: &mut Table, result: &RuleResult) {
    for (_, framework) in FRAMEWORKS {
        let own = result.meta.controls.iter().filter(|control| control.framework == framework);
        let ids = own.flat_map(|control| control.ids).copied().collect::<Vec<_>>();
        table.cell(&ids.join(" "));
    }
    let known = |framework: &str| FRAMEWORKS.iter().any(|(_, own)| *own == framework);
    let others = result.meta.controls.iter().filter(|control| !known(control.framework));
    let others = others.map(|control| format!("{}: {}", control.framework, control.ids.join(" ")));
    table.cell(&others.collect::<Vec<_>>().join(NEXT));
}

/// Rows of cells.
#[derive(Default)]
struct Table {
    text: String,
    begun: bool,
}

impl Table {
    fn cell(&mut self, value: &str) {
        if self.begun {
            self.text.push(',');
        }
        self.begun = true;
        let value = harmless(value);
        let is_padded = |c: Option<char>| c.is_some_and(char::is_whitespace);
        if value.contains(',')
            || value.contains('"')
            || value.contains(';')
            || is_padded(value.chars().next())
            || is_padded(value.chars().next_back())
        {
            self.text.push('"');
            self.text.push_str(&value.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(&value);
        }
    }

    fn end_row(&mut self) {
        self.text.push_str("\r\n");
        self.begun = false;
    }
}

/// The value without characters that act, line breaks among them, and with an apostrophe before what
/// a spreadsheet would run.
///
/// Where lists are separated by semicolons, Excel splits a file of commas at every semicolon, quoted
/// or not, so what follows one may find itself at the beginning of a cell.
fn harmless(value: &str) -> Cow<'_, str> {
    let value = as_inert(value);
    if !is_run(&value) && !value.contains(';') {
        return value;
    }
    let mut safe = String::with_capacity(value.len() + 1);
    for (place, part) in value.split(';').enumerate() {
        if place > 0 {
            safe.push(';');
        }
        if is_run(part) {
            safe.push('\'');
        }
        safe.push_str(part);
    }
    Cow::Owned(safe)
}

/// Whether a spreadsheet would run a cell, whatever it takes off its beginning first: blanks, quotes,
/// and apostrophes, so that one of ours can be told from one that was there.
fn is_run(cell: &str) -> bool {
    let first = cell.chars().find(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '\u{fffd}'));
    first.is_some_and(|c| {
        // The last two lines: the full-width and the small forms, which some read as the plain ones.
        matches!(
            c,
            '=' | '+'
                | '-'
                | '@'
                | '\u{ff1d}'
                | '\u{ff0b}'
                | '\u{ff0d}'
                | '\u{ff20}'
                | '\u{fe66}'
                | '\u{fe62}'
                | '\u{fe63}'
                | '\u{fe6b}'
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canned;
    use proptest::prelude::*;
    use vaudit_model::shell::inert;

    /// Reads CSV by RFC 4180 and nothing else.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
        let mut quoted = false;
        let mut letters = text.chars().peekable();
        while let Some(c) = letters.next() {
            match (quoted, c) {
                (true, '"') if letters.next_if_eq(&'"').is_some() => cell.push('"'),
                (true, '"') => {
                    quoted = false;
                    assert!(matches!(letters.peek(), Some(',' | '\r')), "a quote ends a cell");
                }
                (true, c) => cell.push(c),
                (false, '"') => {
                    assert_eq!(cell, "", "a quote begins a cell");
                    quoted = true;
                }
                (false, ',') => row.push(std::mem::take(&mut cell)),
                (false, '\r') => {
                    assert_eq!(letters.next(), Some('\n'));
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                (false, c) => cell.push(c),
            }
        }
        assert!(cell.is_empty() && row.is_empty() && !quoted, "the last row has an end");
        rows
    }

    /// Takes the apostrophes away, as `docs/formats.md` says.
    fn value(cell: &str) -> String {
        let part = |part: &str| match part.strip_prefix('\'') {
            Some(rest) if is_run(rest) => rest.to_owned(),
            _ => part.to_owned(),
        };
        cell.split(';').map(part).collect::<Vec<_>>().join(";")
    }

    #[test]
    fn the_table_is_what_the_page_about_formats_says() {
        let assessment = canned::assessment();
        let text = render(&assessment);
        insta::assert_snapshot!("report.csv", text.replace("\r\n", "␍␊\n"));
        let rows = read(&text);
        let results = assessment.deployments.iter().map(|own| own.results.len()).sum::<usize>();
        assert_eq!(rows.len(), results + 1);
        assert!(rows.iter().all(|row| row.len() == rows[0].len()));
        for cell in rows.iter().flatten() {
            assert_eq!(inert(cell), *cell);
            assert!(cell.split(';').all(|part| part.starts_with('\'') || !is_run(part)), "{cell}");
        }
        let page = include_str!("../docs/formats.md");
        for column in &rows[0] {
            assert!(page.contains(&format!("`{column}`")), "{column} is on no page");
        }
    }

    #[test]
    fn the_same_assessment_gives_the_same_bytes() {
        assert_eq!(render(&canned::assessment()), render(&canned::assessment()));
    }

    #[test]
    fn no_cell_begins_like_a_formula() {
        for operator in "=+-@＝＋－＠﹦﹢﹣﹫".chars() {
            for before in
                ["", " ", "\u{a0}", "\u{3000} ", "\"", "'", "\" '", "\t", "\r", "\n", "\u{200b}"]
            {
                let formula = format!("{before}{operator}cmd|' /C calc'!A0");
                let safe = harmless(&formula);
                assert!(safe.starts_with('\'') && !is_run("'a"), "{safe}");
                assert_eq!(value(&safe), inert(&formula));
                let later = format!("a;{formula}");
                assert_eq!(harmless(&later), format!("a;{safe}"));
            }
        }
        for fine in ["", "a=b", "10-12", "/subscriptions/a", "a; b", "日本語 -1", "'a'", "\"", ";"]
        {
            assert_eq!(harmless(fine), fine);
        }
    }

    #[test]
    fn a_framework_without_a_column_is_not_lost() {
        let mut assessment = canned::assessment();
        let result = &mut assessment.deployments[0].results[0];
        result.meta.controls =
            &[vaudit_model::rule::Control { framework: "CIS-Azure-7.0.0", ids: &["1.1", "1.2"] }];
        let rows = read(&render(&assessment));
        let place = rows[0].iter().position(|column| column == "other_controls").unwrap();
        assert_eq!(rows[1][place], "CIS-Azure-7.0.0: 1.1 1.2");
    }

    proptest! {
        #[test]
        fn a_row_read_back_has_the_values_it_was_made_of(
            values in prop::collection::vec("([=+\\-@＝；;,\"'\r\n\t a#:\\PC]|\\PC){0,12}", 1..6)
        ) {
            let mut table = Table::default();
            for value in &values {
                table.cell(value);
            }
            table.end_row();
            let rows = read(&table.text);
            prop_assert_eq!(rows.len(), 1);
            for cell in &rows[0] {
                prop_assert!(cell.split(';').all(|part| part.starts_with('\'') || !is_run(part)));
            }
            let back = rows[0].iter().map(|cell| value(cell)).collect::<Vec<_>>();
            let shown = values.iter().map(|value| inert(value)).collect::<Vec<_>>();
            prop_assert_eq!(back, shown);
        }
    }
}
