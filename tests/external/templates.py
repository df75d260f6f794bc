#!/usr/bin/env python3
"""Holds the templates for CI and Kubernetes against public schemas, and writes out what is inside them.

    templates.py FOLDER

FOLDER gets every script of a template and of its documentation as a file of its own, for a shell and a
linter to read; the steps that the documentation shows, as a workflow; and the manifest of the ConfigMap,
for vaudit to read. Each schema has to refuse a template with a misspelt key too.
"""

import copy
import importlib.resources
import json
import pathlib
import re
import sys
from collections.abc import Iterator

import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

KUBERNETES = pathlib.Path("deploy/kubernetes")
PAGE = pathlib.Path("docs/nightly.md")

# The schema, the template, and the path of a key that is misspelt on purpose.
TEMPLATES = [
    ("github-actions", "action.yml", ["runs", "steps", 0, "shell"]),
    ("github-workflows", "examples/github/nightly.yml", ["jobs", "audit", "permissions", "id-token"]),
    ("github-workflows", "examples/github/pull-request.yml", ["jobs", "judge", "runs-on"]),
    ("azure-pipelines", "examples/azure-pipelines/nightly.yml", ["jobs", 1, "steps", 2, "inputs", "scriptType"]),
    ("gitlab-ci", "examples/gitlab/nightly.gitlab-ci.yml", ["vaudit", "artifacts", "reports"]),
]


class Words(yaml.SafeLoader):
    """YAML 1.2 as these programs read it: `on` is a word."""


Words.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if letter not in "oOyYnN" or tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_azure_reads(value: object) -> object:
    """Azure Pipelines, and Microsoft's schema, take every scalar for text, but for the inputs of tasks."""
    if isinstance(value, dict):
        return {key: inner if key == "inputs" else as_azure_reads(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_azure_reads(inner) for inner in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def misspell(document: object, path: list) -> object:
    """A copy of a document in which a key has another name."""
    document = copy.deepcopy(document)
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1] + "x"] = inner.pop(path[-1])
    return document


def scripts(document: object) -> Iterator[str]:
    """Every shell script of a template, wherever its format puts it."""
    if isinstance(document, list):
        for inner in document:
            yield from scripts(inner)
    if not isinstance(document, dict):
        return
    for key, inner in document.items():
        if key in ("run", "bash", "inlineScript") and isinstance(inner, str):
            yield inner
        elif key == "script":
            yield "\n".join(inner)
        elif key == "command" and "-c" in inner:
            yield inner[inner.index("-c") + 1]
        else:
            yield from scripts(inner)


def write_scripts(folder: pathlib.Path, name: str, document: object) -> int:
    found = list(scripts(document))
    for number, script in enumerate(found):
        file = folder / f"{name.replace('/', '-')}.{number}.sh"
        # With the options that the runner sets, which a linter would miss otherwise.
        file.write_text(f"#!/usr/bin/env bash\nset -e\n{script}\n", encoding="utf-8")
    return len(found)


def documented(folder: pathlib.Path) -> None:
    """What the page tells to type and to copy."""
    text = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^```bash\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    steps = re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert commands and len(steps) == 1, f"{len(commands)} blocks of commands, {len(steps)} of steps"
    # One script, as the later commands use what the first ones found out.
    (folder / "page.sh").write_text("#!/usr/bin/env bash\n" + "\n".join(commands), encoding="utf-8")
    head = "on: workflow_dispatch\njobs:\n  page:\n    runs-on: ubuntu-latest\n    steps:\n"
    (folder / "page.yml").write_text(head + steps[0], encoding="utf-8")


def pins() -> None:
    """Actions of others are named by commit, and by the same one everywhere."""
    known: dict[str, str] = {}
    for file in (pathlib.Path("action.yml"), PAGE, *sorted(pathlib.Path("examples/github").glob("*.yml"))):
        for action, pin in re.findall(r"uses: ([^@\s]+)@(.*)", file.read_text(encoding="utf-8")):
            ours = action == "example-org/vaudit"
            assert re.fullmatch("0{40}" if ours else r"[0-9a-f]{40} # v\d+\.\d+\.\d+", pin), f"{file}: {action}@{pin}"
            assert known.setdefault(action, pin) == pin, f"{file}: {action} is pinned elsewhere as {known[action]}"
    print(f"{len(known)} actions, each with one pin")


def kustomizations() -> None:
    """Every manifest is in the kustomization beside it, and nothing in one is missing."""
    for file in sorted(KUBERNETES.glob("*/kustomization.yaml")):
        document = yaml.load(file.read_text(encoding="utf-8"), Words)
        assert document["kind"] == "Kustomization", file
        listed = {resource for resource in document["resources"] if not resource.startswith("../")}
        there = {path.name for path in file.parent.glob("*.yaml")} - {file.name}
        assert listed == there, f"{file} lists {sorted(listed)}, beside it are {sorted(there)}"
        for resource in document["resources"]:
            assert (file.parent / resource).exists(), f"{file}: there is no {resource}"
        print(f"{file}: lists what is there")


def main() -> int:
    folder = pathlib.Path(sys.argv[1])
    schemas = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    bad = 0
    for schema, name, misspelt in TEMPLATES:
        document = yaml.load(pathlib.Path(name).read_text(encoding="utf-8"), Words)
        read = as_azure_reads if schema == "azure-pipelines" else lambda document: document
        validator = Draft7Validator(json.loads((schemas / f"{schema}.json").read_text(encoding="utf-8")))
        error = best_match(validator.iter_errors(read(document)))
        if error is not None:
            bad += 1
            print(f"{name}: not as {schema} says: {error.json_path}: {error.message[:300]}")
        if validator.is_valid(read(misspell(document, misspelt))):
            bad += 1
            print(f"{name}: {schema} sees nothing in a misspelt {misspelt}, so its silence proves nothing")
        count = write_scripts(folder, name, document)
        print(f"{name}: read as {schema}, {count} scripts")
    for file in sorted(KUBERNETES.glob("*/*.yaml")):
        document = yaml.load(file.read_text(encoding="utf-8"), Words)
        write_scripts(folder, str(file), document)
        if document["kind"] == "ConfigMap":
            (folder / "vaudit.toml").write_text(document["data"]["vaudit.toml"], encoding="utf-8")
    documented(folder)
    pins()
    kustomizations()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
