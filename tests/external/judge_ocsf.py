#!/usr/bin/env python3
"""Judges OCSF events by two sets of models that others wrote, and by the schema itself: attributes that
it requires, attributes that it does not have or has deprecated, types, ids and their captions. Then by
the JSON report of the same run: an event a result, with its verdict.

    judge_ocsf.py EVENTS.json REPORT.json
"""

import json
import sys
from importlib import import_module, resources

from checks import conclude, differ, expect
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

SEVERITIES = {"note": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
STATUSES = {"pass": 1, "fail": 3, "indeterminate": 0, "informational": 99, "not_applicable": 99}
TEXTS = ("string_t", "resource_uid_t", "url_t")
NUMBERS = ("integer_t", "long_t", "timestamp_t")
# The profile is no part of the schema as pydantic-ocsf has it. This is what its page says.
CLOUD = {"cloud": {"requirement": "required"}, "api": {"requirement": "optional"}}


class Schema:
    """One version of the schema, as pydantic-ocsf brings it along."""

    def __init__(self, version: str) -> None:
        self.version = version
        module = version.replace(".", "_")
        text = resources.files("ocsf").joinpath(f"schemas/v{module}.json").read_text(encoding="utf-8")
        self.schema = json.loads(text)
        self.dictionary = self.schema["dictionary"]["attributes"]
        self.finding = import_module(f"ocsf.v{module}.events").ComplianceFinding

    def attributes(self, kind: str, name: str) -> dict:
        """The attributes of an object or a class, with what it extends."""
        own = self.schema[kind][name]
        known = self.attributes(kind, own["extends"]) if own.get("extends") else {}
        for attribute, said in own["attributes"].items():
            if attribute == "$include":
                continue
            before = known.get(attribute, {})
            enum = before.get("enum", {}) | said.get("enum", {})
            known[attribute] = {**before, **said, **({"enum": enum} if enum else {})}
        return known

    def wrong(self, kind: str, name: str, value: object, path: str) -> list[str]:
        """What is wrong with an object."""
        if not isinstance(value, dict):
            return [f"{path} is no {name}"]
        known = self.attributes(kind, name) | (CLOUD if kind == "events" else {})
        wrong = [f"{path}.{missing} is missing" for missing, said in known.items()
                 if said.get("requirement") == "required" and missing not in value]
        groups = self.schema[kind][name].get("constraints", {})
        for choice in groups.get("at_least_one", []) and [groups["at_least_one"]]:
            wrong += [f"{path} has none of {choice}"] * (not set(choice) & set(value))
        for attribute, inner in value.items():
            said = self.dictionary.get(attribute, {}) | known.get(attribute, {})
            where = f"{path}.{attribute}"
            if attribute not in known:
                wrong.append(f"{where} is in no schema")
            elif "@deprecated" in said:
                wrong.append(f"{where} is deprecated")
            else:
                wrong += self.wrong_value(attribute, said, inner, where)
                wrong += self.wrong_choice(attribute, said, value, where)
        return wrong

    def wrong_value(self, attribute: str, said: dict, value: object, path: str) -> list[str]:
        """What is wrong with the value of an attribute."""
        kind = said.get("type") or self.dictionary[attribute]["type"]
        if self.dictionary[attribute].get("is_array"):
            if not isinstance(value, list) or not value:
                return [f"{path} is no list, or empty"]
            items = enumerate(value)
        else:
            items = [(0, value)]
        wrong = []
        for number, item in items:
            place = f"{path}[{number}]"
            if kind in TEXTS:
                wrong += [f"{place} is no text"] * (not isinstance(item, str) or not item)
            elif kind in NUMBERS:
                wrong += [f"{place} is no number"] * (type(item) is not int)
            elif kind in self.schema["objects"] and kind != "object":
                wrong += self.wrong("objects", kind, item, place)
            elif kind not in ("json_t", "object"):
                wrong.append(f"{place} is of {kind}, which nobody looks at here")
        return wrong

    def wrong_choice(self, attribute: str, said: dict, holder: dict, path: str) -> list[str]:
        """What is wrong with an id and its caption."""
        if not attribute.endswith("_id") or holder[attribute] is None:
            return []
        choices = self.dictionary.get(attribute, {}).get("enum", {}) | said.get("enum", {})
        choice = choices.get(str(holder[attribute]))
        if choice is None:
            return [f"{path} is {holder[attribute]}, of {sorted(choices)}"]
        caption = holder.get(attribute.removesuffix("_id")) or holder.get(f"{attribute.removesuffix('_id')}_name")
        captions = {other["caption"] for other in choices.values()}
        fits = caption not in captions if holder[attribute] == 99 else caption == choice["caption"]
        return [] if fits else [f"{path} is {holder[attribute]}, but called {caption!r}"]

    def judge(self, event: dict) -> list[str]:
        """What is wrong with an event."""
        wrong = self.wrong("events", "compliance_finding", event, "event")
        compliance = dict(event.get("compliance", {}))
        if compliance.get("status_id") == 0:
            # The models leave out what the dictionary says of every `status_id`; the schema has it.
            compliance.pop("status", None)
            del compliance["status_id"]
        try:
            self.finding.model_validate({**event, "compliance": compliance})
        except ValueError as error:
            wrong.append(str(error))
        return wrong


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        events = json.load(file)
    with open(sys.argv[2], encoding="utf-8") as file:
        report = json.load(file)
    results = [(own["name"], result) for own in report["deployments"] for result in own["results"]]
    expect("every result is an event", len(events), len(results))
    uids = {event["metadata"]["uid"] for event in events}
    expect("every event has its own uid", len(uids), len(events))
    # The version that is named, and the newest one that can be looked up.
    for version in ("1.5.0", "1.7.0"):
        schema = Schema(version)
        wrong = [text for event in events for text in schema.judge(event)]
        expect(f"events fit schema {version}", wrong[:10], [])
    for event, (deployment, result) in zip(events, results):
        try:
            ComplianceFinding.model_validate(event)
        except ValueError as error:
            differ(str(error))
        said = {
            "version": event["metadata"]["version"],
            "class": (event["category_uid"], event["class_uid"], event["type_uid"] - event["activity_id"]),
            "severity": event["severity_id"],
            "status": event["compliance"]["status_id"],
            "suppressed": event["status_id"] == 3,
            "uid": event["finding_info"]["uid"],
            "rule": event["metadata"]["event_code"],
            "verdict": event["unmapped"]["verdict"],
            "facts": len(event.get("evidences", [])),
        }
        meant = {
            "version": "1.5.0",
            "class": (2, 2003, 200300),
            "severity": SEVERITIES[result["severity"]],
            "status": STATUSES[result["verdict"]],
            "suppressed": result["waiver"] is not None,
            "uid": result["fingerprint"],
            "rule": result["rule"],
            "verdict": result["verdict"],
            "facts": len(result["evidence"]),
        }
        if said != meant:
            differ(f"{deployment} {result['rule']}: {said} instead of {meant}")
    return conclude()


if __name__ == "__main__":
    sys.exit(main())
