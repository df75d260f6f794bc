//! Canned differences: each class, a rule that turned, a loss on both sides, who did it, and names
//! that try to get out.

use vaudit_model::Verdict;
use vaudit_model::drift::{
    ActivitySearch, Baseline, Class, DeploymentDrift, Difference, Drift, Event, Lost, PRESENT,
    Side, Turn,
};
use vaudit_model::snapshot::Header;

use crate::canned::{HOSTILE, WIDE, assessment};

fn difference(class: Class, resource: &str, kind: &str, name: &str) -> Difference {
    Difference {
        class,
        resource: resource.to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        fact: None,
        before: None,
        after: None,
        rules: Vec::new(),
        lost: None,
        activity: Vec::new(),
    }
}

pub(crate) fn drift() -> Drift {
    let assessment = assessment();
    let production = &assessment.deployments[0];
    let turn = |rule: &str, before: Option<Verdict>| {
        let result = production.results.iter().find(|own| own.meta.id == rule).unwrap();
        Turn {
            meta: result.meta,
            severity: result.severity,
            before,
            after: Some(result.judgement.verdict),
            message: result.judgement.message.clone(),
            is_waived: result.waiver.is_some(),
            fingerprint: result.fingerprint.clone(),
        }
    };
    let server = &production.results.iter().find(|own| own.meta.id == "PG001").unwrap().judgement;
    let event = Event {
        at: "2026-11-20T10:11:12Z".parse().unwrap(),
        caller: Some(format!("alice{HOSTILE}@example.com")),
        operation: "Microsoft.DBforPostgreSQL/flexibleServers/write".to_owned(),
        status: Some("Succeeded".to_owned()),
    };
    let lost = production
        .results
        .iter()
        .find_map(|own| (own.meta.id == "BKP001").then(|| own.judgement.gap.clone()).flatten());
    let subnet = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet-aks/subnets/snet-aks";
    let differences = vec![
        Difference {
            fact: Some("version".to_owned()),
            before: Some("13".to_owned()),
            after: Some("14".to_owned()),
            rules: vec![turn("PG001", Some(Verdict::Pass))],
            activity: vec![event],
            ..difference(Class::BreaksDesign, &server.subject, "PostgreSQL server", "pg-vectice")
        },
        Difference {
            rules: vec![turn("BKP001", Some(Verdict::Indeterminate))],
            lost: lost.map(|gap| Lost { gap, side: Side::Both }),
            ..difference(Class::CouldNotCompare, &server.subject, "", "pg-vectice")
        },
        Difference {
            fact: Some("peeringState".to_owned()),
            before: Some("Disconnected".to_owned()),
            after: Some("Connected".to_owned()),
            ..difference(Class::MendsDesign, subnet, "peering", "aks-to-pg")
        },
        Difference {
            after: Some(format!("access Allow, sourceAddressPrefixes {HOSTILE}")),
            ..difference(Class::New, subnet, "security rule", HOSTILE)
        },
        Difference {
            before: Some(PRESENT.to_owned()),
            ..difference(Class::Gone, subnet, "database", WIDE)
        },
        Difference {
            fact: Some("networkSecurityGroup".to_owned()),
            after: Some(format!("{subnet}, {subnet}")),
            ..difference(Class::AllowedChange, subnet, "subnet", "snet-aks")
        },
    ];
    let mut header: Header = assessment.run.header.clone();
    header.finished_at = "2026-11-01T02:10:00Z".parse().unwrap();
    let others = assessment.deployments[1..].iter();
    let others = others
        .map(|own| DeploymentDrift { deployment: own.deployment.clone(), differences: Vec::new() });
    let own = DeploymentDrift { deployment: production.deployment.clone(), differences };
    Drift {
        baseline: Baseline {
            id: "0123456789abcdef".to_owned(),
            header,
            manifest_sha256: "another".to_owned(),
        },
        run: assessment.run.clone(),
        expects_otherwise: true,
        exit_code: 1,
        deployments: std::iter::once(own).chain(others).collect(),
        activity: ActivitySearch::From {
            since: "2026-11-01T02:10:00Z".parse().unwrap(),
            is_cut: false,
            lost: Vec::new(),
        },
    }
}
