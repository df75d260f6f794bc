//! The drift report as Markdown: for a job summary or a comment. Such places refuse what is too long,
//! so what does not fit is counted.

use vaudit_model::drift::{Class, DeploymentDrift, Difference, Drift};
use vaudit_model::rule::sentence;

use super::{
    comparison, counts, details, event, exit_code, heading, manifests, search, title, turned, value,
};
use crate::markdown::LIMIT;
use crate::markdown_text::{code, prose};
use crate::wording;

/// How much is kept for what stands around the differences.
const AROUND: usize = 2_000;

/// Renders the differences as Markdown.
pub fn render(drift: &Drift) -> String {
    within(drift, LIMIT)
}

fn within(drift: &Drift, limit: usize) -> String {
    let mut text = format!("## vaudit drift: {}\n\n", outcome(drift));
    text += &format!("{}\n\n", prose(&comparison(drift)));
    for note in manifests(drift).into_iter().map(str::to_owned).chain(search(&drift.activity)) {
        text += &format!("{}\n\n", prose(&note));
    }
    if let Some(stopped) = drift.run.header.stopped {
        text += &format!("**{}**\n\n", prose(&wording::stopped(stopped)));
    }
    let mut left_out = 0;
    for class in Class::ALL {
        let all = drift.deployments.iter().flat_map(|own| {
            own.differences.iter().filter(|own| own.class == class).map(move |other| (own, other))
        });
        let mut is_open = false;
        for (own, difference) in all {
            let mut entry = String::new();
            if !is_open {
                entry += &format!("### {}\n\n", heading(class));
            }
            entry += &paragraph(drift, own, difference);
            if text.len() + entry.len() + AROUND > limit {
                left_out += 1;
                continue;
            }
            is_open = true;
            text += &entry;
        }
    }
    match left_out {
        0 => {}
        1 => text += "One more difference has no room here.\n\n",
        more => text += &format!("{more} more differences have no room here.\n\n"),
    }
    text += &format!("{}\n", prose(&exit_code(drift)));
    text
}

fn outcome(drift: &Drift) -> String {
    let all: Vec<Difference> = drift.differences().cloned().collect();
    counts(&all)
}

fn paragraph(drift: &Drift, own: &DeploymentDrift, difference: &Difference) -> String {
    let deployment = &own.deployment;
    let place = if drift.deployments.len() > 1 {
        format!("{}: ", code(&deployment.name))
    } else {
        String::new()
    };
    let mut text = format!("- {place}**{}**", prose(&title(difference, deployment)));
    let shown = |text: &Option<String>, none: &str| {
        text.as_ref().map_or_else(|| none.to_owned(), |text| code(&value(text, deployment, false)))
    };
    match (&difference.lost, &difference.fact) {
        (Some(lost), _) => text += &format!(": {}", prose(&super::lost(lost))),
        (None, Some(fact)) => {
            let (before, after) =
                (shown(&difference.before, "not set"), shown(&difference.after, "not set"));
            text += &format!(", {}: {before} → {after}", code(fact));
        }
        (None, None) => {
            let (word, what) = match &difference.before {
                None => ("new", &difference.after),
                gone => ("gone", gone),
            };
            text += &format!(" is {word}");
            if let Some(known) = details(what.as_ref()) {
                text += &format!(": {}", code(&value(known, deployment, false)));
            }
        }
    }
    text.push('\n');
    for rule in &difference.rules {
        let message = prose(&sentence(&rule.message));
        text += &format!(
            "  - {} {} ({}): {}\n",
            rule.meta.id,
            prose(&turned(rule)),
            rule.severity.word(),
            if difference.class == Class::BreaksDesign { message } else { prose(rule.meta.title) },
        );
    }
    for entry in &difference.activity {
        text += &format!("  - {}\n", code(&event(entry)));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::canned;

    #[test]
    fn the_report_is_whole_where_there_is_room_and_counted_where_not() {
        let drift = canned::drift();
        let text = render(&drift);
        insta::assert_snapshot!("drift.md", text);
        let cut = within(&drift, 3_000);
        assert!(cut.len() <= 3_000);
        assert!(cut.contains("no room here"), "{cut}");
    }
}
