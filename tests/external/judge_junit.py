#!/usr/bin/env python3
"""Judges a JUnit report by an XML schema, and its counts by what it holds.

    judge_junit.py SCHEMA.xsd REPORT.xml
"""

import sys

from lxml import etree

OUTCOMES = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def miscounted(report: etree._Element) -> list[str]:
    """The counts of suites, and of the report, that are not those of their cases."""
    wrong = []
    for holder in [report, *report.findall("testsuite")]:
        cases = list(holder.iter("testcase"))
        counts = {name: sum(case.find(tag) is not None for case in cases) for name, tag in OUTCOMES.items()}
        for name, count in {"tests": len(cases), **counts}.items():
            # The schema of Jenkins has no such count for the whole report.
            if holder.get(name) != str(count) and not (name == "skipped" and holder is report):
                wrong.append(f"{holder.tag} {holder.get('name')}: {name} is {holder.get(name)}, counted {count}")
    return wrong


def main() -> int:
    schema = etree.XMLSchema(etree.parse(sys.argv[1]))
    document = etree.parse(sys.argv[2])
    wrong = [] if schema.validate(document) else [str(error) for error in schema.error_log]
    if not wrong:
        wrong = miscounted(document.getroot())
    cases = document.getroot().findall(".//testcase")
    print("\n".join(wrong[:10]) or f"{len(cases)} cases fit {sys.argv[1].rsplit('/', 1)[-1]}")
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
