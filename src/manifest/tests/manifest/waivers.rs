//! What a waiver must say.

use jiff::civil::date;
use vaudit_model::deployment::Accept;

use crate::{check, read, with};

fn waiver(lines: &str) -> String {
    with(&format!("[[waiver]]\n{lines}"))
}

#[test]
fn a_waiver_needs_rule_reason_owner_and_end() {
    check(
        &waiver("ticket = \"SEC-1\"\n"),
        "
        5:1 `rule` is missing from `[[waiver]]`
        = add the id or name of the rule, or a glob, such as `rule = \"DNS005\"`
        5:1 `reason` is missing from `[[waiver]]`
        = add why it is accepted, such as `reason = \"Registration zone is owned by the platform team\"`
        5:1 `owner` is missing from `[[waiver]]`
        = add who answers for it, such as `owner = \"platform@example.com\"`
        5:1 `expires` is missing from `[[waiver]]`
        = add the last valid day (UTC), at most 366 days ahead, such as `expires = 2027-03-31`
        ",
    );
}

#[test]
fn the_end_is_a_date_at_most_366_days_ahead() {
    let with_end = |end: &str| {
        waiver(&format!("rule = \"*\"\nreason = \"r\"\nowner = \"o\"\nexpires = {end}\n"))
    };
    for (end, day) in [
        ("2027-11-23", date(2027, 11, 23)),
        ("2020-01-01", date(2020, 1, 1)),
        ("2026-11-22", date(2026, 11, 22)),
    ] {
        let waivers = read(&with_end(end)).unwrap().waivers;
        assert_eq!((waivers[0].expires, waivers[0].accept), (day, Accept::Fail));
    }
    check(
        &with_end("2027-11-24"),
        "
        9:11 `expires` must be at most 366 days ahead, found `2027-11-24`
        = write `2027-11-23` or an earlier day, and renew it then
        ",
    );
    check(
        &with_end("\"2027-01-01\""),
        "
        9:11 `expires` must be a date, found a string
        = write it without quotes: `expires = 2027-01-01`
        ",
    );
    for (end, found) in [
        ("2027-01-01T00:00:00Z", "a date with a time"),
        ("2027-01-01T00:00:00", "a date with a time"),
        ("07:32:00", "a time"),
        ("\"soon\"", "a string"),
    ] {
        check(&with_end(end), &format!("9:11 `expires` must be a date, found {found}"));
    }
    check(&with_end("0000-01-01"), "none");
}

#[test]
fn a_waiver_is_for_a_deployment_that_is_described() {
    let for_deployment = |name: &str| {
        waiver(&format!(
            "rule = \"PG*\"\ndeployment = \"{name}\"\nreason = \"\"\"a\nb\"\"\"\nowner = \"o\"\nexpires = 2027-01-01\n"
        ))
    };
    check(&for_deployment("p"), "none");
    check(&for_deployment(""), "none");
    check(
        &for_deployment("P"),
        "
        7:14 no deployment `P` is described
        = did you mean `p`?
        ",
    );
    check(
        &for_deployment("staging"),
        "
        7:14 no deployment `staging` is described
        = described are `p`
        ",
    );
}
