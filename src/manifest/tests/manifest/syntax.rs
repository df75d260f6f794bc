//! Files that are not TOML, or not all of them.

use crate::{SUBSCRIPTION, check, read, with};

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

#[test]
fn a_mistake_hides_missing_keys_of_its_own_table_only() {
    let missing = |line: u32, name: &str, help: &str| {
        format!("{line}:1 `{name}` is missing from `[[deployment]]`\n= add {help}\n")
    };
    let group =
        "the resource group the deployment lies in, such as `resource_group = \"rg-vectice\"`";
    let own_name =
        "the unique name of the deployment, as reports show it, such as `name = \"production\"`";
    let id =
        "the subscription's id, such as `subscription = \"00000000-0000-0000-0000-00000000000a\"`";
    for (damage, column, message) in [
        ("server =", 9, "a value is missing"),
        ("server", 7, "key with no value, expected `=`"),
        ("server = \"pg-one\"\nserver = \"pg-two\"", 1, "`server` is set a second time"),
    ] {
        let line = 5 + u32::try_from(damage.matches('\n').count()).unwrap();
        let text = format!(
            "[[deployment]]\nname = \"a\"\nsubscription = \"{SUBSCRIPTION}\"\n[deployment.postgres]\n{damage}\n[[deployment]]\nsubscription = \"{SUBSCRIPTION}\"\nresource_group = \"rg\"\n"
        );
        let first = missing(1, "resource_group", group);
        let second = missing(line + 1, "name", own_name);
        check(&text, &format!("{first}{line}:{column} {message}\n{second}"));
    }
    // In the table itself, in the defaults it takes its keys from, and below a header that is lost.
    check("[[deployment]]\nname = \"a\"\nsubscription =\n", "3:15 a value is missing");
    check(
        "[defaults]\nsubscription =\n[[deployment]]\nresource_group = \"rg\"\n",
        &format!("2:15 a value is missing\n{}", missing(3, "name", own_name)),
    );
    check(
        "[deployment.dns]\n[deployment.postgres]\n[[deployment]]\nname = \"a\"\n",
        "
        3:3 `deployment` is set a second time
        = write `[[deployment]]` above the tables that belong to it
        ",
    );
    check(
        "[[waiver]]\nrule = \n[[deployment]]\nresource_group = \"rg\"\nname = \"a\"\n",
        &format!("2:8 a value is missing\n{}", missing(3, "subscription", id)),
    );
}
