//! Talks to Azure.
