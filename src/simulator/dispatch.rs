//! From a request to its answer: host, token, fault, service, headers.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::body::Incoming;
use hyper::{Request, Response};
use serde_json::Value;

use crate::answer::Answer;
use crate::blob::Blobs;
use crate::clock::http_date;
use crate::enforcement;
use crate::faults::{self, Fault, Outcome};
use crate::graph::Graph;
use crate::json::merge_patch;
use crate::log::{Log, LoggedRequest};
use crate::meter::{Allowance, Quota, Serial};
use crate::request::{Asked, Entry, Misdirected, Origin, Service};
use crate::scenario::Scenario;
use crate::sign_in::SignIn;
use crate::tokens::{Claims, Mint, TokenProblem};
use crate::{arm, arm_errors, blob, blob_xml, clouds, graph, resource_graph};

/// A token request is a few hundred bytes.
const MOST_BODY_BYTES: usize = 256 * 1024;

/// What all connections of a simulator share.
#[derive(Debug)]
pub(crate) struct Shared {
    scenario: RwLock<Arc<Scenario>>,
    /// Makes and checks tokens.
    pub(crate) mint: Mint,
    /// Remembers requests.
    pub(crate) log: Log,
    serial: Serial,
    allowance: Allowance,
    quota: Quota,
}

/// A fault asked for the connection to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("a fault of the scenario drops the connection")]
pub(crate) struct Dropped;

/// What came of a request.
struct Told {
    answer: Result<Answer, Dropped>,
    delay: Duration,
    audience: Option<String>,
}

impl Shared {
    /// Shares a scenario.
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            scenario: RwLock::new(Arc::new(scenario)),
            mint: Mint::default(),
            log: Log::default(),
            serial: Serial::default(),
            allowance: Allowance::default(),
            quota: Quota::default(),
        }
    }

    /// The scenario that is being told.
    pub(crate) fn scenario(&self) -> Arc<Scenario> {
        Arc::clone(&self.scenario.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells another scenario from now on: another Azure, of which nobody has read anything yet.
    pub(crate) fn replace(&self, scenario: Scenario) {
        *self.scenario.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(scenario);
        self.allowance.fill();
        self.quota.fill();
    }

    /// Answers a request.
    pub(crate) async fn handle(
        &self,
        request: Request<Incoming>,
        entry: &Entry,
    ) -> Result<Response<Full<Bytes>>, Dropped> {
        let _under_way = self.log.enter();
        let asked = Instant::now();
        let scenario = self.scenario();
        let (parts, body) = request.into_parts();
        let mut logged = LoggedRequest {
            method: parts.method.as_str().to_owned(),
            host: parts
                .uri
                .authority()
                .map(|authority| authority.as_str().to_owned())
                .or_else(|| Some(parts.headers.get("host")?.to_str().ok()?.to_owned()))
                .unwrap_or_default(),
            path_and_query: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            bearer: parts
                .headers
                .get("authorization")
                .is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"bearer ")),
            audience: None,
            status: None,
            asked,
            answered: asked,
        };
        let told = match Limited::new(body, MOST_BODY_BYTES).collect().await {
            Err(_) => Told::of(Answer::empty(413)),
            Ok(body) => match Asked::new(parts, body.to_bytes(), entry) {
                Err(reason) => Told::of(misdirected(reason)),
                Ok(asked) => self.tell(&scenario, &asked),
            },
        };
        let delay = scenario.pace.latency + told.delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        logged.audience = told.audience;
        logged.status = told.answer.as_ref().ok().map(|answer| answer.status);
        logged.answered = Instant::now();
        self.log.add(logged);
        told.answer.map(Answer::into_response)
    }

    fn tell(&self, scenario: &Scenario, asked: &Asked) -> Told {
        let id = self.serial.guid();
        let scene = Scene { shared: self, scenario, asked, id: &id };
        let caller = scene.caller();
        let audience = match &caller {
            Ok(claims) => claims.as_ref().map(|claims| claims.aud.clone()),
            Err(TokenProblem::Expired(claims) | TokenProblem::Audience(claims)) => {
                Some(claims.aud.clone())
            }
            Err(_) => None,
        };
        let caller = match caller {
            Ok(caller) => caller,
            Err(problem) => {
                let mut answer = scene.unauthenticated(&problem);
                scene.set_headers(&mut answer);
                return Told { answer: Ok(answer), delay: Duration::ZERO, audience };
            }
        };
        let fault = faults::strike(&scenario.faults, &asked.line());
        let answer = scene.answer(caller.as_ref(), fault).map(|mut answer| {
            scene.translate(&mut answer);
            scene.set_headers(&mut answer);
            if let Some(fault) = fault {
                fault.set_headers(&mut answer);
            }
            answer
        });
        let delay = fault.map_or(Duration::ZERO, |fault| fault.delay);
        Told { answer, delay, audience }
    }
}

impl Told {
    fn of(answer: Answer) -> Self {
        Self { answer: Ok(answer), delay: Duration::ZERO, audience: None }
    }
}

fn misdirected(reason: Misdirected) -> Answer {
    let status = if reason == Misdirected::WrongHost { 421 } else { 400 };
    Answer::text(status, "text/plain", reason.to_string())
}

/// One request on its way.
struct Scene<'a> {
    shared: &'a Shared,
    scenario: &'a Scenario,
    asked: &'a Asked,
    id: &'a str,
}

impl Scene<'_> {
    /// Who asks, where a service wants to know.
    fn caller(&self) -> Result<Option<Claims>, TokenProblem> {
        let service = self.asked.service;
        if matches!(service, Service::SignIn | Service::Metadata | Service::Pipelines) {
            return Ok(None);
        }
        let authorization = self.asked.header("authorization");
        self.shared.mint.check(authorization, service, &self.asked.origin).map(Some)
    }

    /// Puts the names of the cloud that was asked into an answer.
    fn translate(&self, answer: &mut Answer) {
        if let Origin::Azure(cloud) = self.asked.origin
            && *cloud != clouds::PUBLIC
            && let Ok(text) = std::str::from_utf8(&answer.body)
        {
            answer.body = cloud.as_served(text).into_bytes();
        }
    }

    fn unauthenticated(&self, problem: &TokenProblem) -> Answer {
        match self.asked.service {
            Service::Graph => graph::unauthenticated(problem, self.id, self.scenario),
            Service::Blob => {
                self.blobs().refuse(Some(problem)).unwrap_or_else(|| Answer::empty(401))
            }
            _ => arm_errors::unauthenticated(problem, self.scenario.clock.served()),
        }
    }

    fn blobs(&self) -> Blobs<'_> {
        Blobs { scenario: self.scenario, asked: self.asked, request_id: self.id }
    }

    fn sign_in(&self) -> SignIn<'_> {
        SignIn {
            auditors: &self.scenario.auditors,
            mint: &self.shared.mint,
            serial: &self.shared.serial,
            now: self.scenario.clock.served(),
        }
    }

    fn answer(&self, caller: Option<&Claims>, fault: Option<&Fault>) -> Result<Answer, Dropped> {
        let Some(fault) = fault else {
            let refused = caller.filter(|own| enforcement::refuses(self.scenario, self.asked, own));
            if refused.is_some() {
                let is_blob = self.asked.service == Service::Blob;
                let code = is_blob.then_some("AuthorizationPermissionMismatch");
                return Ok(self.error(403, code, None, caller));
            }
            return Ok(self.truth(caller));
        };
        match &fault.outcome {
            Outcome::Drop => Err(Dropped),
            Outcome::Error { status, code, message } => {
                Ok(self.error(*status, code.as_deref(), message.as_deref(), caller))
            }
            Outcome::Body { status, content_type, text } => {
                Ok(Answer::text(*status, content_type, text.as_str()))
            }
            Outcome::Amend { status, next_link, patch } => {
                let mut answer = self.truth(caller);
                answer.status = status.unwrap_or(answer.status);
                amend(&mut answer, next_link.as_deref(), patch.as_ref());
                Ok(answer)
            }
        }
    }

    /// What the services say when nothing goes wrong.
    fn truth(&self, caller: Option<&Claims>) -> Answer {
        match (self.asked.service, caller) {
            (Service::SignIn, _) => self.sign_in().answer(self.asked),
            (Service::Metadata, _) => self.sign_in().managed_identity(self.asked),
            (Service::Pipelines, _) => self.sign_in().pipelines(self.asked),
            (Service::Arm, Some(caller)) => arm::answer(self.scenario, self.asked, caller),
            (Service::Graph, Some(caller)) => {
                let graph = Graph {
                    scenario: self.scenario,
                    asked: self.asked,
                    caller,
                    request_id: self.id,
                };
                graph.answer()
            }
            (Service::Blob, Some(_)) => {
                let blobs = self.blobs();
                blobs.refuse(None).unwrap_or_else(|| blobs.answer())
            }
            (_, None) => self.unauthenticated(&TokenProblem::Missing),
        }
    }

    /// An error in the words of the service that was asked.
    fn error(
        &self,
        status: u16,
        code: Option<&str>,
        message: Option<&str>,
        caller: Option<&Claims>,
    ) -> Answer {
        match self.asked.service {
            Service::Arm => {
                let is_refusal =
                    status == 403 && code.is_none_or(|code| code == "AuthorizationFailed");
                if let (true, None, Some(caller)) = (is_refusal, message, caller) {
                    return arm_errors::forbidden(self.asked, caller);
                }
                let (usual_code, usual) = arm_errors::usual(self.asked, status);
                arm_errors::error(status, code.unwrap_or(usual_code), message.unwrap_or(&usual))
            }
            Service::Graph => {
                let (usual_code, usual) = graph::usual(status);
                let (code, message) = (code.unwrap_or(usual_code), message.unwrap_or(usual));
                graph::error(status, code, message, self.id, self.scenario)
            }
            Service::Blob => {
                let (usual_code, usual) = blob::usual(status, code);
                let (code, message) = (code.unwrap_or(usual_code), message.unwrap_or(usual));
                blob_xml::error(status, code, message, self.id, self.scenario.clock.served())
            }
            Service::SignIn | Service::Metadata | Service::Pipelines => {
                let (usual_code, usual) = match status {
                    401 => ("invalid_client", "AADSTS7000215: Invalid client secret provided."),
                    429 | 503 => (
                        "temporarily_unavailable",
                        "AADSTS90033: A transient error has occurred. Please try again.",
                    ),
                    500.. => (
                        "server_error",
                        "AADSTS90033: A transient error has occurred. Please try again.",
                    ),
                    _ => ("invalid_request", "AADSTS900144: The request is not valid."),
                };
                let text = message.unwrap_or(usual);
                let digits: String = text
                    .trim_start_matches("AADSTS")
                    .chars()
                    .take_while(char::is_ascii_digit)
                    .collect();
                let number = digits.parse().unwrap_or_default();
                self.sign_in().error(status, code.unwrap_or(usual_code), number, text)
            }
        }
    }

    /// How much more may be asked; Resource Graph counts for itself.
    fn set_allowance(&self, answer: &mut Answer) {
        if resource_graph::is_query(self.asked) {
            let (left, seconds) = self.shared.quota.take();
            let (left, resets_after) = (left.to_string(), format!("00:00:{seconds:02}"));
            answer.set_default("x-ms-user-quota-remaining", &left);
            answer.set_default("x-ms-user-quota-resets-after", &resets_after);
            answer.set_default("x-ms-ratelimit-remaining-tenant-resource-requests", &left);
            return;
        }
        let (left, left_for_all) = self.shared.allowance.take();
        let (left, left_for_all) = (left.to_string(), left_for_all.to_string());
        let is_in_subscription = self
            .asked
            .segments
            .first()
            .is_some_and(|segment| segment.eq_ignore_ascii_case("subscriptions"));
        if is_in_subscription {
            answer.set_default("x-ms-ratelimit-remaining-subscription-reads", &left);
            answer.set_default("x-ms-ratelimit-remaining-subscription-global-reads", &left_for_all);
        } else {
            answer.set_default("x-ms-ratelimit-remaining-tenant-reads", &left);
        }
    }

    /// The headers every answer of a service has.
    fn set_headers(&self, answer: &mut Answer) {
        answer.set_default("date", &http_date(self.scenario.clock.served()));
        let client_id = self.asked.header("x-ms-client-request-id");
        match self.asked.service {
            Service::Arm => {
                let correlation =
                    self.asked.header("x-ms-correlation-request-id").unwrap_or(self.id);
                answer.set_default("x-ms-request-id", self.id);
                answer.set_default("x-ms-correlation-request-id", correlation);
                self.set_allowance(answer);
                answer.set_default("cache-control", "no-cache");
                answer.set_default("x-content-type-options", "nosniff");
                if let Some(id) = client_id.filter(|_| {
                    self.asked.header("x-ms-return-client-request-id").is_some_and(|v| v == "true")
                }) {
                    answer.set_default("x-ms-client-request-id", id);
                }
            }
            Service::Graph => {
                answer.set_default("request-id", self.id);
                answer.set_default(
                    "client-request-id",
                    self.asked.header("client-request-id").unwrap_or(self.id),
                );
                answer.set_default("cache-control", "no-cache");
            }
            Service::Blob => {
                answer.set_default("server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0");
                answer.set_default("x-ms-request-id", self.id);
                answer.set_default(
                    "x-ms-version",
                    self.asked.header("x-ms-version").unwrap_or("2009-09-19"),
                );
                if let Some(id) = client_id {
                    answer.set_default("x-ms-client-request-id", id);
                }
            }
            Service::SignIn | Service::Metadata | Service::Pipelines => {
                answer.set_default("x-ms-request-id", self.id)
            }
        }
    }
}

impl Fault {
    fn set_headers(&self, answer: &mut Answer) {
        for (name, value) in &self.headers {
            match value {
                Some(value) => answer.set(name, value),
                None => {
                    answer.headers.remove(name.as_str());
                }
            }
        }
    }
}

/// Alters a true answer as a fault asks.
fn amend(answer: &mut Answer, next_link: Option<&str>, patch: Option<&Value>) {
    let Some(mut document) = answer.document() else {
        // A blob listing has its link in an element.
        if let (Some(link), Ok(text)) = (next_link, std::str::from_utf8(&answer.body)) {
            let linked = format!("<NextMarker>{link}</NextMarker></EnumerationResults>");
            let head = text.rfind("<NextMarker").map(|at| &text[..at]);
            if let Some(head) = head {
                answer.body = format!("{head}{linked}").into_bytes();
            }
        }
        return;
    };
    if let Some(link) = next_link {
        let is_graph = document.get("@odata.context").is_some();
        document[if is_graph { "@odata.nextLink" } else { "nextLink" }] = link.into();
    }
    if let Some(patch) = patch {
        merge_patch(&mut document, patch);
    }
    answer.body = document.to_string().into_bytes();
}
