#!/usr/bin/env python3
"""Lives through a month: thirty nights in which vaudit audits a simulated Azure, and what they show.

Every night has a scenario of its own, which `vaudit simulate` serves, and a run of `vaudit check
--history` as a job would have it: real host names, over TLS, through a proxy, with a client secret.
The clock of both stands where the story is, by libfaketime, which only lies about the time of day.
docs/a-month.md is what they printed. With --write the page is written, else it has to be that.

    month.py --vaudit BINARY --work FOLDER [--write]
"""

import argparse
import datetime
import difflib
import importlib.util
import json
import pathlib
import re
import subprocess
import sys
import time

from connect_proxy import ConnectProxy

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/a-month.md"
MANIFEST = ROOT / "src/simulator/scenarios/demo.toml"

CHECK = "vaudit check --quiet --history runs --output markdown=vaudit.md"

FIRST = datetime.date(2026, 10, 24)
NIGHTS = range(1, 31)
MISSED = 22
HOUR = "02:30:00"

ACCOUNT = "{stvectice}#/properties/networkAcls/defaultAction"
PEERING = "{vnet-aks}/virtualNetworkPeerings/aks-to-pg"
ROLE = {
    "add": "{rg}/providers/Microsoft.Authorization/roleAssignments/e0000000-0000-4000-8000-0000000000f1",
    "body": {"properties": {"roleDefinitionId": "{contributor}", "principalId": "{sp}",
                            "principalType": "ServicePrincipal", "createdOn": "{now-1h|%FT%T.4410062Z}"}},
}
SECRET = "graph:applications/{app}#/passwordCredentials/helm/"

WAIVER = """
[[waiver]]
rule = "DNS005"
reason = "The registration zone is owned by the platform team"
owner = "platform@example.com"
ticket = "SEC-123"
expires = 2026-11-16
"""

# What is so in which nights, in the words of the page.
STORY = [
    (range(3, 28), "the link of the AKS network has lost its auto-registration",
     [{"merge": "{zone}/virtualNetworkLinks/aks", "with": {"properties": {"registrationEnabled": False}}}], []),
    (range(5, 9), "the storage firewall is open", [{"set": ACCOUNT, "to": "Allow"}], []),
    (range(9, 10), "the application's service principal is Contributor", [ROLE], []),
    (range(10, 12), "a peering is disconnected",
     [{"merge": PEERING, "with": {"properties": {"peeringState": "Disconnected"}}}], []),
    (range(12, 18), "the secret of the application has ended", [], []),
    (range(14, 17), "the auditor may not read applications in Microsoft Graph", [],
     [{"on": "GET /v1.0/applications*", "status": 403}]),
    (range(19, 21), "the copies of the blobs stall", [{"remove": "blob:stvecticebkp/vectice-backup/{folder-1}/"}], []),
    (range(20, 21), None, [{"remove": "blob:stvecticebkp/vectice-backup/{folder-2}/"}], []),
    (range(23, 25), "the application's service principal is Contributor", [ROLE], []),
    (range(29, 31), "the storage firewall is open", [{"set": ACCOUNT, "to": "Allow"}], []),
]
WAIVED_FROM = 6


def day(night: int) -> datetime.date:
    """The date of a night."""
    return FIRST + datetime.timedelta(days=night - 1)


def scenario(night: int) -> dict:
    """The Azure of a night."""
    # The secret was made a year before it ends, and made anew when somebody noticed.
    changes = [
        {"set": SECRET + "startDateTime", "to": "2025-11-04T00:00:00Z" if night < 18 else "2026-11-09T10:00:00Z"},
        {"set": SECRET + "endDateTime", "to": "2026-11-04T00:00:00Z" if night < 18 else "2027-11-09T10:00:00Z"},
    ]
    faults: list[dict] = []
    for nights, _, different, wrong in STORY:
        if night in nights:
            changes += different
            faults += wrong
    return {"description": f"Night {night} of docs/a-month.md.", "extends": "compliant",
            "changes": changes, "faults": faults}


def faketime() -> str:
    """The C library that lies about the time."""
    spec = importlib.util.find_spec("libfaketime")
    folder = pathlib.Path(spec.submodule_search_locations[0])
    return str(next(folder.rglob("libfaketime.so.1")))


class Month:
    """A folder for the job, a clock, and the way to Azure."""

    def __init__(self, vaudit: pathlib.Path, work: pathlib.Path) -> None:
        self.vaudit, self.work, self.port = vaudit, work, 0
        self.library = faketime()
        self.ids: dict[str, str] = {}
        # Whatever host it is, the simulator of tonight answers.
        self.proxy = ConnectProxy(lambda host: self.port)
        self.audit = work / "audit"
        self.audit.mkdir()

    def environment(self, night: int) -> dict[str, str]:
        return {
            "HOME": str(self.work), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "COLUMNS": "100",
            "TZ": "UTC", "LD_PRELOAD": self.library, "FAKETIME": f"{day(night)} {HOUR}",
            # Pauses and limits go by the monotonic clock, which has to run.
            "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
            "HTTPS_PROXY": self.proxy.url, "SSL_CERT_FILE": str(self.work / "ca.pem"),
        }

    def live(self, night: int) -> tuple[str, int]:
        """One night: what the job printed, and its exit code."""
        file = self.work / "scenario.json"
        file.write_text(json.dumps(scenario(night)), encoding="utf-8")
        manifest = MANIFEST.read_text(encoding="utf-8")
        if night >= WAIVED_FROM:
            manifest += WAIVER
        (self.audit / "vaudit.toml").write_text(manifest, encoding="utf-8")
        environment = self.environment(night)
        with (self.work / "conversation").open("w+", encoding="utf-8") as said:
            simulator = subprocess.Popen(
                [self.vaudit, "simulate", "--scenario", file, "--port", "0", "--tls", self.work],
                env=environment, stdout=subprocess.PIPE, stderr=said, text=True,
            )
            try:
                # The address comes first, what it takes to sign in with the CA comes last.
                self.port = int(simulator.stdout.readline().rsplit(":", 1)[1])
                deadline = time.monotonic() + 30
                while "Trust its CA" not in (conversation := pathlib.Path(said.name).read_text(encoding="utf-8")):
                    if time.monotonic() > deadline or simulator.poll() is not None:
                        sys.exit(f"the simulator did not start: {conversation}")
                    time.sleep(0.02)
                environment |= dict(re.findall(r"(AZURE_\w+)=(\S+)", conversation))
                return self.run(CHECK, environment)
            finally:
                simulator.terminate()
                simulator.wait()

    def run(self, command: str, environment: dict[str, str]) -> tuple[str, int]:
        words = command.split()
        ran = subprocess.run([self.vaudit, *words[1:]], cwd=self.audit, env=environment, check=False, text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return ran.stdout, ran.returncode

    def steady(self, text: str) -> str:
        """A text without what is another every time: the ids of runs."""
        for file in sorted((self.audit / "runs").iterdir()):
            run = json.loads(file.read_text(encoding="utf-8"))["run"]
            self.ids.setdefault(run["id"], f"{len(self.ids) + 1:016x}")
        for own, shown in self.ids.items():
            text = text.replace(own, shown)
        return text


def console(command: str, output: str) -> str:
    return f"```console\n$ {command}\n{output}```\n"


def happened(night: int) -> str:
    """What is new in a night, for the table of the page."""
    told = []
    for nights, what, *_ in STORY:
        if what and night == nights.start:
            told.append(what)
        if what and night == nights.stop:
            told.append(f"no longer: {what}")
    if night == WAIVED_FROM:
        told.append("the platform team waives DNS005 until 2026-11-16")
    if night == MISSED:
        told.append("the runner is down, and there is no run")
    return "; ".join(told)


def page(work: pathlib.Path, vaudit: pathlib.Path) -> str:
    month = Month(vaudit, work)
    printed, marked, rows = {}, {}, []
    for night in NIGHTS:
        if night == MISSED:
            rows.append(f"| {day(night)} | – | {happened(night)} |")
            continue
        output, code = month.live(night)
        if code == 2:
            sys.exit(f"night {night}: there was no audit:\n{output}")
        printed[night] = console(CHECK, month.steady(output))
        marked[night] = month.steady((month.audit / "vaudit.md").read_text(encoding="utf-8"))
        rows.append(f"| {day(night)} | {code} | {happened(night)} |")
    last = month.environment(NIGHTS[-1])

    def also(command: str) -> str:
        output, code = month.run(command, last)
        if code != 0:
            sys.exit(f"{command} ended with {code}:\n{output}")
        return console(command, month.steady(output))

    def head(night: int) -> str:
        text = marked[night].split("### What needs a hand")[0].rstrip()
        return f"````markdown\n{text}\n````\n"

    listing = "ls runs | head -n 3"
    files = subprocess.run(listing, shell=True, cwd=month.audit, check=True, text=True, stdout=subprocess.PIPE).stdout
    return TEMPLATE.format(
        table="\n".join(rows), night1=printed[1], night5=printed[5], night6=printed[6], night9=printed[9],
        night14=printed[14], night17=printed[17], night18=printed[18], night25=printed[25], head29=head(29),
        files=console(listing, month.steady(files)), trend=also("vaudit trend runs"),
        since=also("vaudit trend runs --since 2026-11-18 --rule STO003"),
    )


TEMPLATE = """\
# A month of nights

`vaudit check --history` for thirty nights, and what `vaudit trend` makes of them. `tests/external/month.py` lives through the month: each night it serves an Azure of its own with `vaudit simulate`, sets the clock of both to that night, and runs the job. What is shown here is what was printed, but for the ids of runs. [nightly.md](nightly.md) has the job, [over-time.md](over-time.md) says exactly what is new, unchanged and fixed.

## What happened

Somebody opens the storage firewall for a few days, and again at the end. The secret of the application ends unnoticed, and while it has, the auditor loses a permission for three nights. The link of the AKS network has lost its auto-registration; a waiver covers that until it expires.

| night | exit code | what happened since the last one |
|---|---|---|
{table}

## The first night

There is no earlier run to be held against. `--history` makes the folder and keeps the first report; after a few nights it looks like this:

{night1}
{files}
## Something is new

On the fifth night the firewall is open. What failed before is not marked, and since when it fails is in the report that the folder keeps:

{night5}
The next night nothing is new. The waiver of the platform team covers DNS005 from now on, which is said once:

{night6}
Then the firewall is closed again, and somebody needed a role for the application:

{night9}
## Unknown is not fixed

The secret of the application ended on 2026-11-04, and IAM004 has failed since. On 2026-11-06 the auditor may not read applications any more. That mends nothing: the failure is out of sight, and the exit code is not 0.

{night14}
When the permission is back, the failure is the one from before and not a new one:

{night17}
And once there is a new secret, it is over:

{night18}
## A waiver ends

The last day of the waiver was 2026-11-16. What it covered counts again, though nothing in Azure has changed:

{night25}
## In the summary of the job

The Markdown report says the same, what is new first. On the twenty-ninth night it begins with

{head29}
## The whole month

{trend}
One look at one rule, from a day on. What was before that day still counts:

{since}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vaudit", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    now = page(arguments.work.resolve(), arguments.vaudit.resolve())
    if arguments.write:
        PAGE.write_text(now, encoding="utf-8")
        return 0
    there = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    for line in difflib.unified_diff(there.splitlines(), now.splitlines(), str(PAGE), "what happens", lineterm=""):
        print(line)
    if now == there:
        print(f"{len(NIGHTS) - 1} nights are as {PAGE.relative_to(ROOT)} tells them")
    return 0 if now == there else 1


if __name__ == "__main__":
    sys.exit(main())
