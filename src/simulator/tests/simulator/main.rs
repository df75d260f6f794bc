//! The simulator as its clients see it: over HTTP, with raw requests.
#![cfg(test)]

mod arm;
mod blobs;
mod changes;
mod faults;
mod graph;
mod resource_graph;
mod scenarios;
mod serving;
mod sign_in;
mod support;
