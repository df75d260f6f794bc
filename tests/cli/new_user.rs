//! `docs/first-night.md`: what somebody does who has only the README, run as it stands there.
//!
//! The shell is a real one, in an empty directory with an empty home, and so are git, the proxy and
//! the simulated Azure behind it. Only `cargo run` starts the binary under test instead of building
//! it again. `VAUDIT_WRITE=1` writes the outputs into the page.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;
use vaudit_simulator::{DEMO_AUDITOR, Scenario};

use super::support::proxy::Foreign;
use super::support::root;

/// The address the page clones from; git is told where that is on this machine.
const REPOSITORY: &str = "https://git.example.com/platform/vaudit.git";

/// What comes between the outputs of two commands.
const MARK: &str = "\u{1e}";

/// A page in pieces: prose, and commands with what they print.
#[derive(Debug, PartialEq)]
enum Piece {
    Prose(String),
    Command { command: String, output: String },
}

/// Takes a page apart. Commands are the lines with a `$ ` in `console` blocks.
fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut is_console = false;
    for line in page.split_inclusive('\n') {
        let is_fence = line.starts_with("```");
        if let (true, false, Some(command)) = (is_console, is_fence, line.strip_prefix("$ ")) {
            let command = command.trim_end().to_owned();
            pieces.push(Piece::Command { command, output: String::new() });
            continue;
        }
        match pieces.last_mut() {
            Some(Piece::Command { output, .. }) if is_console && !is_fence => output.push_str(line),
            Some(Piece::Prose(prose)) => prose.push_str(line),
            _ => pieces.push(Piece::Prose(line.to_owned())),
        }
        if is_fence {
            is_console = !is_console && line.starts_with("```console");
        }
    }
    pieces
}

fn page(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Prose(prose) => prose.clone(),
        Piece::Command { command, output } => format!("$ {command}\n{output}"),
    };
    pieces.iter().map(text).collect()
}

/// The Azure of the page: somebody took the auto-registration away, and the auditor may not list the
/// backups of the database.
fn scenario() -> Scenario {
    let names =
        ["/subscriptions/00000000-0000-0000-0000-00000000000a", "/resourceGroups/rg-vectice"];
    let rg = names.concat();
    let server = format!("{rg}/providers/Microsoft.DBforPostgreSQL/flexibleServers/pg-vectice");
    let zones = format!("{rg}/providers/Microsoft.Network/privateDnsZones");
    let link =
        format!("{zones}/pg-vectice.private.postgres.database.azure.com/virtualNetworkLinks/*");
    let scenario = json!({
        "description": "The deployment of docs/first-night.md.",
        "extends": "compliant",
        "changes": [{"set": format!("{link}#/properties/registrationEnabled"), "to": false}],
        "faults": [{"on": format!("GET {server}/backups?*"), "status": 403}],
    });
    Scenario::parse(&scenario.to_string()).unwrap()
}

/// A repository of what the page takes from this work tree, which itself may come from an archive.
fn published(origin: &Path, configuration: &Path) {
    let script = "mkdir \"$1\" && cp -r README.md docs examples \"$1\" && cd \"$1\" && git init --quiet \
                  && git add . && git commit --quiet --message Published";
    let status = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(origin)
        .current_dir(root())
        .env("GIT_CONFIG_GLOBAL", configuration)
        .status()
        .unwrap();
    assert!(status.success());
}

/// A place with nothing in it but what a machine has.
struct Sandbox {
    folder: TempDir,
    azure: Foreign,
}

impl Sandbox {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["home", "bin", "work"] {
            fs::create_dir(path(name)).unwrap();
        }
        let git = format!(
            "[safe]\n\tdirectory = *\n[user]\n\tname = vaudit\n\temail = vaudit@example.com\n\
             [url \"file://{}\"]\n\tinsteadOf = {REPOSITORY}\n",
            path("origin").display()
        );
        fs::write(path("gitconfig"), git).unwrap();
        published(&path("origin"), &path("gitconfig"));
        let cargo = "#!/bin/sh\n[ \"$1 $2 $3\" = 'run --release --' ] || exit 64\nshift 3\nmkdir -p target/release\n\
                     ln -sf \"$VAUDIT_UNDER_TEST\" target/release/vaudit\nexec target/release/vaudit \"$@\"\n";
        fs::write(path("bin/cargo"), cargo).unwrap();
        fs::set_permissions(path("bin/cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        let azure = Foreign::serving(scenario(), folder.path());
        // Whatever the directory is called, its name must not be on the page.
        symlink("../ca.pem", path("work/company-ca.pem")).unwrap();
        Self { folder, azure }
    }

    /// Runs commands one after the other in one shell, and gives what each printed.
    fn run(&self, commands: &[&str]) -> Vec<String> {
        let path = |name: &str| self.folder.path().join(name);
        let script: Vec<String> = std::iter::once("exec 2>&1".to_owned())
            .chain(commands.iter().map(|command| format!("printf '{MARK}'\n{command}")))
            .collect();
        let output = Command::new("bash")
            .args(["--noprofile", "--norc", "-c", &script.join("\n")])
            .current_dir(path("work"))
            .env_clear()
            .env("HOME", path("home"))
            .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", path("bin").display()))
            .env("LANG", "C.UTF-8")
            .env("COLUMNS", "100")
            .env("GIT_CONFIG_GLOBAL", path("gitconfig"))
            .env("VAUDIT_UNDER_TEST", env!("CARGO_BIN_EXE_vaudit"))
            .env("HTTPS_PROXY", &self.azure.proxy)
            .env("SSL_CERT_FILE", "../company-ca.pem")
            .env("AZURE_TENANT_ID", DEMO_AUDITOR.tenant)
            .env("AZURE_CLIENT_ID", DEMO_AUDITOR.client_id)
            .env("AZURE_CLIENT_SECRET", DEMO_AUDITOR.client_secret)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        printed.split(MARK).skip(1).map(steady).collect()
    }
}

/// Replaces what is another with each run by something of the same length.
fn steady(text: &str) -> String {
    let mut steady = String::new();
    for line in text.split_inclusive('\n') {
        let mut line = replaced(line, "0000-00-00T00:00:00Z", "2026-11-22T03:17:00Z");
        line = replaced(&line, "0000-00-00T000000Z", "2026-11-22T031700Z");
        line = replaced(&line, "0000-00-00", "2026-11-22");
        line = replaced(&line, "127.0.0.1:00000", "127.0.0.1:40000");
        if let Some((before, run)) = line.split_once("Run ")
            && before.is_empty()
            && let Some((id, rest)) = run.split_once(' ')
            && id.len() == 16
        {
            line = format!("Run 0123456789abcdef {rest}");
        }
        if let Some((before, took)) = line.split_once(" answers, in ")
            && took.trim_end().ends_with(" ms")
        {
            line = format!("{before} answers, in 30 ms\n");
        }
        steady.push_str(&line);
    }
    steady
}

/// Puts `by` wherever the text fits a pattern in which `0` is any digit.
fn replaced(text: &str, pattern: &str, by: &str) -> String {
    let fits = |rest: &str| {
        rest.len() >= pattern.len()
            && rest.bytes().zip(pattern.bytes()).all(|(own, wanted)| match wanted {
                b'0' => own.is_ascii_digit(),
                wanted => own == wanted,
            })
    };
    let mut new = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if fits(rest) {
            new.push_str(by);
            rest = &rest[pattern.len()..];
        } else {
            new.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    new
}

fn page_path() -> PathBuf {
    root().join("docs/first-night.md")
}

#[test]
fn the_page_for_new_users_is_what_happens() {
    let text = fs::read_to_string(page_path()).unwrap();
    let mut parts = pieces(&text);
    assert_eq!(page(&parts), text, "the page is not taken apart and put together again");
    let commands: Vec<&str> = parts
        .iter()
        .filter_map(|piece| match piece {
            Piece::Command { command, .. } => Some(command.as_str()),
            Piece::Prose(_) => None,
        })
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    let outputs = Sandbox::new().run(&commands);
    assert_eq!(outputs.len(), commands.len());
    let mut printed = outputs.into_iter();
    for piece in &mut parts {
        if let Piece::Command { output, .. } = piece {
            *output = printed.next().unwrap();
        }
    }
    let new = page(&parts);
    if std::env::var_os("VAUDIT_WRITE").is_some() {
        fs::write(page_path(), new).unwrap();
        return;
    }
    if new != text {
        let differing = new.lines().zip(text.lines()).find(|(new, old)| new != old);
        panic!(
            "docs/first-night.md is not what happens: {differing:#?}\nVAUDIT_WRITE=1 writes it anew; now:\n{new}"
        );
    }
}

/// Nobody has to know more than the README says.
#[test]
fn every_command_of_the_page_is_in_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let text = fs::read_to_string(page_path()).unwrap();
    for piece in pieces(&text) {
        if let Piece::Command { command, .. } = piece {
            assert!(readme.contains(&format!("$ {command}\n")), "{command} is not in README.md");
        }
    }
}

#[test]
fn what_changes_from_run_to_run_is_steadied() {
    assert_eq!(
        steady("Run f61ec1aaa1b9c069 of 2026-01-02T20:20:40Z, at http://127.0.0.1:34985/a\n"),
        "Run 0123456789abcdef of 2026-11-22T03:17:00Z, at http://127.0.0.1:40000/a\n"
    );
    assert_eq!(
        steady("✓ x  host answers, in 7 ms\nRun and hide\n"),
        "✓ x  host answers, in 30 ms\nRun and hide\n"
    );
}
