//! Secrets and certificates, sorted by whether they can be signed in with now.

use jiff::Timestamp;
use vaudit_model::estate::{Credential, Validity};
use vaudit_model::instant::show;
use vaudit_model::{Fact, Gap, List};

/// Credentials by whether they can be signed in with now.
pub(super) struct Credentials {
    now: Timestamp,
    valid: Vec<(Credential, Timestamp)>,
    /// Why not, for those that cannot.
    pub(super) invalid: Vec<(Credential, String)>,
    /// What was not read of them.
    pub(super) unread: Option<Gap>,
}

impl Credentials {
    pub(super) fn at(now: Timestamp) -> Self {
        Self { now, valid: Vec::new(), invalid: Vec::new(), unread: None }
    }

    /// Sorts the credentials of a list in; what cannot be read of it is kept as a gap.
    pub(super) fn add(&mut self, listed: &Fact<List<Credential>>) {
        let list = match listed {
            Fact::Known(list, _) => list,
            Fact::Absent(_) => return,
            Fact::Unread(gap) => {
                self.unread.get_or_insert_with(|| gap.clone());
                return;
            }
        };
        for credential in &list.items {
            self.sort_in(credential);
        }
        self.invalid.sort_by(|a, b| (&a.0.name, &a.1).cmp(&(&b.0.name, &b.1)));
    }

    fn sort_in(&mut self, credential: &Credential) {
        let reason = match credential.validity(self.now) {
            Validity::Valid => {
                self.valid.extend(credential.ends.value().map(|end| (credential.clone(), *end)));
                return;
            }
            Validity::NotYet(starts) => format!("{} begins on {}", credential.name, show(starts)),
            Validity::Over(ends) => format!("{} ended on {}", credential.name, show(ends)),
            Validity::Unread(gap) => {
                self.unread.get_or_insert(gap);
                return;
            }
        };
        self.invalid.push((credential.clone(), reason));
    }

    /// The valid one that lasts longest.
    pub(super) fn lasting(&self) -> Option<&(Credential, Timestamp)> {
        self.valid.iter().max_by(|a, b| (a.1, &a.0.name).cmp(&(b.1, &b.0.name)))
    }
}

/// From when to when a credential lives, for evidence.
pub(super) fn dates(credential: &Credential) -> String {
    let date = |fact: &Fact<Timestamp>| fact.value().map_or("?".to_owned(), |date| show(*date));
    format!("{} to {}", date(&credential.starts), date(&credential.ends))
}
