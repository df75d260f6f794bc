//! Renders assessments.
