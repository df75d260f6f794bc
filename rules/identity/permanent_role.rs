//! Is the role permanent and active, not eligible or about to end?

use jiff::SignedDuration;
use vaudit_model::estate::{RoleAssignment, STORAGE_BLOB_DATA_CONTRIBUTOR, ScheduleInstance};
use vaudit_model::instant::show;
use vaudit_model::{
    Estate, Evaluation, Evidence, Fact, Gap, Judgement, List, Meta, Need, Reason, Rule, Severity,
    Stop, Tier,
};

use super::ending::{Ending, all_understood};
use super::scopes::Scopes;
use super::wording::{create_assignment, role_and_place, role_and_scope};
use super::{assignments, principal_is_proven};

/// IAM015.
pub(crate) static RULE: Rule = Rule {
    meta: Meta {
        id: "IAM015",
        name: "permanent-role",
        title: "The assignment is permanent and active, not eligible or expiring",
        severity: Severity::Medium,
        tier: Tier::S,
        controls: &[],
        reference: "S30: review and assign the role",
        setting: "service_principal.client_id",
    },
    needs: &[
        Need::ServicePrincipal,
        Need::RoleAssignments,
        Need::RoleSchedules,
        Need::StorageAccount,
    ],
    subject: |estate| estate.service_principal_subject(),
    page: include_str!("permanent_role.md"),
    evaluate,
};

/// A role that ends sooner is about to end.
const WARN_DAYS: i64 = 30;

fn evaluate(estate: &Estate<'_>) -> Evaluation {
    let principal = estate.principal_id();
    let (principal, _) = principal.required("IAM001")?;
    let account = estate.storage_account();
    let (account, _) = account.required("PLC004")?;
    let question = Question {
        estate,
        principal,
        scopes: Scopes::of(estate, &account.id),
        eligible: estate.eligible_roles(),
        active: estate.active_roles(),
    };
    question.answer().map(|judgement| vec![judgement])
}

struct Question<'a> {
    estate: &'a Estate<'a>,
    principal: &'a str,
    scopes: Scopes,
    eligible: Fact<List<ScheduleInstance>>,
    active: Fact<List<ScheduleInstance>>,
}

impl Question<'_> {
    fn answer(&self) -> Result<Judgement, Stop> {
        let standing = self.standing();
        let holds = standing.as_ref().is_ok_and(|standing| !standing.is_empty());
        let active = self.active.value();
        let ending = Ending::of(
            active,
            |instance| self.is_the_role(instance),
            standing.as_deref().unwrap_or_default(),
        );
        let is_held = holds || ending.never || ending.last.is_some();
        let others = self.other_eligibilities();
        let mut findings: Vec<Finding> = others.into_iter().map(other_eligibility).collect();
        findings.extend(self.about_to_end(&ending)?);
        if !is_held && standing.is_ok() && active.is_some() && ending.unread.is_none() {
            findings.extend(self.only_eligible());
        }
        if !findings.is_empty() {
            return Ok(self.failed(findings));
        }
        if self.estate.has_no_pim_licence() {
            return self.without_licence(is_held, standing.map(|_| ()));
        }
        let (eligible, source) = self.eligible.required("IAM001")?;
        self.active.required("IAM001")?;
        if let (false, Some(gap)) = (ending.never, ending.unread) {
            return Err(gap.into());
        }
        eligible.all_read()?;
        all_understood(eligible)?;
        principal_is_proven(self.estate, self.principal)?;
        if !is_held {
            standing?;
            return Err(Stop::absent("IAM008", source));
        }
        let subject = self.estate.service_principal_subject();
        let message = match ending.last.filter(|_| !ending.never) {
            Some((_, end)) => format!("The role is active until {}.", show(end)),
            None => "The role is active and has no end.".to_owned(),
        };
        let evidence = Evidence::at(source)
            .observed(format!("active; {} eligible roles", eligible.items.len()))
            .expected("active, without an end");
        Ok(Judgement::pass(subject, message).with(evidence))
    }

    /// The role's own assignments that cover the container.
    fn standing(&self) -> Result<Vec<&RoleAssignment>, Stop> {
        let assignments = assignments(self.estate)?;
        let reaching = |item: &&RoleAssignment| self.scopes.reach_container(item.scope.value());
        let found: Vec<&RoleAssignment> = assignments.with_role().filter(reaching).collect();
        if found.is_empty() {
            assignments.show_every_role(self.estate)?;
        }
        Ok(found)
    }

    /// Whether an instance is the principal's own, of the one role, where it covers the container.
    fn is_the_role(&self, instance: &ScheduleInstance) -> bool {
        instance.principal_id.value().is_some_and(|id| id == self.principal)
            && instance.is_blob_data_contributor()
            && self.scopes.reach_container(instance.scope.value())
    }

    fn about_to_end(&self, ending: &Ending<'_>) -> Result<Option<Finding>, Stop> {
        let (Some((instance, end)), false, None) = (ending.last, ending.never, &ending.unread)
        else {
            return Ok(None);
        };
        let now = self.active.source().and_then(|source| source.origin.now());
        let Some(now) = now else {
            let message = "the schedules came without a date to compare with";
            return Err(Gap::because(Reason::MissingField, message).into());
        };
        if end.duration_since(now) > SignedDuration::from_hours(24 * WARN_DAYS) {
            return Ok(None);
        }
        let evidence = Evidence::at(&instance.source)
            .observed(format!("ends on {}", show(end)))
            .expected("no end");
        Ok(Some(Finding {
            message: format!("the role ends on {}", show(end)),
            evidence,
            is_own: true,
        }))
    }

    fn only_eligible(&self) -> Option<Finding> {
        let list = self.eligible.value()?;
        let own = list.items.iter().filter(|item| self.is_the_role(item));
        let instance = own.min_by(|a, b| a.id.cmp(&b.id))?;
        Some(Finding {
            message: "the service principal is only eligible for the role, and cannot activate it"
                .to_owned(),
            evidence: Evidence::at(&instance.source).observed("eligible").expected("active"),
            is_own: true,
        })
    }

    /// What it is eligible for besides the one role in its place, through groups too.
    fn other_eligibilities(&self) -> Vec<&ScheduleInstance> {
        let is_expected = |item: &ScheduleInstance| {
            self.is_the_role(item)
                && item.scope.value().is_some_and(|own| self.scopes.are_narrow(own))
        };
        let list = self.eligible.value().into_iter().flat_map(|list| &list.items);
        let is_read =
            |item: &ScheduleInstance| item.role.value().is_some() && item.scope.value().is_some();
        let mut others: Vec<&ScheduleInstance> =
            list.filter(|item| is_read(item) && !is_expected(item)).collect();
        others.sort_by(|a, b| a.id.cmp(&b.id));
        others
    }

    /// Without a licence nothing can be eligible, and nothing can end.
    fn without_licence(
        &self,
        is_held: bool,
        standing: Result<(), Stop>,
    ) -> Result<Judgement, Stop> {
        if is_held {
            let reason = "the tenant has no licence for Privileged Identity Management, and the role is assigned permanently";
            return Err(Stop::not_applicable(reason));
        }
        standing?;
        Err(match self.estate.role_assignments().source() {
            Some(source) => Stop::absent("IAM008", source),
            None => Stop::not_applicable("absent: see IAM008"),
        })
    }

    fn failed(&self, findings: Vec<Finding>) -> Judgement {
        let subject = self.estate.service_principal_subject();
        let messages: Vec<&str> = findings.iter().map(|own| own.message.as_str()).collect();
        let message = vaudit_model::rule::sentence(&messages.join("; "));
        let role = STORAGE_BLOB_DATA_CONTRIBUTOR;
        let command = findings
            .iter()
            .any(|own| own.is_own)
            .then(|| create_assignment(self.principal, role, self.scopes.wanted()));
        let advice = "Assign the one role permanently and actively, and remove every other eligibility in Privileged Identity Management: a service principal cannot activate any.";
        let evidence = findings.into_iter().map(|own| own.evidence);
        Judgement::fail(subject, message)
            .with_all(evidence)
            .fix(advice, command.into_iter().collect())
    }
}

/// One thing that is wrong.
struct Finding {
    message: String,
    evidence: Evidence,
    /// Whether it is about the one role.
    is_own: bool,
}

fn other_eligibility(instance: &ScheduleInstance) -> Finding {
    let what = role_and_place(&instance.role, &instance.scope);
    Finding {
        message: format!("the service principal is eligible for {what}"),
        evidence: Evidence::at(&instance.source)
            .observed(role_and_scope(&instance.role, &instance.scope))
            .expected("no eligibility"),
        is_own: false,
    }
}
