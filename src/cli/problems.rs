//! Shows the mistakes of a manifest: file, line, column, caret, and what to write instead.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use vaudit_manifest::{Problem, flag_for_key};

use crate::failure::Failure;

/// The failure of a manifest with mistakes.
pub(crate) fn in_file(path: &Path, text: &str, problems: &[Problem]) -> Failure {
    let path = path.display().to_string();
    let renderer = Renderer::styled();
    let mut rendered = String::new();
    for problem in problems {
        let mut snippet = Snippet::source(text)
            .path(&path)
            .annotation(AnnotationKind::Primary.span(problem.span.clone()));
        for note in &problem.notes {
            let context = AnnotationKind::Context.span(note.span.clone()).label(&note.message);
            snippet = snippet.annotation(context);
        }
        let mut group: Group<'_> = Level::ERROR.primary_title(&problem.message).element(snippet);
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(help));
        }
        rendered.push_str(&renderer.render(&[group]));
        rendered.push_str("\n\n");
    }
    let count = match problems.len() {
        1 => "1 mistake".to_owned(),
        count => format!("{count} mistakes"),
    };
    Failure {
        rendered: Some(rendered),
        ..Failure::new(format!("{path} has {count}; nothing was audited"))
    }
}

/// The failure of flags with mistakes: each names its flag instead of a place in a file.
pub(crate) fn in_flags(problems: &[Problem]) -> Failure {
    let messages = problems.iter().map(|problem| {
        let flag = problem.key.as_deref().and_then(flag_for_key);
        match flag {
            Some(flag) => format!("{flag}: {}", problem.message),
            None => problem.message.clone(),
        }
    });
    Failure {
        messages: messages.collect(),
        help: problems.iter().filter_map(|problem| problem.help.clone()).collect(),
        ..Failure::default()
    }
}
