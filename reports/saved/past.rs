//! What a saved report says of the run before it.

use std::collections::BTreeMap;

use serde::Deserialize;
use vaudit_model::history::{Comparison, Departed, Fate, Mark, PastFinding};

use super::{Damage, instant};

#[derive(Deserialize)]
pub(super) struct SavedPrevious {
    run_id: String,
    finished_at: String,
    fixed: Vec<SavedPast>,
    not_judged: Vec<SavedPast>,
}

#[derive(Deserialize)]
struct SavedPast {
    now: String,
    #[serde(flatten)]
    finding: PastFinding,
}

impl SavedPrevious {
    pub(super) fn comparison(self, marks: BTreeMap<String, Mark>) -> Result<Comparison, Damage> {
        let departed = self.fixed.into_iter().chain(self.not_judged).map(SavedPast::departed);
        let departed = departed.collect::<Result<_, _>>()?;
        let finished_at = instant(&self.finished_at)?;
        Ok(Comparison { run_id: self.run_id, finished_at, marks, departed })
    }
}

impl SavedPast {
    fn departed(self) -> Result<Departed, Damage> {
        let fate = Fate::ALL
            .into_iter()
            .find(|fate| fate.word() == self.now)
            .ok_or_else(|| Damage::unknown("end of a finding", &self.now))?;
        Ok(Departed { finding: self.finding, fate })
    }
}
