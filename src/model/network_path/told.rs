//! Hops as a report tells them, and as they are read back from one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reach::{Hop, Stage, State};
use crate::shell::inert;

/// One hop of a report.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Hop")]
pub(super) struct ToldHop {
    /// What the hop is.
    hop: String,
    /// Whether it lets the traffic through.
    state: ToldState,
    /// What stands in the way, or why that is not known; null for an open hop.
    why: Option<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum ToldState {
    Open,
    Broken,
    Unknown,
}

/// A hop of a report that is none of those there are.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no hop of the way to the database")]
pub(super) struct UnknownHop(String);

impl From<Hop> for ToldHop {
    fn from(hop: Hop) -> Self {
        let (state, why) = match hop.state {
            State::Open => (ToldState::Open, None),
            State::Broken(why) => (ToldState::Broken, Some(why)),
            State::Unknown(why) => (ToldState::Unknown, Some(why)),
        };
        Self { hop: hop.stage.to_string(), state, why }
    }
}

impl TryFrom<ToldHop> for Hop {
    type Error = UnknownHop;

    fn try_from(told: ToldHop) -> Result<Self, UnknownHop> {
        let stage = Stage::ALL.into_iter().find(|stage| stage.to_string() == told.hop);
        let stage = stage.ok_or_else(|| UnknownHop(inert(&told.hop)))?;
        let why = told.why.unwrap_or_default();
        let state = match told.state {
            ToldState::Open => State::Open,
            ToldState::Broken => State::Broken(why),
            ToldState::Unknown => State::Unknown(why),
        };
        Ok(Self { stage, state })
    }
}

impl Hop {
    /// The same with a reason that cannot act.
    #[must_use]
    pub fn inert(self) -> Self {
        let state = match self.state {
            State::Open => State::Open,
            State::Broken(why) => State::Broken(inert(&why)),
            State::Unknown(why) => State::Unknown(inert(&why)),
        };
        Self { state, ..self }
    }
}
