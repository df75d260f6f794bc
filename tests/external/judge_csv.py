#!/usr/bin/env python3
"""Judges a CSV report by Python's own reader, and its cells by those of the JSON report of the same run:
every result is a row, every value is there, and no cell is one that a spreadsheet would run.

    judge_csv.py REPORT.csv REPORT.json
"""

import csv
import json
import re
import sys
import unicodedata

from checks import conclude, differ, expect

FORMULA = re.compile(r"""[\s"'\ufffd]*[=+\-@＝＋－＠﹦﹢﹣﹫]""")
FIRST = ("resource", "pointer", "observed", "expected", "request_id", "read_at")
FRAMEWORKS = {
    "CIS-Azure-3.0.0": "cis_azure_3_0_0",
    "CIS-Azure-4.0.0": "cis_azure_4_0_0",
    "CIS-Azure-5.0.0": "cis_azure_5_0_0",
    "CIS-Azure-6.0.0": "cis_azure_6_0_0",
    "CIS-Azure-Database-2.0.0": "cis_azure_database_2_0_0",
    "MCSB-1": "mcsb_1",
    "NIST-800-53-r5": "nist_800_53_r5",
    "ISO-27001-2022": "iso_27001_2022",
    "SOC2": "soc2",
}


def runs(cell: str) -> bool:
    """Whether a cell, or what Excel makes a cell of where lists have semicolons, begins like a formula."""
    return any(FORMULA.match(part) and not part.startswith("'") for part in cell.split(";"))


def value(cell: str) -> str:
    """The value that a cell was made of."""
    parts = [part[1:] if part[:1] == "'" and FORMULA.match(part[1:]) else part for part in cell.split(";")]
    return ";".join(parts)


def shown(text: str | None) -> str:
    """A value of the JSON report without what acts or hides."""
    hides = {"Cc", "Cf", "Zl", "Zp"}
    text = "".join("\ufffd" if unicodedata.category(c) in hides else c for c in text or "")
    text = re.sub(r"##(?=\[|vso\[)", "\ufffd#", text, flags=re.IGNORECASE)
    return re.sub(r"(^|(?<=\s))::(?=[A-Za-z])", "\ufffd:", text)


def cells(run: dict, deployment: dict, result: dict) -> dict[str, str]:
    """The row of a result."""
    waiver = result["waiver"] or {}
    facts = result["evidence"]
    first = facts[0] if facts else {}
    row = {
        "run_id": run["id"],
        "finished_at": run["finished_at"],
        "deployment": deployment["name"],
        **{name: deployment[name] for name in ("subscription", "resource_group")},
        **{name: result[name] for name in ("rule", "name", "title", "severity", "tier", "verdict")},
        "waived": str(bool(result["waiver"])).lower(),
        **{f"waiver_{name}": waiver.get(name) for name in ("owner", "expires", "ticket", "reason")},
        **{name: result[name] for name in ("reason", "subject", "message", "fingerprint", "observed_digest")},
        **{f"evidence_{name}": first.get(name) for name in FIRST},
        "fix": result["remediation"]["text"],
        "commands": " | ".join(result["remediation"]["commands"]),
        **{column: " ".join(result["controls"].get(name, [])) for name, column in FRAMEWORKS.items()},
        "other_controls": "",
        "manifest_key": (result["location"] or {}).get("key"),
        "manifest_line": str((result["location"] or {}).get("line", "")),
    }
    return {name: shown(text) for name, text in row.items()}


def main() -> int:
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        text = file.read()
    with open(sys.argv[2], encoding="utf-8") as file:
        report = json.load(file)
    lines = text.split("\r\n")
    expect("the last row has an end", lines.pop(), "")
    expect("no other line breaks", [line for line in lines if "\r" in line or "\n" in line], [])
    head, *rows = list(csv.reader(lines, strict=True))
    expect("every row is a line", len(rows) + 1, len(lines))
    expect("every row has every column", {len(row) for row in rows}, {len(head)})
    results = [(own, result) for own in report["deployments"] for result in own["results"]]
    expect("every result is a row", len(rows), len(results))
    for number, (row, (deployment, result)) in enumerate(zip(rows, results), 1):
        wrong = [cell for cell in row if runs(cell)]
        read = {name: value(cell) for name, cell in zip(head, row)}
        further = read.pop("further_evidence")
        for fact in result["evidence"][1:]:
            wrong += [fact[name] for name in FIRST if shown(fact[name]) not in further]
        for name, expected in cells(report["run"], deployment, result).items():
            if read.pop(name, None) != expected:
                wrong.append(f"{name} is not {expected!r}")
        wrong += [f"{name} is in no result" for name in read]
        if wrong:
            differ(f"row {number}: {wrong}")
    return conclude()


if __name__ == "__main__":
    sys.exit(main())
