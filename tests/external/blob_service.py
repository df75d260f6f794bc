#!/usr/bin/env python3
"""Lets vaudit judge backups in a Blob service that others wrote: Azurite, filled by Microsoft's client.

The binary runs as in production: real host names, over TLS, through an HTTP proxy, with bearer tokens.
The proxy leads the blob endpoints to Azurite and everything else to the simulator's compliant estate.
So every verdict that a scenario does not change has to be that of `check --demo compliant`.

What cannot be had from Azurite: pending, failed and aborted copies (it copies at once), storage
firewalls, roles (any signature will do), hierarchical namespaces, and names with characters that XML
does not know, which the service encodes and Azurite cannot list at all.
"""

import argparse
import base64
import datetime
import json
import os
import pathlib
import ssl
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobBlock, BlobServiceClient, ContainerClient, LinearRetry

from checks import conclude, differ, expect, note
from connect_proxy import ConnectProxy

SUFFIX = ".blob.core.windows.net"
APPLICATION = ("stvectice", "vectice")
BACKUPS = ("stvecticebkp", "vectice-backup")
HOUR = 3600
DAY = 24 * HOUR

# The rules that look into the containers.
BLOB_RULES = ["BKP008", "BKP009", "BKP010", "BKP011", "BKP012", "BKP013"]

# Names that something between the client, the service, its XML and vaudit may get wrong.
ODD_NAMES = [
    "&amp; & <b> \"q\" 'a' ]]>.md",
    "größen & maße/100%.csv",
    "plus+sign %2B %2F.txt",
    "line\nbreak",
    "tab\tand\rreturn",
    "  spaces around ",
    "emoji 😀/\u2028/\x85.bin",
    "composed é",
    "decomposed e\u0301",
    "replaced \ufffd",
    "a//b?c=d;e#f",
]

SOURCE = {
    "README.txt": b"vectice",
    "assets/models/churn/v1/model.pkl": b"1" * 4096,
    "assets/models/churn/v2/model.pkl": b"2" * 4096,
    "graphs/empty.svg": b"",
    **{name: name.encode() for name in ODD_NAMES},
}

# Uploaded in blocks, so that the service knows no MD5 of it.
BLOCKS = "assets/datasets/sample.parquet"

# What some tools leave for a folder; it is nothing that must be copied.
MARK = "assets/models"


class Service:
    """The Blob service, its clock, and what is put into it."""

    def __init__(self, arguments: argparse.Namespace, proxy: ConnectProxy):
        self.clock = arguments.clock
        trust = {"connection_verify": str(arguments.ca), "proxies": {"https": proxy.url}}
        accounts = dict(pair.split(":") for pair in os.environ["AZURITE_ACCOUNTS"].split(";"))

        def container(account: str, name: str) -> ContainerClient:
            # A connection that breaks on a loaded machine is none of this test's business: what is
            # written or deleted here may be so twice. Each client needs a policy of its own.
            again = LinearRetry(backoff=1, retry_total=5)
            client = BlobServiceClient(f"https://{account}{SUFFIX}", accounts[account], retry_policy=again, **trust)
            return client.get_container_client(name)

        self.source, self.backups = container(*APPLICATION), container(*BACKUPS)

    def at(self, seconds: float) -> None:
        """Sets the service's clock, relative to now."""
        draft = self.clock.with_suffix(".new")
        draft.write_text(str(seconds))
        draft.replace(self.clock)

    def empty(self) -> None:
        """Leaves both containers with nothing in them."""
        for container in (self.source, self.backups):
            if container.exists():
                with suppress(ResourceNotFoundError):
                    container.delete_container()
            with suppress(ResourceExistsError):
                container.create_container()

    def fill(self, days: Iterable[int] = range(10), below: str = "", names: Callable[[int], str] | None = None) -> None:
        """A source a month old, and a full copy of each of some days, seven hours before now."""
        self.empty()
        self.at(-30 * DAY)
        upload(self.source, SOURCE)
        self.source.upload_blob(MARK, b"", overwrite=True, metadata={"hdi_isfolder": "true"})
        upload_blocks(self.source, BLOCKS)
        for day in days:
            self.copy((names or folder)(day), -day * DAY - 7 * HOUR, below)
        self.at(0)

    def copy(self, into: str, at: float, below: str = "") -> None:
        """A full copy of the source into a folder."""
        self.at(at)
        prefix = f"{into}/{below}"
        upload(self.backups, {prefix + name: content for name, content in SOURCE.items()})
        upload_blocks(self.backups, prefix + BLOCKS)
        self.at(0)

    def serve_copy(self, into: str, at: float, out_of: str) -> None:
        """A full copy of another folder by the service itself."""
        self.at(at)
        for name in [*SOURCE, BLOCKS]:
            from_url = self.backups.get_blob_client(f"{out_of}/{name}").url
            copied = self.backups.get_blob_client(f"{into}/{name}").start_copy_from_url(from_url)
            if copied["copy_status"] != "success":
                differ(f"{name}: the copy ended with {copied['copy_status']}")
        self.at(0)

    def overwrite(self, name: str, content: bytes, at: float) -> None:
        """Writes other content over a blob of the backups."""
        self.at(at)
        self.backups.upload_blob(name, content, overwrite=True)
        self.at(0)

    def delete(self, name: str) -> None:
        """Deletes a blob of the backups."""
        with suppress(ResourceNotFoundError):
            self.backups.delete_blob(name)


def upload(container: ContainerClient, blobs: dict[str, bytes]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda item: container.upload_blob(*item, overwrite=True), blobs.items()))


def upload_blocks(container: ContainerClient, name: str) -> None:
    blob = container.get_blob_client(name)
    blob.stage_block("0001", b"b" * 1000)
    blob.commit_block_list([BlobBlock("0001")])


def folder(day: int, hours: int = 7) -> str:
    """The folder of a backup so many days and hours ago."""
    made = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=day, hours=hours)
    return made.strftime("%Y-%m-%dT%H%M%SZ")


def odd_folder(day: int) -> str:
    """The same with much around it that URLs and XML have to escape, and a zone with a plus."""
    zone = datetime.timezone(datetime.timedelta(hours=2))
    made = datetime.datetime.now(zone) - datetime.timedelta(days=day, hours=7)
    return f"Größe & <copy> 100% + {made.strftime('%Y-%m-%dT%H:%M:%S+02:00')} é"


# --- what happens ------------------------------------------------------------------------------


@dataclass
class Scenario:
    """Something that happened to the backups, and what vaudit has to say about it."""

    what: str
    happens: Callable[[Service], None]
    # The rules whose verdict is not that of the compliant estate.
    fails: list[str] = field(default_factory=list)
    moot: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    # Why they are lost.
    reason: str | None = None
    # Texts in the message or evidence of a rule.
    says: dict[str, list[str]] = field(default_factory=dict)
    audience: str = "https://storage.azure.com"
    lifetime: int = HOUR
    # How many pages the listing of the source has.
    source_pages: int = 1


def newest_missing(service: Service, names: list[str]) -> None:
    service.fill()
    for name in names:
        service.delete(f"{newest(service)}/{name}")


def newest(service: Service) -> str:
    """The newest folder there is."""
    return max(prefix.name for prefix in service.backups.walk_blobs(delimiter="/")).rstrip("/")


def other_length(service: Service) -> None:
    service.fill()
    service.overwrite(f"{newest(service)}/README.txt", b"vectic", -7 * HOUR)


def other_content(service: Service) -> None:
    service.fill()
    service.overwrite(f"{newest(service)}/README.txt", b"VECTICE", -7 * HOUR)


def copied_by_the_service(service: Service) -> None:
    service.fill(range(1, 10))
    service.serve_copy(folder(0), -7 * HOUR, newest(service))


def being_written(service: Service) -> None:
    service.fill()
    service.backups.upload_blob(f"{folder(0, hours=0)}/README.txt", b"vectice", overwrite=True)


def changed_since(service: Service) -> None:
    # Azurite gives what is overwritten a new creation time, so that it counts as made since.
    service.fill()
    service.at(-5 * HOUR)
    service.source.upload_blob("README.txt", b"written since", overwrite=True)
    service.source.upload_blob("new.txt", b"made since", overwrite=True)
    service.at(0)


def copy_of_a_copy(service: Service) -> None:
    """Folders with the dates of the last days, all made an hour ago."""
    service.empty()
    service.at(-30 * DAY)
    upload(service.source, SOURCE)
    upload_blocks(service.source, BLOCKS)
    for day in range(10):
        service.copy(folder(day), -HOUR)


def from_the_future(service: Service) -> None:
    service.fill()
    service.copy(folder(-3), -7 * HOUR)


def container_gone(service: Service) -> None:
    service.fill()
    with suppress(ResourceNotFoundError):
        service.backups.delete_container()


def unlistable(service: Service) -> None:
    service.fill()
    service.backups.upload_blob(f"{newest(service)}/control \x01", b"", overwrite=True)


def thousands(service: Service) -> None:
    """A source of two pages: what has to be copied lies on both."""
    service.fill()
    upload(service.source, {f"b/made since {number:04}": b"" for number in range(5000)})


def last_missing(service: Service) -> None:
    """The same, without filling it again."""
    service.delete(f"{newest(service)}/{LAST}")


# The rules that have nothing to say where BKP008 fails.
WITHOUT_FOLDERS = ["BKP010", "BKP011", "BKP012", "BKP013"]

LAST = max(SOURCE, key=str.encode)
COUNT = len(SOURCE) + 1

SCENARIOS = [
    Scenario(
        "ten daily folders, each a full copy",
        Service.fill,
        says={"BKP008": ["10 of 10 folders"], "BKP010": [f"all {COUNT} blobs"], "BKP013": ["2 newest"]},
    ),
    Scenario("the container's name between folder and blobs, as AzCopy does it", lambda s: s.fill(below="vectice/")),
    Scenario("folder names that have to be escaped", lambda s: s.fill(names=odd_folder), says={"BKP010": ["Größe & <copy> 100% + "]}),
    Scenario("the newest folder copied by the service", copied_by_the_service, says={"BKP011": ["No copy in the 2 newest"]}),
    Scenario("blobs written and made after the copy", changed_since, says={"BKP010": [f"all {COUNT - 1} blobs"]}),
    Scenario("nothing for two days", lambda s: s.fill(range(2, 12)), fails=["BKP009"]),
    Scenario("no folder of the third day", lambda s: s.fill([0, 1, *range(3, 11)]), fails=["BKP012"]),
    Scenario(
        "a blob is missing in the newest folder",
        lambda s: newest_missing(s, ["README.txt"]),
        fails=["BKP009", "BKP010"],
        says={"BKP010": ["README.txt (missing)", f"1 of {COUNT} blobs"]},
    ),
    Scenario(
        "all blobs with odd names are missing in the newest folder",
        lambda s: newest_missing(s, ODD_NAMES),
        fails=["BKP009", "BKP010"],
        says={"BKP010": [f"{len(ODD_NAMES)} of {COUNT} blobs", *(f"{name}: missing" for name in ODD_NAMES)]},
    ),
    Scenario(
        "a blob of the newest folder is shorter",
        other_length,
        fails=["BKP009", "BKP010"],
        says={"BKP010": ["README.txt (6 bytes instead of 7)"]},
    ),
    Scenario(
        "a blob of the newest folder has other content",
        other_content,
        fails=["BKP009", "BKP010"],
        says={"BKP010": ["README.txt (another MD5)"]},
    ),
    Scenario("a copy is being written, the one before it counts", being_written, says={"BKP010": [f"all {COUNT} blobs"]}),
    Scenario("folders that were made long after their dates", copy_of_a_copy, fails=["BKP013"]),
    Scenario("a folder of next week", from_the_future, fails=["BKP013"]),
    Scenario("the backup container is empty", lambda s: s.fill([]), fails=["BKP008", "BKP009"], moot=WITHOUT_FOLDERS),
    Scenario(
        "folders without dates",
        lambda s: s.fill(range(2), names=lambda day: f"latest-{day}"),
        fails=["BKP008", "BKP009"],
        moot=WITHOUT_FOLDERS,
    ),
    Scenario(
        "the service does not know the container that Azure Resource Manager lists",
        container_gone,
        lost=BLOB_RULES,
        reason="unrecognised",
    ),
    Scenario("the service fails at a name", unlistable, lost=["BKP009", "BKP010", "BKP011", "BKP013"], reason="transport"),
    Scenario(
        "a token for another service",
        Service.fill,
        lost=["AUD001", *BLOB_RULES],
        reason="sign-in",
        audience="https://management.azure.com",
    ),
    Scenario("a token that has ended", Service.fill, lost=["AUD001", *BLOB_RULES], reason="sign-in", lifetime=-HOUR),
    Scenario("more blobs than a page", thousands, source_pages=2, says={"BKP010": [f"all {COUNT} blobs"]}),
    Scenario(
        "more blobs than a page, and the last of them is missing in the newest folder",
        last_missing,
        fails=["BKP009", "BKP010"],
        says={"BKP010": [f"1 of {COUNT} blobs", f"{LAST} (missing)"]},
        source_pages=2,
    ),
]


# --- vaudit ------------------------------------------------------------------------------------


def token(audience: str, lifetime: int, tenant: str) -> str:
    """A bearer token as Azurite wants it, which checks everything but the signature."""
    now = int(time.time())
    claims = {"aud": audience, "iss": f"https://sts.windows.net/{tenant}/", "iat": now - DAY, "nbf": now - DAY, "exp": now + lifetime}
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "unsigned"])


class Auditor:
    """The binary, signed in with ready-made tokens."""

    def __init__(self, arguments: argparse.Namespace, proxy: ConnectProxy):
        self.arguments = arguments
        self.environment = {
            "HOME": str(arguments.work),
            "HTTPS_PROXY": proxy.url,
            "PATH": os.environ["PATH"],
            "SSL_CERT_FILE": str(arguments.ca),
            "VAUDIT_ARM_TOKEN": self.sign_in("https://management.azure.com"),
            "VAUDIT_GRAPH_TOKEN": self.sign_in("https://graph.microsoft.com"),
        }
        self.demo = verdicts(self.run(["--demo", "compliant"])[1])

    def sign_in(self, audience: str) -> str:
        """A token of the simulator, which knows its own."""
        form = {
            "client_id": self.arguments.client_id,
            "client_secret": self.arguments.secret,
            "grant_type": "client_credentials",
            "scope": f"{audience}/.default",
        }
        url = f"{self.arguments.simulator}/{self.arguments.tenant}/oauth2/v2.0/token"
        trust = ssl.create_default_context(cafile=self.arguments.ca)
        # Past whatever proxy this machine has.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
        with opener.open(url, urllib.parse.urlencode(form).encode()) as answer:
            return json.load(answer)["access_token"]

    def run(self, options: list[str], storage_token: str = "") -> tuple[int, dict]:
        """Exit code and report of a `check`."""
        command = [self.arguments.vaudit, "check", "--no-progress", "--format", "json", *options]
        environment = {**self.environment, "VAUDIT_STORAGE_TOKEN": storage_token}
        ran = subprocess.run(command, env=environment, cwd=self.arguments.work, capture_output=True, text=True, timeout=300)
        if not ran.stdout:
            sys.exit(f"vaudit ended with {ran.returncode}: {ran.stderr}")
        return ran.returncode, json.loads(ran.stdout)

    def judge(self, scenario: Scenario) -> None:
        """Compares what vaudit says with what it has to say."""
        snapshot = self.arguments.work / "snapshot"
        options = ["--config", self.arguments.manifest, "--credential", "token", "--save-snapshot", str(snapshot)]
        code, report = self.run(options, token(scenario.audience, scenario.lifetime, self.arguments.tenant))
        what = scenario.what
        words = {"fail": scenario.fails, "not_applicable": scenario.moot, "indeterminate": scenario.lost}
        expected = {**self.demo, **{rule: word for word, rules in words.items() for rule in rules}}
        found = verdicts(report)
        changed = {rule: found.get(rule) for rule in found.keys() | expected.keys() if found.get(rule) != expected.get(rule)}
        if changed:
            differ(f"{what}: {changed}")
            for result in results(report):
                if result["rule"] in changed:
                    print(f"      {result['rule']} {result['reason'] or ''} {result['message']}")
        else:
            note(what)
        expect(f"{what}: exit code", code, 1 if scenario.fails else 3 if scenario.lost else 0)
        reasons = {result["reason"] for result in results(report) if result["rule"] in scenario.lost}
        expect(f"{what}: why it is lost", reasons, {scenario.reason} if scenario.lost else set())
        for rule, texts in scenario.says.items():
            said = "\n".join(text for result in results(report) if result["rule"] == rule for text in sayings(result))
            for text in texts:
                # Reports show characters that would steer a terminal in another way.
                if shown(text) not in shown(said):
                    differ(f"{what}: {rule} does not say {text!r} but {said!r}")
        expect(f"{what}: pages of the source", source_pages(snapshot), scenario.source_pages)


def results(report: dict) -> list[dict]:
    return [result for deployment in report["deployments"] for result in deployment["results"]]


def verdicts(report: dict) -> dict[str, str]:
    """The verdict of each rule: the worst of its results."""
    order = ["not_applicable", "pass", "informational", "indeterminate", "fail"]
    worst: dict[str, str] = {}
    for result in results(report):
        worst[result["rule"]] = max(worst.get(result["rule"], order[0]), result["verdict"], key=order.index)
    return worst


def sayings(result: dict) -> list[str]:
    return [result["message"], *(evidence["observed"] or "" for evidence in result["evidence"])]


def shown(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def source_pages(snapshot: pathlib.Path) -> int:
    """How many pages of the source's listing a snapshot holds."""
    lines = [json.loads(line) for line in snapshot.read_text().split("\n")[1:] if line]
    documents = [line["document"] for line in lines if "document" in line]
    return sum(document["request"]["kind"] == "source-blobs" for document in documents)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vaudit", required=True, help="the binary")
    parser.add_argument("--manifest", required=True, help="that of the compliant estate")
    parser.add_argument("--work", required=True, type=pathlib.Path, help="a folder to write to")
    parser.add_argument("--ca", required=True, type=pathlib.Path, help="the certificates to trust")
    parser.add_argument("--azurite", required=True, type=int, help="its port")
    parser.add_argument("--clock", required=True, type=pathlib.Path, help="the file that sets its clock")
    parser.add_argument("--simulator", required=True, help="https://127.0.0.1:PORT")
    parser.add_argument("--tenant", required=True)
    parser.add_argument("--client-id", required=True)
    parser.add_argument("--secret", required=True)
    arguments = parser.parse_args()
    simulator = urllib.parse.urlsplit(arguments.simulator).port
    proxy = ConnectProxy(lambda host: arguments.azurite if host.endswith(SUFFIX) else simulator)
    service, auditor = Service(arguments, proxy), Auditor(arguments, proxy)
    for scenario in SCENARIOS:
        began = time.monotonic()
        scenario.happens(service)
        filled = time.monotonic()
        auditor.judge(scenario)
        print(f"      filled in {filled - began:.1f} s, judged in {time.monotonic() - filled:.1f} s")
    hosts = {f"{account}{SUFFIX}" for account, _ in (APPLICATION, BACKUPS)}
    expect("hosts behind the proxy", proxy.hosts, hosts | {"graph.microsoft.com", "management.azure.com"})
    return conclude()


if __name__ == "__main__":
    sys.exit(main())
