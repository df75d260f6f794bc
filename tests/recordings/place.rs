//! What a URL asks for: the type of a resource, and which one.

/// What a URL asks for.
pub(crate) struct Place {
    /// The resource type in lower case (`microsoft.network/virtualnetworks/subnets`), or of what has
    /// none the words of the path (`resourcegroups`, `graph/applications`).
    pub(crate) kind: String,
    /// The path, decoded where that leaves an id one.
    pub(crate) path: String,
    /// Whether Microsoft Graph was asked.
    pub(crate) is_graph: bool,
}

impl Place {
    /// Reads a URL without caring what host it names, or how many slashes it has.
    pub(crate) fn of(url: &str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = path.split('/').filter(|own| !own.is_empty()).collect();
        let is_graph = host.contains("graph");
        let kind = if is_graph { graph_kind(&segments) } else { arm_kind(&segments) };
        Self { kind, path: format!("/{}", segments.join("/")), is_graph }
    }

    /// The path of what a list is the children of, or of the parent of an item.
    pub(crate) fn parent(&self, levels: usize) -> String {
        let segments: Vec<&str> = self.path.split('/').collect();
        segments[..segments.len().saturating_sub(levels)].join("/")
    }
}

fn arm_kind(segments: &[&str]) -> String {
    let providers = segments.iter().rposition(|own| own.eq_ignore_ascii_case("providers"));
    let types: Vec<&str> = match providers {
        Some(at) => {
            let own = segments[at + 1..].iter().copied();
            own.enumerate()
                .filter(|(index, _)| index % 2 == 1 || *index == 0)
                .map(|(_, own)| own)
                .collect()
        }
        // `subscriptions/{id}/resourcegroups/{name}`: the last word that is no name.
        None => segments.iter().copied().step_by(2).next_back().into_iter().collect(),
    };
    types.join("/").to_ascii_lowercase()
}

fn graph_kind(segments: &[&str]) -> String {
    let mut words = Vec::new();
    let mut is_key = false;
    for segment in segments.iter().skip(1) {
        if is_key {
            is_key = false;
            continue;
        }
        let word = segment.split('(').next().unwrap_or_default();
        is_key = word.len() == segment.len();
        words.push(word.to_ascii_lowercase());
    }
    format!("graph/{}", words.join("/"))
}
