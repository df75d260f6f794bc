#!/usr/bin/env python3
"""Judges by what SARIF Multitool wrote: no error, no warning, and it did look.

    judge_sarif.py VALIDATED.sarif
"""

import json
import sys


def main() -> int:
    with open(sys.argv[1], encoding="utf-8-sig") as file:
        runs = json.load(file)["runs"]
    bad = 0
    for run in runs:
        for result in run.get("results", []):
            level = result.get("level", "warning")
            where = result["locations"][0]["physicalLocation"].get("region", {}) if result.get("locations") else {}
            text = " ".join(result.get("message", {}).get("arguments", []))
            print(f"{level}  {result.get('ruleId')}  line {where.get('startLine', '?')}  {text}")
            bad += level in ("error", "warning")
        for invocation in run.get("invocations", []):
            for note in invocation.get("toolExecutionNotifications", []):
                if note.get("level", "warning") in ("error", "warning"):
                    print(f"could not look: {note['message'].get('text')}")
                    bad += 1
    print(f"{len(runs)} runs, {bad} errors and warnings")
    if not runs:
        print("nothing was validated")
        return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
