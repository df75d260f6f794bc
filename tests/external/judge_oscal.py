#!/usr/bin/env python3
"""Judges OSCAL assessment results by compliance-trestle, in a workspace made for it, and by the JSON
report of the same run: an observation a result and a gap, a risk a failure, and nothing satisfied that
did not pass.

    judge_oscal.py RESULTS.json REPORT.json WORKSPACE
"""

import json
import subprocess
import sys
from pathlib import Path

from checks import conclude, differ, expect, note

WORST = ("not_applicable", "pass", "informational", "indeterminate", "fail")
STATUS = {
    "pass": ("satisfied", "pass"),
    "indeterminate": ("not-satisfied", "other"),
    "fail": ("not-satisfied", "fail"),
}


def validate(results: Path, workspace: Path) -> None:
    """Lets trestle judge the document, in a workspace of its own."""
    trestle = [sys.executable, "-m", "trestle"]
    workspace.mkdir(parents=True, exist_ok=True)
    if not (workspace / ".trestle").is_dir():
        subprocess.run([*trestle, "init", "--local"], cwd=workspace, check=True, capture_output=True)
    folder = workspace / "assessment-results" / "report"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "assessment-results.json").write_bytes(results.read_bytes())
    command = [*trestle, "validate", "--type", "assessment-results", "--name", "report"]
    ended = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
    said = f"{ended.stdout}{ended.stderr}".strip()
    if ended.returncode == 0 and "VALID" in said:
        note(f"trestle: {said.splitlines()[-1]}")
    else:
        differ(f"trestle ended with {ended.returncode}: {said}")


def said(prop_holder: dict, name: str) -> str | None:
    """A property."""
    values = [prop["value"] for prop in prop_holder.get("props", []) if prop["name"] == name]
    return values[0] if values else None


def compare(result: dict, deployment: dict) -> None:
    """Holds a result against the deployment it is of."""
    name = deployment["name"]
    observed = [said(one, "fingerprint") for one in result["observations"] if said(one, "gap") is None]
    expect(f"{name}: observations", observed, [one["fingerprint"] for one in deployment["results"]])
    lost = [said(one, "gap") for one in result["observations"] if said(one, "gap")]
    expect(f"{name}: gaps", lost, [gap["reason"] for gap in deployment["gaps"]])
    failed = [one for one in deployment["results"] if one["verdict"] == "fail"]
    risks = [(said(risk, "fingerprint"), risk["status"]) for risk in result.get("risks", [])]
    meant = [(one["fingerprint"], "deviation-approved" if one["waiver"] else "open") for one in failed]
    expect(f"{name}: risks", risks, meant)
    worst: dict[str, str] = {}
    for one in deployment["results"]:
        worst[one["rule"]] = max(worst.get(one["rule"], one["verdict"]), one["verdict"], key=WORST.index)
    findings = {}
    for finding in result.get("findings", []):
        status = finding["target"]["status"]
        findings[said(finding, "rule")] = (status["state"], status["reason"])
    meant = {rule: STATUS[verdict] for rule, verdict in worst.items() if verdict in STATUS}
    expect(f"{name}: findings", findings, meant)


def main() -> int:
    results, report = (Path(path) for path in sys.argv[1:3])
    validate(results, Path(sys.argv[3]))
    document = json.loads(results.read_text(encoding="utf-8"))["assessment-results"]
    deployments = json.loads(report.read_text(encoding="utf-8"))["deployments"]
    expect("the version of OSCAL", document["metadata"]["oscal-version"], "1.1.3")
    expect("a result a deployment", len(document["results"]), len(deployments))
    for result, deployment in zip(document["results"], deployments):
        compare(result, deployment)
    return conclude()


if __name__ == "__main__":
    sys.exit(main())
