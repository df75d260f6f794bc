#!/usr/bin/env python3
"""Runs the shell steps of the composite action as a runner would, against the embedded simulator.

    action_steps.py --vaudit BINARY --work FOLDER

Actions of others are not run; it is noted whether the runner would have run them, and with what.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
REFERENCE = re.compile(r"(inputs|steps)\.([a-z-]+)(?:\.outputs\.([a-z-]+))?")


class Run:
    """One run of the action: what its steps left behind."""

    def __init__(self, work: pathlib.Path, inputs: dict[str, str], path: str = os.environ["PATH"]) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=work))
        self.workspace = self.folder / "workspace"
        self.workspace.mkdir()
        unknown = inputs.keys() - ACTION["inputs"].keys()
        assert not unknown, f"the action has no input {unknown}"
        self.inputs = {name: declared["default"] for name, declared in ACTION["inputs"].items()} | inputs
        self.steps: dict[str, dict[str, str]] = {}
        self.used: dict[str, dict[str, str]] = {}
        self.path = path
        self.summary = ""
        self.code = 0
        self.log = ""

    def value(self, match: re.Match) -> str:
        kind, name, output = match.groups()
        if kind == "inputs":
            return self.inputs[name]
        # What a step did not write is empty to a runner. That there is such a step is not for it to say.
        assert any(step.get("id") == name for step in ACTION["runs"]["steps"]), f"there is no step {name}"
        return self.steps.get(name, {}).get(output, "")

    def text(self, template: object) -> str:
        """What the runner makes of `${{ … }}` in a value; it knows references and comparisons only."""

        def expression(match: re.Match) -> str:
            inner = match.group(1).strip()
            if REFERENCE.fullmatch(inner):
                return self.value(REFERENCE.fullmatch(inner))
            return str(self.holds(inner)).lower()

        return re.sub(r"\$\{\{(.*?)\}\}", expression, str(template))

    def holds(self, condition: str) -> bool:
        condition = condition.strip().removeprefix("${{").removesuffix("}}").replace("!cancelled()", "True")
        condition = REFERENCE.sub(lambda match: repr(self.value(match)), condition).replace("&&", " and ")
        return bool(eval(condition.strip(), {"__builtins__": {}}))

    def outputs(self) -> dict[str, str]:
        return {name: self.text(declared["value"]) for name, declared in ACTION["outputs"].items()}

    def go(self) -> "Run":
        for step in ACTION["runs"]["steps"]:
            condition = str(step.get("if", "True"))
            if (self.code and "cancelled()" not in condition) or not self.holds(condition):
                continue
            if "uses" in step:
                self.used[step["uses"].split("@")[0]] = {
                    name: self.text(value) for name, value in step["with"].items()
                }
            else:
                self.shell(step)
        return self

    def shell(self, step: dict) -> None:
        assert step["shell"] == "bash", step["name"]
        assert "${{" not in step["run"], f"{step['name']}: an expression in a script is an injection"
        script, output, summary = (self.folder / name for name in ("script.sh", "output", "summary"))
        script.write_text(step["run"], encoding="utf-8")
        output.write_text("", encoding="utf-8")
        summary.write_text("", encoding="utf-8")
        environment = {
            "PATH": self.path,
            "HOME": str(self.folder),
            "RUNNER_OS": "Linux",
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary),
        } | {name: self.text(value) for name, value in step.get("env", {}).items()}
        ran = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
            cwd=self.workspace, env=environment, stdin=subprocess.DEVNULL, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )
        self.log += ran.stdout
        self.code = self.code or ran.returncode
        self.summary += summary.read_text(encoding="utf-8")
        written = [line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines()]
        if "id" in step:
            self.steps[step["id"]] = dict(written)


class Cases:
    def __init__(self, vaudit: pathlib.Path, work: pathlib.Path) -> None:
        self.vaudit = vaudit
        self.work = work

    def run(self, **inputs: str) -> Run:
        named = {name.replace("_", "-"): value for name, value in inputs.items()}
        return Run(self.work, {"binary": str(self.vaudit)} | named).go()

    def judged(self, what: str, run: Run, code: int, exits: int, verdict: str) -> None:
        """An audit took place: reports, outputs, summary and exit code say the same."""
        outputs = run.outputs()
        assert run.code == exits, f"{what}: the job ended with {run.code}\n{run.log}"
        assert (outputs["exit-code"], outputs["verdict"]) == (str(code), verdict), f"{what}: {outputs}"
        report = json.loads(pathlib.Path(outputs["json"]).read_text(encoding="utf-8"))
        assert report["run"]["exit_code"] == code, what
        for name, count in report["summary"].items():
            assert outputs[name.replace("_", "-")] == str(count), f"{what}: {name} in {outputs}"
        assert sum(report["summary"].values()) > 0, what
        for name in ("sarif", "junit", "snapshot"):
            assert pathlib.Path(outputs[name]).stat().st_size > 0, f"{what}: {name}"
        assert run.summary == pathlib.Path(outputs["markdown"]).read_text(encoding="utf-8") != "", what
        assert run.used["github/codeql-action/upload-sarif"]["sarif_file"] == outputs["sarif"], what
        assert run.used["actions/upload-artifact"]["path"] == outputs["folder"], what
        assert "azure/login" not in run.used, what
        print(f"{what}: exit code {exits}, {verdict}, {len(run.summary)} characters of summary")

    def lost(self, what: str, run: Run, exits: int, verdict: str) -> None:
        """No audit took place, and everything says so."""
        outputs = run.outputs()
        assert run.code == exits, f"{what}: the job ended with {run.code}\n{run.log}"
        assert outputs["verdict"] == verdict, f"{what}: {outputs}"
        assert "github/codeql-action/upload-sarif" not in run.used, what
        for name in ("json", "sarif", "markdown", "junit", "pass", "fail", "indeterminate"):
            assert outputs[name] == "", f"{what}: {name} is {outputs[name]}"
        assert "::error" in run.log, what
        print(f"{what}: exit code {exits}")

    def verdicts(self) -> None:
        unread = "--rule=BKP001"
        self.judged("compliant", self.run(demo="compliant"), 0, 0, "pass")
        drifted = self.run(demo="drifted")
        self.judged("drifted", drifted, 1, 1, "fail")
        assert "::error" in drifted.log.split("::stop-commands::")[0], "no annotation reaches the runner"
        self.judged("unread", self.run(demo="drifted", arguments=unread), 3, 3, "indeterminate")
        allowed = self.run(demo="drifted", arguments=unread, fail_on_indeterminate="false")
        self.judged("unread, allowed", allowed, 3, 0, "indeterminate")
        assert "::warning" in allowed.log, allowed.log
        never = self.run(demo="drifted", arguments="--skip=BKP*\n--skip=AUD*\n", fail_on="never")
        assert never.outputs()["fail"] != "0" and never.outputs()["exit-code"] in ("0", "3"), never.outputs()

    def no_audit(self) -> None:
        wrong = self.run(demo="drifted", arguments="--rule=NOPE001")
        self.lost("no such rule", wrong, 2, "error")
        assert "There was no audit" in wrong.summary and "NOPE001" in wrong.log, wrong.log
        # The conversation may quote anything, so it must stand where commands are off.
        assert wrong.log.index("::stop-commands::") < wrong.log.index("NOPE001"), wrong.log
        whole = self.run(demo="drifted", arguments="--rule=NOPE 001")
        assert "NOPE 001" in whole.log, f"an argument does not stay whole:\n{whole.log}"
        self.lost("no manifest", self.run(), 2, "error")
        for name in ("upload-sarif", "upload-evidence", "fail-on-indeterminate"):
            misspelt = self.run(demo="compliant", **{name: "True"})
            self.lost(f"{name} misspelt", misspelt, 2, "")
            assert f"{name} is neither" in misspelt.log, misspelt.log
        self.lost("no such binary", self.run(demo="compliant", binary="./nothing"), 2, "")

    def signing_in(self) -> None:
        ids = {"azure_client_id": "aaaa", "azure_tenant_id": "bbbb"}
        live = self.run(**ids)
        login = live.used["azure/login"]
        assert (login["client-id"], login["tenant-id"]) == ("aaaa", "bbbb"), login
        assert login["allow-no-subscriptions"] == "true", login
        chosen = self.run(**ids, azure_subscription_id="cccc").used["azure/login"]
        assert (chosen["subscription-id"], chosen["allow-no-subscriptions"]) == ("cccc", "false"), chosen
        for offline in ({"demo": "compliant"}, {"snapshot": "approved.snapshot"}):
            assert "azure/login" not in self.run(**ids, **offline).used, offline
        print("signs in for a live audit only")

    def offline(self) -> None:
        """The manifest of a change against an approved snapshot, as pull requests are judged."""
        run = Run(self.work, {
            "binary": str(self.vaudit),
            "snapshot": "approved.snapshot",
            # The demo has its blobs at addresses of its own, which this manifest does not name.
            "arguments": "--skip=BKP*",
            "upload-sarif": "false",
            "upload-evidence": "false",
        })
        collect = ["collect", "--demo", "compliant", "--quiet", "--output", "approved.snapshot"]
        subprocess.run([self.vaudit, *collect], cwd=run.workspace, check=True)
        manifest = (ROOT / "src/simulator/scenarios/demo.toml").read_text(encoding="utf-8")
        (run.workspace / "vaudit.toml").write_text(manifest, encoding="utf-8")
        run.go()
        assert run.code == 0 and run.outputs()["verdict"] == "pass", run.log
        assert not run.used, f"nothing is uploaded: {run.used}"
        (run.workspace / "vaudit.toml").write_text(manifest + "\nnonsense = 1\n", encoding="utf-8")
        again = Run(self.work, run.inputs)
        shutil.copytree(run.workspace, again.workspace, dirs_exist_ok=True)
        self.lost("a manifest with a mistake", again.go(), 2, "error")

    def hostile_inputs(self) -> None:
        """An input is a value, whatever is in it."""
        for hostile in ("$(touch pwned)", "'; touch pwned; '", '"; touch pwned; "', "`touch pwned`", "a b", "*"):
            for name in ("config", "profile", "fail-on", "credential", "blob-listing", "arguments", "binary"):
                run = self.run(**{name: hostile})
                assert not list(run.folder.rglob("pwned")), f"{name} = {hostile} ran a command"
                assert run.code == 2, f"{name} = {hostile}: {run.log}"
        print("hostile inputs stay values")

    def building(self) -> None:
        """Without a binary, one is built from the source of the action; Cargo is played here."""
        tools = pathlib.Path(tempfile.mkdtemp(dir=self.work))
        cargo = tools / "cargo"
        cargo.write_text(
            "#!/bin/sh\n"
            f'echo "$PWD $*" >>{tools}/calls\n'
            'while [ "$1" != --target-dir ]; do shift; done\n'
            f'mkdir -p "$2/release" && cp {self.vaudit} "$2/release/vaudit"\n',
            encoding="utf-8",
        )
        cargo.chmod(0o755)
        run = Run(self.work, {"demo": "compliant"}, f"{tools}:{os.environ['PATH']}").go()
        assert run.code == 0 and run.outputs()["verdict"] == "pass", run.log
        calls = (tools / "calls").read_text(encoding="utf-8")
        assert calls.startswith(f"{ROOT} build --release --locked "), calls
        kept, sought = run.used["actions/cache/save"], run.used["actions/cache/restore"]
        assert kept == sought and re.fullmatch(r"vaudit-[0-9a-f]{64}", kept["key"]), kept
        built = pathlib.Path(kept["path"]) / "vaudit"
        assert built.is_file(), "what is kept is what was built"
        print("builds what it keeps")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--vaudit", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    cases = Cases(arguments.vaudit, arguments.work)
    cases.verdicts()
    cases.no_audit()
    cases.signing_in()
    cases.offline()
    cases.hostile_inputs()
    cases.building()


if __name__ == "__main__":
    main()
