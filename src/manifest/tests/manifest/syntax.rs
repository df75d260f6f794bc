//! Files that are not TOML, or not all of them.

use crate::{check, read, with};

#[test]
fn all_mistakes_of_syntax_are_reported_with_those_of_values() {
    check(
        r#"[[deployment]
name = production
subscription: "00000000-0000-0000-0000-00000000000a"
resource_group = "rg
tenant =
[deployment.postgres]
server = "pg-vectice"
server = "pg-vectice"
expected_major = 13
[[waiver]]
deployment = "production"
expires = 2027-02-30
"#,
        "
        1:14 unclosed array table, expected `]`
        2:8 `production` is no value: texts stand in quotes
        3:15 key with no value, expected `=`
        4:21 invalid basic string, expected `\"`
        5:9 a value is missing
        8:1 `server` is set a second time
        9:18 `expected_major` must be a major version, found an integer
        = write it in quotes: `expected_major = \"13\"`
        12:11 invalid date, expected day between 01 and 28
        ",
    );
}

#[test]
fn a_table_below_stands_after_its_deployment() {
    check(
        &format!("[deployment.dns]\n{}", with("")),
        "
        2:3 `deployment` is set a second time
        = write `[[deployment]]` above the tables that belong to it
        ",
    );
}

#[test]
fn a_header_that_is_not_closed_hides_nothing() {
    let text =
        with("clock_skew_seconds = -1\n").replace("]]", "]") + "[deployment.dns\ncolour = 1\n";
    check(
        &text,
        "
        1:14 unclosed array table, expected `]`
        5:22 `clock_skew_seconds` must be a whole number from 0 to 86400, found `-1`
        6:16 unclosed table, expected `]`
        7:1 unknown key `colour` in `[deployment.dns]`
        = known here: `auto_registration`
        ",
    );
    let problems = read(&text).unwrap_err();
    let slices: Vec<_> = problems.iter().map(|problem| &text[problem.span.clone()]).collect();
    assert_eq!(slices, ["", "-1", "", "colour"]);
    let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_deref()).collect();
    let expected =
        [None, Some("deployment.clock_skew_seconds"), None, Some("deployment.dns.colour")];
    assert_eq!(keys, expected);
}

#[test]
fn lines_may_end_as_on_windows_and_begin_with_a_byte_order_mark() {
    let text = with("tenant = 1\n").replace('\n', "\r\n");
    check(
        &format!("\u{feff}{text}"),
        "
        5:10 `tenant` must be a GUID, found an integer
        = write it in quotes: `tenant = \"1\"`
        ",
    );
}
