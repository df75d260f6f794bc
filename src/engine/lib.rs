//! Evaluates rules.
