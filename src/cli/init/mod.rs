//! `vaudit init`: looks for a deployment, writes down what it found, and runs the first check.

mod asker;
mod choice;
mod options;
mod place;
mod survey;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use vaudit_azure::{Session, read};
use vaudit_engine::ExitCode;
use vaudit_manifest::{Draft, Entry};
use vaudit_model::shell::{inert, quote};
use vaudit_model::snapshot::Header;
use vaudit_model::{Audience, Deployment, Request, Snapshot};

use self::asker::Asker;
use self::place::Place;
use crate::arguments::{Arguments, Command, Init, SchemaOf, Talk};
use crate::connection::Connection;
use crate::conversation::Conversation;
use crate::failure::Failure;
use crate::pending_file::{Destination, PendingFile, refuse_equal};
use crate::progress::Line;
use crate::{check, generated, sources};

/// The JSON Schema beside the manifest, for editors.
const SCHEMA: &str = "vaudit.schema.json";

/// Writes a manifest for the deployment it finds.
///
/// Ends with 0 when the manifest was written, whatever the first check says about the deployment,
/// unless a signal stopped that.
///
/// # Errors
///
/// When nobody is signed in, there is no deployment or several, a file cannot be written, or the first
/// check could not be run.
pub(crate) async fn init(arguments: &Init, talk: &Talk) -> Result<ExitCode, Failure> {
    let conversation = Conversation::new(talk);
    let path = &arguments.config;
    let schema_path = beside(path, SCHEMA);
    let schema = generated::schema(SchemaOf::Manifest)?;
    refuse_equal([&Destination::of(path)?, &Destination::of(&schema_path)?])?;
    let may_write = || match arguments.force {
        true => Ok(()),
        false => nothing_there(path, &schema_path, &schema),
    };
    may_write()?;
    // Whether something can be written there is known in a second, and not after the questions.
    drop(PendingFile::create(Destination::of(path)?)?);
    options::check(arguments)?;
    let line = Line::new(!arguments.no_progress && !talk.quiet);
    let mut asker = Asker::new(!arguments.no_input, line.clone());
    let found = look(arguments, &line, &mut asker).await;
    line.finish();
    let (place, answers) = found?;
    let text = draft(arguments, &place, &answers).text();
    // Somebody may have written one while this looked around.
    may_write()?;
    for (path, text) in [(&schema_path, &schema), (path, &text)] {
        let file = PendingFile::create(Destination::of(path)?)?;
        file.finish(|writer| writer.write_all(text.as_bytes()))?;
    }
    tell(&conversation, path, &place, &answers);
    if arguments.no_check {
        return Ok(ExitCode::Clean);
    }
    conversation.say("\nThe first check:\n");
    let code = first_check(arguments, path, talk).await?;
    if matches!(code, ExitCode::Interrupted | ExitCode::Terminated) {
        return Ok(code);
    }
    let config = if path == Path::new(crate::arguments::DEFAULT_MANIFEST) {
        String::new()
    } else {
        format!(" --config {}", quote(&path.display().to_string()))
    };
    conversation.say(&format!(
        "\nNext: read {} and correct it, run `vaudit check{config}`, and `vaudit doctor{config}` where \
         something could not be seen. docs/nightly.md shows how to run it every night.",
        path.display()
    ));
    Ok(ExitCode::Clean)
}

/// Signs in, finds the place, and reads what is there.
async fn look(
    arguments: &Init,
    line: &Line,
    asker: &mut Asker,
) -> Result<(Place, choice::Answers), Failure> {
    let connection = Connection::to(&arguments.cloud, arguments.credential.as_deref())?;
    line.say("signing in");
    let audiences = [Audience::ResourceManager, Audience::Graph];
    let session = connection.session(&audiences, line.watcher()).await?;
    let mut look = Look {
        deployment: Deployment::new("", "", ""),
        snapshot: Snapshot::empty(Header {
            identity: session.tokens.identity().clone(),
            ..Header::beginning(env!("CARGO_PKG_VERSION"), jiff::Timestamp::now())
        }),
        session,
    };
    look.deployment.cloud = std::sync::Arc::new(connection.cloud);
    line.say("looking for deployments");
    let place = place::find(&mut look, arguments, asker).await?;
    line.say("reading the resource group");
    let survey = survey::read(&mut look, &place).await?;
    let mut answers = choice::choose(&survey, arguments, asker);
    options::leave_open_what_no_manifest_takes(&mut answers);
    Ok((place, answers))
}

/// Refuses to overwrite: a manifest, whatever it is, and a schema that is not this one.
fn nothing_there(path: &Path, schema_path: &Path, schema: &str) -> Result<(), Failure> {
    let shown = path.display();
    if fs::symlink_metadata(path).is_ok() {
        return Err(Failure::new(format!("{shown} is there already, and was left as it is"))
            .help(format!("`vaudit check --config {}` audits with it", quote(&shown.to_string())))
            .help("--force overwrites it, --config FILE writes elsewhere"));
    }
    let is_own = || fs::read_to_string(schema_path).is_ok_and(|text| text == schema);
    if fs::symlink_metadata(schema_path).is_ok() && !is_own() {
        let shown = schema_path.display();
        return Err(Failure::new(format!(
            "{shown} is there already, and is another file than this version writes"
        ))
        .help("--force overwrites it, --config FILE writes into another folder"));
    }
    Ok(())
}

/// What was read so far, and the way to read more.
struct Look {
    session: Session,
    snapshot: Snapshot,
    deployment: Deployment,
}

impl Look {
    /// Reads some answers at once.
    async fn ask(&mut self, requests: &[Request]) {
        for document in read(&self.session, requests).await {
            self.snapshot.insert(document);
        }
    }

    /// What was read, as an estate.
    fn estate(&self) -> vaudit_model::Estate<'_> {
        vaudit_model::Estate::new(&self.snapshot, &self.deployment)
    }
}

fn draft(arguments: &Init, place: &Place, answers: &choice::Answers) -> Draft {
    let mut entries = answers.entries.clone();
    let name = arguments.name.as_deref().unwrap_or(&place.resource_group);
    for (key, value) in [
        ("name", name),
        ("subscription", &place.subscription),
        ("resource_group", &place.resource_group),
    ] {
        entries.insert(key, Entry { value: Some(value.to_owned()), ..Entry::default() });
    }
    let subscription = match &place.subscription_name {
        Some(name) => format!("{} ({name})", place.subscription),
        None => place.subscription.clone(),
    };
    Draft {
        schema: format!("./{SCHEMA}"),
        heading: vec![
            "What vaudit audits, and what it expects of it.".to_owned(),
            format!("Written by `vaudit init` on {} from what it saw in", sources::today()),
            format!("resource group {}, subscription {subscription}.", place.resource_group),
            String::new(),
            "What was found is in force. Everything else is the default, commented out: what the"
                .to_owned(),
            "installation guide asks for, not what happens to be there.".to_owned(),
        ],
        cloud: Some(arguments.cloud.clone()).filter(|cloud| cloud != "public"),
        entries,
    }
}

/// Says what was found and what was not.
fn tell(conversation: &Conversation, path: &Path, place: &Place, answers: &choice::Answers) {
    let width = answers.told.iter().map(|(_, what, _)| what.chars().count()).max().unwrap_or(0);
    let mut text = format!("Found in {}:\n", place.resource_group);
    for (_, what, value) in &answers.told {
        text.push_str(&format!("  {what:width$}  {}\n", inert(value)));
    }
    if !answers.open.is_empty() {
        text.push_str("\nCould not be found out:\n");
        for open in &answers.open {
            text.push_str(&format!("  - {}\n", inert(open)));
        }
    }
    conversation.say(&format!("{text}\nWrote {}, and {SCHEMA} for editors.", path.display()));
}

/// The check a user would run next.
async fn first_check(arguments: &Init, path: &Path, talk: &Talk) -> Result<ExitCode, Failure> {
    let mut words =
        vec!["vaudit".into(), "check".into(), "--config".into(), path.as_os_str().into()];
    if let Some(credential) = &arguments.credential {
        words.extend(["--credential".into(), std::ffi::OsString::from(credential)]);
    }
    if arguments.no_progress {
        words.push("--no-progress".into());
    }
    let parsed =
        Arguments::try_parse_from(words).map_err(|error| Failure::new(error.to_string()))?;
    match parsed.command {
        Command::Check(own) => check::check(&own, talk).await,
        _ => Err(Failure::new("the first check was not understood")),
    }
}

/// A file in the same folder.
fn beside(path: &Path, name: &str) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).join(name)
}
