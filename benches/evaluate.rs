//! How fast the engine judges: the reference profile over 1,000 deployments, with one thread and two.
//!
//! `cargo bench --bench evaluate` reports rule evaluations a second: an estate of its own is read for
//! each deployment and asked every rule, as `assess` does it, digests of evidence included. Reading the
//! snapshot's file and rendering a report are not measured. The aim is 100,000 evaluations a second
//! with one thread.

#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on stops")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;

use criterion::{
    BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use serde_json::{Value, json};
use support::pages::Example;
use support::root;
use vaudit_engine::{Profile, evaluate, select};
use vaudit_model::assessment::RuleResult;
use vaudit_model::{Deployment, Estate, Rule, Snapshot, Verdict};
use vaudit_rules::CATALOGUE;

/// How many deployments are judged.
const DEPLOYMENTS: usize = 1_000;

/// The subscription of the compliant estate.
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-00000000000a";

/// What the deployments differ in, by turns, so that passing, failing and not knowing all count.
fn variations() -> Vec<Value> {
    let refused = json!({"status": 403, "code": "AuthorizationFailed"});
    vec![
        json!({}),
        json!({"server": {"properties": {"version": "14"}}}),
        json!({"aks vnet": {"properties": {"virtualNetworkPeerings": []}}}),
        json!({"storage account": {"properties": {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Allow"}}}}),
        json!({"backups": refused, "newest folder": []}),
        json!({"role assignments": refused}),
        json!({"links": []}),
        json!({"manifest": {"backup": null}}),
    ]
}

/// One deployment and what was read of it.
struct Audited {
    snapshot: Snapshot,
    deployment: Deployment,
}

impl Audited {
    /// A variation in a subscription of its own.
    fn numbered(number: usize, example: &Example) -> Self {
        let own = format!("00000000-0000-0000-0001-{number:012}");
        let mut snapshot = Snapshot::empty(example.snapshot.header.clone());
        for document in example.snapshot.documents() {
            let text = serde_json::to_string(document).unwrap().replace(SUBSCRIPTION, &own);
            snapshot.insert(serde_json::from_str(&text).unwrap());
        }
        let name = format!("deployment-{number}");
        let deployment = Deployment { name, subscription: own, ..example.deployment.clone() };
        Self { snapshot, deployment }
    }

    fn results(&self, rules: &[&'static Rule]) -> Vec<RuleResult> {
        let estate = Estate::new(&self.snapshot, &self.deployment).asked(rules);
        rules.par_iter().flat_map_iter(|rule| evaluate(rule, &estate)).collect()
    }
}

/// How many results of a deployment fail, and how many are indeterminate.
fn open(results: &[RuleResult]) -> (usize, usize) {
    let count =
        |verdict| results.iter().filter(|result| result.judgement.verdict == verdict).count();
    (count(Verdict::Fail), count(Verdict::Indeterminate))
}

fn reference_profile(criterion: &mut Criterion) {
    let rules = select(CATALOGUE, Profile::Reference, &[], &[]).unwrap();
    let examples: Vec<Example> = variations().iter().map(Example::of).collect();
    let audited: Vec<Audited> = (0..DEPLOYMENTS)
        .map(|number| Audited::numbered(number, &examples[number % examples.len()]))
        .collect();
    // Estates that are nothing to the rules would be judged in no time.
    assert_eq!(open(&audited[0].results(&rules)), (0, 0));
    for variation in &audited[1..examples.len()] {
        assert_ne!(open(&variation.results(&rules)), (0, 0));
    }

    let mut group = criterion.benchmark_group("rule evaluations");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Elements((DEPLOYMENTS * rules.len()) as u64));
    for threads in [1, 2] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        group.bench_function(BenchmarkId::new("threads", threads), |bencher| {
            bencher.iter(|| {
                pool.install(|| {
                    audited.par_iter().for_each(|one| {
                        black_box(one.results(&rules));
                    });
                });
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().output_directory(&root().join("target/criterion"));
    targets = reference_profile
}
criterion_main!(benches);
