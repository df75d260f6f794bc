//! The past: reports of earlier runs as they are read back, how a run differs from one of them, and
//! what many of them say together.
//!
//! Only findings matter here: failures and lost verdicts. A failure is over when its rule was judged
//! and says so. What could not be judged, or was not asked, is neither fixed nor new: it waits, and
//! keeps the time since when it fails.

mod comparison;
mod past;
mod trend;

pub use comparison::{Baseline, Change, Changes, Comparison, Departed, Fate, Mark};
pub use past::{PastDeployment, PastFinding, PastReport, PastResult, PastRun, ReportError};
pub use trend::{Cell, Episode, Hole, Trend, TrendFinding, TrendRun};
