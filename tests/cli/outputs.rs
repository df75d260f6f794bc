//! Where reports go, and how they look there.

use super::support::{Azure, Vaudit};

#[test]
fn reports_go_where_they_are_sent() {
    let vaudit = Vaudit::default();
    let ran = vaudit
        .run(&["check", "--demo", "--output", "json=out.json", "--output", "sarif=out.sarif"])
        .exits(1);
    assert!(ran.stdout.contains("production"), "the table stays on stdout");
    let json: serde_json::Value = serde_json::from_str(&vaudit.read("out.json")).unwrap();
    assert_eq!(json["schema_version"], 1);
    let sarif: serde_json::Value = serde_json::from_str(&vaudit.read("out.sarif")).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let ran = vaudit.run(&["check", "--demo", "--format", "sarif", "--output", "json=-"]).exits(1);
    assert_eq!(ran.json()["schema_version"], 1);
    let left: Vec<_> = std::fs::read_dir(vaudit.folder.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 2, "nothing but the two reports: {left:?}");
}

#[test]
fn one_run_writes_what_a_pipeline_shows() {
    let azure = Azure::named("drifted");
    let vaudit = azure.vaudit();
    let evil = "::stop-commands::x%0A,<script>@octocat |";
    let waivers = format!(
        "{}\n[[waiver]]\nrule = \"DNS005\"\nreason = '{evil}'\nowner = '{evil}'\nexpires = 2020-01-31\n",
        vaudit.read("vaudit.toml")
    );
    // The manifest lies below the root of a work tree, where GitHub looks for files.
    std::fs::create_dir_all(vaudit.path("audits/.git")).unwrap();
    std::fs::create_dir_all(vaudit.path("audits/one")).unwrap();
    let vaudit = vaudit.file("audits/one/vaudit.toml", &waivers);
    let manifest = ["check", "--config", "audits/one/vaudit.toml", "--save-snapshot", "s.snapshot"];
    let outputs = ["--output", "markdown=m.md", "--output", "junit=j.xml", "--output", "github=-"];
    let ran = vaudit.run(&[&manifest[..], &outputs].concat()).exits(1);
    let (markdown, junit) = (vaudit.read("m.md"), vaudit.read("j.xml"));

    let commands: Vec<&str> = ran.stdout.lines().collect();
    let is_command = |line: &&str| {
        ["::error ", "::warning ", "::notice "].iter().any(|start| line.starts_with(start))
    };
    assert!(commands.iter().all(is_command), "{}", ran.stdout);
    let failed = commands.iter().find(|line| line.contains("title=PG001 (high%2C")).unwrap();
    let line = waivers.lines().position(|line| line.starts_with("expected_major")).unwrap() + 1;
    let place = format!("::error file=one/vaudit.toml,line={line},col=1,");
    assert!(failed.starts_with(&place), "{place}: {failed}");
    let shown = vaudit_model::shell::inert(evil);
    let escaped = shown.replace('%', "%25");
    let lapsed = commands.iter().find(|line| line.contains("DNS005 is expired")).unwrap();
    assert!(lapsed.starts_with("::warning ") && lapsed.contains(&escaped), "{lapsed}");
    let closing = commands.last().unwrap();
    assert!(closing.starts_with("::notice title=vaudit::") && closing.contains("Exit code 1: "));

    assert!(markdown.starts_with("## ❌ vaudit: ") && markdown.contains("**Exit code 1: "));
    assert!(
        markdown.contains("**expired** `DNS005`: Expired on 2020-01-31: 1 result counts again.")
    );
    assert!(markdown.contains(&format!("Owner: `{shown}`.")), "{markdown}");
    assert!(junit.starts_with("<?xml") && junit.contains("<failure message=\"The server runs "));
    assert!(junit.contains("type=\"forbidden\"") && junit.contains("type=\"not_applicable\""));

    // The same facts give the same reports.
    let again = ["check", "--snapshot", "s.snapshot", "--format", "junit"];
    let again = vaudit.run(&again).exits(1).stdout;
    assert_eq!(again, junit.replace("value=\"live\"", "value=\"snapshot\""));
}

#[test]
fn an_output_that_cannot_be_written_is_known_before_the_run_and_harms_nothing() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit();
    vaudit.run(&["check", "--output", "json=missing/out.json"]).exits(2).says("missing/out.json");
    assert!(azure.simulator.requests().is_empty(), "nothing was asked");
    // A run that cannot be made leaves the last report as it was.
    let vaudit = vaudit.file("out.json", "the last report").set("AZURE_CLIENT_SECRET", "wrong");
    vaudit.run(&["check", "--output", "json=out.json"]).exits(2);
    assert_eq!(vaudit.read("out.json"), "the last report");
}

#[cfg(unix)]
#[test]
fn two_outputs_never_share_a_file() {
    let azure = Azure::named("compliant");
    let vaudit = azure.vaudit().file("same", "the last report");
    std::os::unix::fs::symlink("same", vaudit.path("link")).unwrap();
    for outputs in [
        ["--output", "json=same", "--output", "table=link"],
        ["--output", "json=link", "--save-snapshot", "same"],
    ] {
        let mut arguments = vec!["check"];
        arguments.extend(outputs);
        let ran = vaudit.run(&arguments).exits(2).says("two outputs go to one file");
        assert_eq!(ran.stdout, "");
    }
    // Stdout may be a file, too.
    let stdout = std::fs::File::create(vaudit.path("stdout")).unwrap();
    let mut command = vaudit.command(&["check", "--output", "json=stdout"]);
    let status = command.stdout(stdout).stderr(std::process::Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(2));
    assert!(azure.simulator.requests().is_empty(), "nothing was asked");
    assert_eq!(vaudit.read("same"), "the last report");
    assert_eq!(vaudit.read("stdout"), "");
}

#[cfg(unix)]
#[test]
fn outputs_go_through_links_and_into_devices() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let vaudit = Vaudit::default().file("real.json", "");
    symlink("real.json", vaudit.path("link.json")).unwrap();
    let check = ["check", "--demo", "--rule", "PG*", "--output"];
    let run = |output: &[&str]| vaudit.run(&[&check[..], output].concat()).exits(1);
    run(&["json=link.json", "--save-snapshot", "s.snapshot"]);
    assert!(vaudit.read("real.json").contains("schema_version"));
    assert!(vaudit.path("link.json").is_symlink());
    let mode = std::fs::metadata(vaudit.path("s.snapshot")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(run(&["json=/dev/stdout"]).json()["schema_version"], 1);
    let ran = run(&["json=/dev/stderr"]);
    assert!(ran.stderr.contains("schema_version") && !ran.stdout.contains("schema_version"));
    run(&["json=/dev/null"]);
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_silence() {
    use std::io::Read;
    use std::process::Stdio;
    let vaudit = Vaudit::default();
    let mut command = vaudit.command(&["check", "--demo", "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(stderr, "");
}

#[test]
fn the_terminal_decides_about_characters_and_colours() {
    let vaudit = Vaudit::default();
    let plain = vaudit.run(&["check", "--demo"]).stdout;
    assert!(!plain.contains('\u{1b}'), "no colours into a pipe");
    let coloured = vaudit.run(&["check", "--demo", "--color", "always"]).stdout;
    assert!(coloured.contains("\u{1b}["));
    let ascii = Vaudit::default().set("LC_ALL", "C").run(&["check", "--demo"]).stdout;
    assert!(ascii.is_ascii(), "{ascii}");
    for columns in [80, 200] {
        let table =
            Vaudit::default().set("COLUMNS", columns.to_string()).run(&["check", "--demo"]).stdout;
        let too_wide = table.lines().find(|line| {
            // Commands stay on one line, or they could not be copied.
            line.chars().count() > columns && !line.trim_start().starts_with("az")
        });
        assert_eq!(too_wide, None);
    }
}
