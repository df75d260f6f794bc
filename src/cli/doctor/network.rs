//! The way to Azure: proxy, certificates, the four hosts, and the clock.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use url::Url;
use vaudit_azure::{
    Incoming, Outgoing, Purpose, Transport, TransportError, is_loopback, trusted_certificates,
};
use vaudit_model::instant::parse_http_date;
use vaudit_model::{Audience, Cloud, Deployment};
use vaudit_reports::diagnosis::{Finding, State};

use super::Round;
use crate::connection::Connection;
use crate::environment;
use crate::failure::Failure;

/// How far clocks may differ where no manifest says it.
const USUAL_SKEW_SECONDS: u32 = 300;

/// One of the hosts.
struct Host {
    what: &'static str,
    purpose: Purpose,
    url: Url,
    /// Whether nothing can be audited without it.
    is_vital: bool,
}

impl Host {
    fn name(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

/// How a host answered.
type Answer = Result<Incoming, TransportError>;

impl Round {
    /// Looks at the network. Says whether signing in makes sense.
    pub(super) async fn network(
        &mut self,
        connection: &Connection,
        deployments: &[Deployment],
    ) -> Result<bool, Failure> {
        let is_local = is_local(&connection.cloud);
        let door = connection.probe()?;
        let hosts = hosts(&connection.cloud, deployments);
        let has_proxy = self.proxy(connection, &hosts).await;
        let asked = hosts.iter().map(|host| ask(&door, host));
        let answers: Vec<Answer> = futures::future::join_all(asked).await;
        let distrusted = hosts.iter().zip(&answers).filter(|(_, answer)| is_distrusted(answer));
        let distrusted: Vec<&str> = distrusted.map(|(host, _)| host.name()).collect();
        self.certificates(is_local, &distrusted);
        let mut is_open = true;
        for (host, answer) in hosts.iter().zip(&answers) {
            if host.is_vital && answer.is_err() {
                is_open = false;
                self.is_unusable = true;
            }
            self.findings.push(reached(host, answer, has_proxy, connection));
        }
        if !hosts.iter().any(|host| host.what == BLOB) {
            let said = "not tried: the manifest names no storage account";
            self.findings.push(Finding::new(BLOB, State::Untried, said));
        }
        let skew = deployments
            .first()
            .map_or(USUAL_SKEW_SECONDS, |deployment| deployment.clock_skew_seconds);
        self.findings.push(clock(answers.iter().flatten(), skew));
        Ok(is_open)
    }

    async fn proxy(&mut self, connection: &Connection, hosts: &[Host]) -> bool {
        let proxy = &connection.proxy;
        let is_used = hosts.iter().any(|host| proxy.is_for(&host.url));
        let Some(host) = proxy.host().filter(|_| is_used) else {
            let said = match proxy.host() {
                Some(host) => format!("{host} is not used: every host is reached directly"),
                None => "none is set; connections go out directly".to_owned(),
            };
            self.findings.push(Finding::new("proxy", State::Works, said));
            return true;
        };
        let (state, said) = match proxy.connects().await {
            Ok(()) => (State::Works, format!("{host} accepts connections")),
            Err(error) => (State::Broken, format!("{host} does not accept connections: {error}")),
        };
        let said = match proxy.exempt() {
            Some(hosts) => format!("{said}; NO_PROXY exempts {hosts}"),
            None => said,
        };
        let mut finding = Finding::new("proxy", state, said);
        if state == State::Broken {
            finding = finding.fix("check HTTPS_PROXY, or unset it where Azure is reached without");
            self.is_unusable = true;
        }
        self.findings.push(finding);
        state == State::Works
    }

    /// Looks at the trusted CAs, and at the hosts whose certificates none of them signed.
    fn certificates(&mut self, is_local: bool, distrusted: &[&str]) {
        let sources = environment::certificate_sources();
        let from = match sources.as_slice() {
            [] => "of the system".to_owned(),
            named => format!("from {}", named.join(" and ")),
        };
        let finding = match trusted_certificates() {
            Ok(count) => {
                let certificates = if count == 1 { "certificate" } else { "certificates" };
                let said = format!("{count} CA {certificates} {from}");
                match distrusted {
                    [] => Finding::new("CA", State::Works, said),
                    hosts => {
                        self.is_unusable = true;
                        let said = format!("{said}; none of them signed for {}", hosts.join(", "));
                        Finding::new("CA", State::Broken, said).fix(
                            "a proxy that opens connections signs with a CA of its own: put that CA's certificate beside those of the system into one PEM file and name it in SSL_CERT_FILE",
                        )
                    }
                }
            }
            // Over plain http to this machine, nobody needs one.
            Err(error) if is_local => Finding::new("CA", State::Doubtful, error.to_string()),
            Err(error) => {
                self.is_unusable = true;
                Finding::new("CA", State::Broken, error.to_string()).fix(
                    "install the package ca-certificates, or name a file of certificates in PEM in SSL_CERT_FILE",
                )
            }
        };
        self.findings.push(finding);
    }
}

const BLOB: &str = "Blob service";

/// The hosts an audit asks. Blob endpoints follow from the names of the accounts.
fn hosts(cloud: &Cloud, deployments: &[Deployment]) -> Vec<Host> {
    let arm = Purpose::Read(Audience::ResourceManager);
    let graph = Purpose::Read(Audience::Graph);
    let configuration = "/common/v2.0/.well-known/openid-configuration";
    let fixed = [
        ("authority", Purpose::SignIn, &cloud.authority, configuration, true),
        (
            "Resource Manager",
            arm,
            &cloud.resource_manager,
            "/subscriptions?api-version=2021-01-01",
            true,
        ),
        ("Graph", graph, &cloud.graph, "/v1.0/", false),
    ];
    let mut hosts: Vec<Host> = fixed
        .into_iter()
        .filter_map(|(what, purpose, endpoint, path, is_vital)| {
            let url = Url::parse(&format!("{}{path}", endpoint.trim_end_matches('/'))).ok()?;
            Some(Host { what, purpose, url, is_vital })
        })
        .collect();
    let accounts = deployments.iter().flat_map(|deployment| {
        [&deployment.storage.account, &deployment.backup.account].into_iter().flatten()
    });
    for account in accounts {
        let endpoint = cloud.blob_endpoint(account.name());
        if let Ok(url) = Url::parse(&format!("{endpoint}/?comp=list"))
            && !hosts.iter().any(|host| host.url == url)
        {
            let purpose = Purpose::Read(Audience::Storage);
            hosts.push(Host { what: BLOB, purpose, url, is_vital: false });
        }
    }
    hosts
}

/// Asks without a token: any answer shows that the host is there.
async fn ask(door: &Arc<Transport>, host: &Host) -> Answer {
    door.send(&Outgoing::get(host.purpose, host.url.clone())).await
}

/// Whether the host was there, and nobody trusts its certificate.
fn is_distrusted(answer: &Answer) -> bool {
    answer.as_ref().is_err_and(TransportError::is_certificate_trouble)
}

fn reached(host: &Host, answer: &Answer, has_proxy: bool, connection: &Connection) -> Finding {
    let name = host.name();
    let error = match answer {
        Ok(answer) => {
            let took = answer.round_trip.as_millis();
            return Finding::new(host.what, State::Works, format!("{name} answers, in {took} ms"));
        }
        Err(error) => error,
    };
    if is_distrusted(answer) {
        let said = format!("{name} has a certificate that is not trusted");
        return Finding::new(host.what, State::Untried, said);
    }
    if !has_proxy && connection.proxy.is_for(&host.url) {
        let said = format!("{name} is not reached, because the proxy is not");
        return Finding::new(host.what, State::Untried, said);
    }
    let finding = Finding::new(host.what, State::Broken, error.to_string());
    match connection.proxy.host().filter(|_| connection.proxy.is_for(&host.url)) {
        Some(proxy) => finding.fix(format!(
            "let {proxy} open tunnels to {name}:443, or list the host in NO_PROXY if it is reached directly"
        )),
        None => finding.fix(format!(
            "let this machine resolve and reach {name}:443; behind a proxy, set HTTPS_PROXY"
        )),
    }
}

/// How far this machine's clock is from Azure's, by the answer that came quickest.
fn clock<'a>(answers: impl Iterator<Item = &'a Incoming>, skew_seconds: u32) -> Finding {
    let dated = answers.filter_map(|answer| {
        let date = answer.headers.get("date")?.to_str().ok()?;
        Some((answer.round_trip, difference(answer.received_at, parse_http_date(date)?)))
    });
    let Some((round_trip, ahead)) = dated.min_by_key(|(round_trip, _)| *round_trip) else {
        let said = "not known: no host said what time it is";
        return Finding::new("clock", State::Untried, said);
    };
    judged(ahead, round_trip, skew_seconds)
}

fn judged(ahead: SignedDuration, round_trip: Duration, skew_seconds: u32) -> Finding {
    let direction = if ahead.is_negative() { "behind" } else { "ahead of" };
    let apart = ahead.unsigned_abs();
    let seconds = apart.as_secs();
    let shown = match seconds / 60 {
        0 => format!("{seconds} s"),
        minutes => format!("{minutes} min {} s", seconds % 60),
    };
    // A date has no fractions, and the answer was on its way for a while.
    let unsure = Duration::from_secs(1) + round_trip;
    let said = match apart <= unsure {
        true => "this machine agrees with Azure".to_owned(),
        false => format!("this machine is {shown} {direction} Azure"),
    };
    if apart <= Duration::from_secs(u64::from(skew_seconds)) + unsure {
        return Finding::new("clock", State::Works, said);
    }
    Finding::new("clock", State::Broken, format!("{said}; {skew_seconds} s are allowed"))
        .fix("set the clock of this machine (ages of backups are judged by Azure's; tokens are refused by a wrong one)")
        .run("timedatectl set-ntp true")
}

fn difference(own: Timestamp, theirs: Timestamp) -> SignedDuration {
    own.duration_since(theirs)
}

fn is_local(cloud: &Cloud) -> bool {
    Url::parse(&cloud.resource_manager).is_ok_and(|url| is_loopback(&url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_off_by_what_is_allowed_and_the_way_of_the_answer() {
        let judge = |seconds, trip| {
            judged(SignedDuration::from_secs(seconds), Duration::from_secs(trip), 300)
        };
        assert_eq!(judge(301, 0).state, State::Works);
        assert_eq!(judge(-320, 20).state, State::Works);
        assert!(judge(3, 2).said.contains("agrees"), "{}", judge(3, 2).said);
        let ahead = judge(1203, 0);
        assert_eq!(ahead.state, State::Broken);
        assert!(ahead.said.contains("20 min 3 s ahead of Azure"), "{}", ahead.said);
        assert!(judge(-1200, 0).said.contains("20 min 0 s behind Azure"));
    }
}
