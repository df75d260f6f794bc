//! The same binary audits an Azure it does not know: real host names, answered over TLS by a test
//! server with a private CA behind an HTTP CONNECT proxy.

use crate::support::proxy::Foreign;
use crate::support::{Azure, Vaudit, verdicts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vaudit_simulator::{DEMO_AUDITOR, Scenario, demo_manifest};

/// Audits with the manifest of the demo, or one like it.
fn audit(scenario: &str, manifest: &str) -> (serde_json::Value, i32, Vec<String>) {
    let (foreign, vaudit) = Foreign::named(scenario);
    let vaudit = vaudit.file("production.toml", manifest);
    let ran = vaudit.run(&["check", "--config", "production.toml", "--format", "json"]);
    for request in foreign.simulator.requests() {
        assert!(matches!(request.method.as_str(), "GET" | "POST"), "{request:?}");
    }
    (ran.json(), ran.code, foreign.hosts())
}

#[test]
fn a_foreign_azure_behind_a_proxy_gets_the_verdicts_of_the_demo() {
    for (scenario, code) in [("drifted", 1), ("compliant", 0)] {
        let (report, exit, hosts) = audit(scenario, demo_manifest());
        assert_eq!(exit, code);
        assert_eq!(report["run"]["source"], "live");
        let demo = Vaudit::default();
        let demo = demo.run(&["check", "--demo", scenario, "--format", "json"]).exits(code).json();
        assert_eq!(verdicts(&report), verdicts(&demo));
        assert_eq!(
            hosts,
            [
                "graph.microsoft.com:443",
                "login.microsoftonline.com:443",
                "management.azure.com:443",
                "stvectice.blob.core.windows.net:443",
                "stvecticebkp.blob.core.windows.net:443",
            ]
        );
    }
}

#[test]
fn other_clouds_have_their_own_hosts_and_the_same_verdicts() {
    for (name, suffix, hosts) in [
        (
            "usgov",
            "usgovcloudapi.net",
            [
                "graph.microsoft.us:443",
                "login.microsoftonline.us:443",
                "management.usgovcloudapi.net:443",
                "stvectice.blob.core.usgovcloudapi.net:443",
                "stvecticebkp.blob.core.usgovcloudapi.net:443",
            ],
        ),
        (
            "china",
            "chinacloudapi.cn",
            [
                "login.chinacloudapi.cn:443",
                "management.chinacloudapi.cn:443",
                "microsoftgraph.chinacloudapi.cn:443",
                "stvectice.blob.core.chinacloudapi.cn:443",
                "stvecticebkp.blob.core.chinacloudapi.cn:443",
            ],
        ),
    ] {
        let manifest = demo_manifest()
            .replace("postgres.database.azure.com", &format!("postgres.database.{suffix}"));
        let manifest = format!("{manifest}\n[cloud]\nname = \"{name}\"\n");
        let (report, exit, asked) = audit("compliant", &manifest);
        assert_eq!((exit, asked.as_slice()), (0, &hosts.map(str::to_owned)[..]), "{name}");
        let demo = Vaudit::default().run(&["check", "--demo", "compliant", "--format", "json"]);
        assert_eq!(verdicts(&report), verdicts(&demo.json()), "{name}");
        let (_, exit, _) = audit("drifted", &manifest);
        assert_eq!(exit, 1, "{name}");
    }
}

/// What signs in to one cloud must not find the tokens of another: neither the manifest nor a
/// mistake in the environment makes it so.
#[test]
fn the_authority_of_another_cloud_gives_no_token_for_this_one() {
    let (foreign, vaudit) = Foreign::named("compliant");
    let vaudit = vaudit
        .file("vaudit.toml", demo_manifest())
        .set("AZURE_AUTHORITY_HOST", "login.microsoftonline.us/");
    vaudit.run(&["check"]).exits(2).says("check AZURE_TENANT_ID and the cloud (AADSTS500011)");
    assert_eq!(foreign.hosts(), ["login.microsoftonline.us:443"]);
}

#[test]
fn a_job_of_azure_pipelines_asks_azure_devops_by_its_name() {
    let (foreign, vaudit) = Foreign::named("compliant");
    let job = "_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken";
    let vaudit = vaudit
        .file("vaudit.toml", demo_manifest())
        .set("AZURE_CLIENT_SECRET", "")
        .set("SYSTEM_OIDCREQUESTURI", format!("https://dev.azure.com/org/project/{job}"))
        .set("SYSTEM_ACCESSTOKEN", DEMO_AUDITOR.client_secret)
        .set("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "connection")
        .set("AZURESUBSCRIPTION_TENANT_ID", DEMO_AUDITOR.tenant)
        .set("AZURESUBSCRIPTION_CLIENT_ID", DEMO_AUDITOR.client_id);
    vaudit.run(&["check"]).exits(0);
    assert!(foreign.hosts().contains(&"dev.azure.com:443".to_owned()));
}

#[test]
fn a_ca_nobody_trusts_is_said_in_one_sentence() {
    let (foreign, vaudit) = Foreign::named("compliant");
    let other = tempfile::TempDir::new().unwrap();
    let _other = Foreign::serving(Scenario::named("compliant").unwrap(), other.path());
    let vaudit = vaudit
        .file("vaudit.toml", demo_manifest())
        .set("HTTPS_PROXY", "")
        .set("all_proxy", &foreign.proxy)
        .set("SSL_CERT_FILE", other.path().join("ca.pem").display().to_string());
    let ran =
        vaudit.run(&["check"]).exits(2).says("certificate is not trusted").says("SSL_CERT_FILE");
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_proxy_that_is_down_is_said_in_one_sentence() {
    let vaudit = Vaudit::default()
        .signed_in()
        .file("vaudit.toml", demo_manifest())
        .set("HTTPS_PROXY", "http://127.0.0.1:9");
    vaudit.run(&["check"]).exits(2).says("login.microsoftonline.com").says("cannot be reached");
}

/// A server that answers a CONNECT with a page must not be taken for Azure.
#[test]
fn a_proxy_that_refuses_the_tunnel_is_no_azure() {
    let azure = Azure::named("compliant");
    let listener = azure.runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    azure.runtime.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream
                .write_all(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
                )
                .await;
        }
    });
    let vaudit = Vaudit::default()
        .signed_in()
        .file("vaudit.toml", demo_manifest())
        .set("HTTPS_PROXY", format!("http://{address}"));
    vaudit.run(&["check"]).exits(2).says("cannot be reached");
}
