//! What a snapshot file is and holds, for a terminal.

use vaudit_model::document::Document;
use vaudit_model::instant::{show, show_age, show_seconds};
use vaudit_model::snapshot::{Header, Identity};
use vaudit_model::{Gap, Reason};

use crate::layout::Sheet;
use crate::snapshot::{Holdings, Shown, contents, run_id};
use crate::style::Style;
use crate::wording;

/// That a file is whole, and what it is.
pub(crate) fn verified(sheet: &mut Sheet, shown: &Shown<'_>) {
    let header = &shown.file.snapshot.header;
    headline(sheet, shown, ": whole and unchanged.");
    let documents = counted(shown.file.snapshot.documents().count(), "document");
    sheet.prose(
        2,
        Style::Plain,
        &format!("{documents}, each with its SHA-256, in a {}.", described(shown)),
    );
    let when = show(header.finished_at);
    let who = identity(&header.identity);
    sheet.prose(2, Style::Plain, &format!("Read {when} by {who}."));
    sheet.line(2, Style::Plain, &format!("sha256 {}", shown.file.sha256));
}

/// Who made it, when and of what.
fn run(sheet: &mut Sheet, shown: &Shown<'_>, holdings: &Holdings<'_>) {
    let header = &shown.file.snapshot.header;
    headline(sheet, shown, "");
    sheet.field("what", &described(shown));
    sheet.field("sha256", &format!("{} (run {})", shown.file.sha256, run_id(&shown.file.sha256)));
    sheet.field("read", &span(header));
    sheet.field("by", &identity(&header.identity));
    sheet.field("asked", &selection(header));
    sheet.field("manifest", &manifest(shown));
    let again = match header.retries {
        0 => "none sent again".to_owned(),
        count => format!("{count} sent again"),
    };
    sheet.field("requests", &format!("{}, {again}", header.requests));
    if let Some(listing) = &header.blob_listing {
        let who = identity(&listing.identity);
        let age = show_age(listing.finished_at, header.finished_at);
        let when = show(listing.finished_at);
        sheet.field("blobs", &format!("from a listing of {when}, {age} older, by {who}"));
    }
    let redacted = match &header.redaction {
        None => "no: ids and names are as Azure and the manifest have them".to_owned(),
        Some(own) => format!("{}, with the key {}", own.hides.title(), own.key),
    };
    sheet.field("redacted", &redacted);
    if let Some(skew) = holdings.skew.filter(|_| holdings.is_skew_odd()) {
        let which = if skew > 0 { "ahead of" } else { "behind" };
        let apart = show_seconds(skew.unsigned_abs());
        let text = format!("the auditor's was up to {apart} {which} Azure's");
        let label = [(Style::Doubt, "clock     ")];
        sheet.hanging(4, &label, Style::Plain, &text);
    }
    if let Some(stopped) = header.stopped {
        sheet.hanging(4, &[(Style::Doubt, "stopped   ")], Style::Plain, &wording::stopped(stopped));
    }
}

/// What a file holds.
pub(crate) fn everything(
    sheet: &mut Sheet,
    shown: &Shown<'_>,
    holdings: &Holdings<'_>,
    verbose: u8,
) {
    run(sheet, shown, holdings);
    sheet.blank();
    kinds(sheet, shown, holdings);
    sheet.blank();
    let unread = holdings.gaps.len();
    if unread == 0 {
        sheet.prose(0, Style::Good, "Everything that was asked for was answered.");
        return;
    }
    let text = format!("{} could not be read:", counted(unread, "document"));
    sheet.prose(0, Style::Doubt, &text);
    for (document, gap) in &holdings.gaps {
        lost(sheet, document, gap, verbose);
    }
}

fn headline(sheet: &mut Sheet, shown: &Shown<'_>, what: &str) {
    let name = sheet.terminal.exact(&shown.name);
    let symbol = if sheet.terminal.unicode { "✓ " } else { "+ " };
    let line = sheet.terminal.paint(Style::Good, symbol)
        + &sheet.terminal.paint(Style::Strong, &format!("{name}{what}"));
    sheet.line(0, Style::Plain, &line);
}

fn described(shown: &Shown<'_>) -> String {
    let header = &shown.file.snapshot.header;
    let demo = if shown.is_of_demo { " (demo: the embedded simulator, not Azure)" } else { "" };
    let compressed = if shown.file.is_compressed { ", compressed and sealed" } else { "" };
    format!(
        "{}{demo} by vaudit {}, format version {}{compressed}",
        contents(header.contents),
        header.tool_version,
        header.vaudit_snapshot
    )
}

fn span(header: &Header) -> String {
    let took = show_age(header.started_at, header.finished_at);
    format!("{} to {} ({took})", show(header.started_at), show(header.finished_at))
}

fn identity(identity: &Identity) -> String {
    let Identity { object_id, client_id, tenant } = identity;
    let named = |what: &str, id: &Option<String>| id.as_ref().map(|id| format!("{what} {id}"));
    let known: Vec<String> =
        [named("object", object_id), named("client", client_id), named("tenant", tenant)]
            .into_iter()
            .flatten()
            .collect();
    if known.is_empty() { "an identity that is not known".to_owned() } else { known.join(", ") }
}

fn selection(header: &Header) -> String {
    let own = &header.selection;
    let rules = match (own.rules.as_slice(), own.profile.as_str()) {
        ([], "") => "whatever there is; no profile was judged".to_owned(),
        ([], profile) => format!("profile {profile}"),
        (rules, _) => format!("rules {}", rules.join(", ")),
    };
    let skip = match own.skip.as_slice() {
        [] => String::new(),
        skip => format!(", without {}", skip.join(", ")),
    };
    let only = match own.deployments.as_slice() {
        [] => String::new(),
        names => format!("; only {}", names.join(", ")),
    };
    rules + &skip + &only
}

fn manifest(shown: &Shown<'_>) -> String {
    let copy = &shown.file.snapshot.header.manifest;
    let path = copy.path.as_deref().unwrap_or("made from flags");
    let deployments = match shown.deployments.as_slice() {
        [] => "no deployment that can be told".to_owned(),
        names => names.join(", "),
    };
    format!("{path} ({deployments}), sha256 {}", copy.sha256())
}

fn kinds(sheet: &mut Sheet, shown: &Shown<'_>, holdings: &Holdings<'_>) {
    let end = shown.file.snapshot.header.finished_at;
    let heading = ["documents", "of what", "read", "absent", "unread", "age at the end"];
    let mut rows = vec![heading.map(str::to_owned).to_vec()];
    let number = |count: usize| if count == 0 { String::new() } else { count.to_string() };
    for (kind, held) in &holdings.kinds {
        let title = kind.title();
        let title = title.strip_prefix("the ").unwrap_or(title);
        let blobs = match held.blobs {
            0 => String::new(),
            1 => " (1 entry)".to_owned(),
            count => format!(" ({count} entries)"),
        };
        let age = held.read_at.map(|(first, last)| {
            let (oldest, newest) = (show_age(first, end), show_age(last, end));
            if oldest == newest { oldest } else { format!("{newest} to {oldest}") }
        });
        rows.push(vec![
            held.documents.to_string(),
            format!("{title}{blobs}"),
            number(held.read),
            number(held.absent),
            number(held.unread),
            age.unwrap_or_default(),
        ]);
    }
    sheet.columns(2, true, &rows);
    if !holdings.containers.is_empty() {
        let list: Vec<&str> = holdings.containers.iter().copied().collect();
        sheet.prose(2, Style::Plain, &format!("blob containers: {}", list.join(", ")));
    }
}

fn lost(sheet: &mut Sheet, document: &Document, gap: &Gap, verbose: u8) {
    let symbol = [(Style::Doubt, "? ")];
    sheet.hanging(2, &symbol, Style::Plain, &gap.message);
    let status = gap.status.map(|status| format!(", status {status}")).unwrap_or_default();
    sheet.field("reason", &format!("{}{status}", gap.reason));
    if let Some(action) = gap.action.as_ref().filter(|_| gap.reason == Reason::Forbidden) {
        sheet.field("missing", action);
    }
    sheet.exact_field("at", gap.scope.as_ref().unwrap_or(&document.request.target), verbose > 0);
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
