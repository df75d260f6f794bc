//! Which change a rule turned for: the one its evidence points at, else one on the same resource, else
//! one inside it; and where no fact tells, what the rule itself saw.

use vaudit_model::drift::{Class, Difference};
use vaudit_model::rule::{Evidence, Judgement};

use super::changes::{Found, key_of, last_segment};
use super::turns::{Kind, Turned};

/// How near a change is to what a rule speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// The place its evidence points at, or the whole resource where that came or went.
    Place,
    /// The resource its evidence is of.
    Evidence,
    /// Its subject.
    Subject,
    /// A resource inside those, or around them.
    Family,
}

/// The places a turned result speaks of.
struct Places {
    /// Resources and pointers of its evidence.
    evidence: Vec<(String, String)>,
    /// What it is about.
    subjects: Vec<String>,
}

/// Gives every change the rules that turned with it, and every rule that turned for the worse or the
/// better at least one difference.
pub(super) fn of(mut found: Vec<Found>, turns: &[Turned<'_>]) -> Vec<Difference> {
    let mut untold = Vec::new();
    for turned in turns {
        let places = Places::of(turned);
        let reach = match turned.kind {
            Kind::Lost => continue,
            // Whoever failed before has not turned; what it points at is still broken.
            Kind::StillFails => Nearness::Place,
            Kind::Worsened | Kind::Improved | Kind::Accepted => Nearness::Family,
        };
        let nearest = found.iter().filter_map(|own| places.nearness(own)).min();
        match nearest.filter(|nearest| *nearest <= reach) {
            Some(nearest) => {
                for own in &mut found {
                    if places.nearness(own) == Some(nearest) {
                        attach(&mut own.difference, turned);
                    }
                }
            }
            None if matches!(turned.kind, Kind::Worsened | Kind::Improved) => {
                untold.push(as_the_rule_saw_it(turned));
            }
            None => {}
        }
    }
    fold_children(&mut found);
    found.into_iter().map(|own| own.difference).chain(untold).collect()
}

fn attach(difference: &mut Difference, turned: &Turned<'_>) {
    let class = match turned.kind {
        Kind::Worsened | Kind::StillFails => Class::BreaksDesign,
        Kind::Improved => Class::MendsDesign,
        Kind::Accepted | Kind::Lost => difference.class,
    };
    difference.class = difference.class.min(class);
    difference.rules.push(turned.turn());
}

impl Places {
    fn of(turned: &Turned<'_>) -> Self {
        let judgements = || turned.before.into_iter().chain(turned.after).map(|own| &own.judgement);
        let evidence: Vec<(String, String)> = judgements()
            .flat_map(|judgement: &Judgement| &judgement.evidence)
            .map(|own: &Evidence| (key_of(&own.resource), own.pointer.clone()))
            .collect();
        let subjects = judgements().map(|judgement| key_of(&judgement.subject)).collect();
        Self { evidence, subjects }
    }

    fn nearness(&self, found: &Found) -> Option<Nearness> {
        let came_or_went = found.difference.fact.is_none();
        let is_pointed_at = self.evidence.iter().any(|(own, at)| {
            let is_whole = came_or_went && *own == found.resource;
            is_whole
                || found
                    .places
                    .iter()
                    .any(|(resource, pointer)| own == resource && overlap(at, pointer))
        });
        if is_pointed_at {
            return Some(Nearness::Place);
        }
        let resources = || self.evidence.iter().map(|(resource, _)| resource);
        if resources().any(|own| *own == found.resource) {
            return Some(Nearness::Evidence);
        }
        if self.subjects.contains(&found.resource) {
            return Some(Nearness::Subject);
        }
        let is_family = |own: &String| {
            is_resource(own) && (is_below(own, &found.resource) || is_below(&found.resource, own))
        };
        resources().chain(&self.subjects).any(is_family).then_some(Nearness::Family)
    }
}

/// Whether one pointer leads to the other's place or around it. The whole resource is no place.
fn overlap(one: &str, other: &str) -> bool {
    let within = |a: &str, b: &str| {
        a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    !one.is_empty() && !other.is_empty() && (within(one, other) || within(other, one))
}

fn is_below(own: &str, above: &str) -> bool {
    own.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a key names a resource, and not a scope that everything lies in.
fn is_resource(key: &str) -> bool {
    key.contains("/providers/") || !key.starts_with('/')
}

/// What a rule saw, where no compared fact has changed: the age of a backup is no fact that is
/// compared, but a rule may turn for it.
fn as_the_rule_saw_it(turned: &Turned<'_>) -> Difference {
    let turn = turned.turn();
    let speaker = &turned.speaker.judgement;
    let pointer = speaker.evidence.iter();
    let pointer = pointer.map(|own| own.pointer.trim_start_matches('/')).find(|at| !at.is_empty());
    let fact = pointer.map(|at| at.trim_start_matches("properties/").replace('/', "."));
    let seen = |judgement: &Judgement| {
        let observed = judgement.evidence.iter().find_map(|own| own.observed.clone());
        observed.unwrap_or_else(|| judgement.message.clone())
    };
    let resource = speaker.subject.clone();
    let mut difference = Difference {
        class: Class::AllowedChange,
        kind: String::new(),
        name: last_segment(&resource).to_owned(),
        resource,
        fact: Some(fact.unwrap_or_else(|| turn.meta.name.to_owned())),
        before: turned.before.map(|own| seen(&own.judgement)),
        after: turned.after.map(|own| seen(&own.judgement)),
        rules: Vec::new(),
        lost: None,
        activity: Vec::new(),
    };
    attach(&mut difference, turned);
    difference
}

/// What came or went with the resource around it is not told again, unless a rule minds it.
fn fold_children(found: &mut Vec<Found>) {
    let parents: Vec<(String, bool)> = found
        .iter()
        .filter(|own| own.difference.fact.is_none())
        .map(|own| (own.resource.clone(), own.difference.before.is_none()))
        .collect();
    found.retain(|own| {
        let came = own.difference.before.is_none();
        let is_child = own.difference.fact.is_none()
            && own.difference.rules.is_empty()
            && parents
                .iter()
                .any(|(parent, is_new)| *is_new == came && is_below(&own.resource, parent));
        !is_child
    });
}
