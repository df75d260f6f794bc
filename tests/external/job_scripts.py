#!/usr/bin/env python3
"""Runs the scripts of the Azure Pipelines and GitLab examples for real, with vaudit auditing the demo.

    job_scripts.py --vaudit BINARY --work FOLDER
"""

import argparse
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import yaml

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"
REPORTS = ["vaudit.json", "vaudit.sarif", "vaudit.md", "vaudit.junit.xml", "vaudit.snapshot"]

# What Azure could have said, in a name for example.
HOSTILE = "##vso[task.setvariable variable=vauditExitCode]0 ###vso[task.complete result=Succeeded]"


class Job:
    """A folder in which `vaudit` is a program that audits the demo instead, and says how it was called."""

    def __init__(self, vaudit: pathlib.Path, work: pathlib.Path, demo: str) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=work))
        self.bin = self.folder / "vaudit-bin"
        self.bin.mkdir()
        program = self.bin / "vaudit"
        program.write_text(
            "#!/usr/bin/env bash\n"
            f"printf '%s\\n' \"$*\" >{self.folder}/called\n"
            f'if [ -n "${{AZURE_FEDERATED_TOKEN_FILE:-}}" ]; then\n'
            f'  cat "$AZURE_FEDERATED_TOKEN_FILE" >{self.folder}/token\n'
            f'  stat --format %a "$AZURE_FEDERATED_TOKEN_FILE" >{self.folder}/mode\n'
            f'  echo "$AZURE_FEDERATED_TOKEN_FILE" >{self.folder}/token-file\n'
            "fi\n"
            f"echo {shlex.quote(HOSTILE)} >&2\n"
            "arguments=()\n"
            "while [ $# -gt 0 ]; do\n"
            "  case $1 in --config | --credential) shift ;; *) arguments+=(\"$1\") ;; esac\n"
            "  shift\n"
            "done\n"
            f'exec {vaudit} "${{arguments[@]}}" {demo}\n',
            encoding="utf-8",
        )
        program.chmod(0o755)

    def bash(self, script: str, **environment: str) -> tuple[int, str]:
        ran = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script], cwd=self.folder, text=True, check=False,
            env={"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.folder)} | environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        return ran.returncode, ran.stdout

    def said(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8").strip()


def azure(job: Job, code: int) -> None:
    document = yaml.safe_load((EXAMPLES / "azure-pipelines/nightly.yml").read_text(encoding="utf-8"))
    steps = document["jobs"][1]["steps"]
    check = next(step for step in steps if step.get("task") == "AzureCLI@2")
    assert check["env"] == {"SYSTEM_ACCESSTOKEN": "$(System.AccessToken)"}, check["env"]
    staging = job.folder / "staging"
    exit_code, log = job.bash(
        check["inputs"]["inlineScript"],
        PIPELINE_WORKSPACE=str(job.folder), BUILD_ARTIFACTSTAGINGDIRECTORY=str(staging),
    )
    assert exit_code == 0, f"the later steps would not run:\n{log}"
    assert "--credential azure-pipelines" in job.said("called"), job.said("called")
    commands = re.findall(r"##.*", log)
    summary = [f"##vso[task.uploadsummary]{staging}/vaudit/vaudit.md"] if code != 2 else []
    assert commands == [*summary, f"##vso[task.setvariable variable=vauditExitCode]{code}"], log
    for report in REPORTS if code != 2 else []:
        assert (staging / "vaudit" / report).stat().st_size > 0, report
    verdict = steps[-1]["bash"]
    assert job.bash(verdict, EXIT_CODE=str(code))[0] == code
    # What Azure Pipelines makes of a variable that was never set.
    assert job.bash(verdict, EXIT_CODE="$(vauditExitCode)")[0] == 2
    print(f"Azure Pipelines: {code}")


def gitlab(job: Job, code: int) -> None:
    document = yaml.safe_load((EXAMPLES / "gitlab/nightly.gitlab-ci.yml").read_text(encoding="utf-8"))
    exit_code, log = job.bash("\n".join(document["vaudit"]["script"]), AZURE_ID_TOKEN="a token")
    assert exit_code == code, f"{exit_code} instead of {code}:\n{log}"
    assert "--credential workload-identity" in job.said("called"), job.said("called")
    assert (job.said("token"), job.said("mode")) == ("a token", "600")
    assert not pathlib.Path(job.said("token-file")).exists(), "the token was left behind"
    for report in REPORTS if code != 2 else []:
        assert (job.folder / "vaudit" / report).stat().st_size > 0, report
    print(f"GitLab: {code}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--vaudit", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    demos = {
        "--demo=compliant": 0,
        "--demo=drifted": 1,
        "--demo=drifted --rule=NOPE001": 2,
        "--demo=drifted --rule=BKP001": 3,
    }
    for demo, code in demos.items():
        azure(Job(arguments.vaudit, arguments.work, demo), code)
        gitlab(Job(arguments.vaudit, arguments.work, demo), code)


if __name__ == "__main__":
    main()
