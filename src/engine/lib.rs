//! The engine: chooses rules, evaluates them over a snapshot in parallel, applies waivers, says which
//! exit code the verdicts amount to, and holds runs against each other.
//!
//! Pure: it reads no clock and does no I/O. "Now" is the end of the run, as the snapshot says.

mod assess;
mod comparison;
mod drift;
mod exit;
mod gaps;
mod glob;
mod redaction;
mod select;
mod trend;
mod waivers;

pub use assess::{Inputs, assess, evaluate};
pub use comparison::compare;
pub use drift::{Look, drift};
pub use exit::{ExitCode, FailOn};
pub use glob::RuleGlob;
pub use redaction::{differences, renamed_digests};
pub use select::{Profile, SelectionError, needs, select};
pub use trend::{TrendBuilder, TrendChoice};
