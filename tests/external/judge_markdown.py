#!/usr/bin/env python3
"""Judges the Markdown report by the HTML that a renderer of others makes of it: only the elements the
report means, all closed, no link, and outside of code nothing GitHub would take for a reference.

    judge_markdown.py REPORT.md [NAME THAT MUST BE SHOWN AS IT IS]...
"""

import re
import sys
from html.parser import HTMLParser

from markdown_it import MarkdownIt

MEANT = {"h2", "h3", "h4", "p", "strong", "ul", "li", "code", "pre", "details", "summary"}
REFERENCE = re.compile(r"@\w|(^|[^\w&])#\d|\bGH-\d|https?://|\bwww\.|:[a-z_]+:", re.IGNORECASE)


class Page(HTMLParser):
    """Reads the page, and notes what should not be in it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.code: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.open.append(tag)
        self.seen.add(tag)
        if tag not in MEANT or any(name != "class" for name, _ in attrs):
            self.wrong.append(f"<{tag}> {attrs}")
        if tag == "code":
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"<!--{data}-->")

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.code[-1] += data
        elif REFERENCE.search(data):
            self.wrong.append(data.strip())


def main() -> int:
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read()
    page = Page()
    page.feed(MarkdownIt("gfm-like", {"html": True, "linkify": True}).render(text))
    page.close()
    wrong = page.wrong + [f"<{tag}> stays open" for tag in page.open]
    wrong += [f"not shown: {name}" for name in sys.argv[2:] if name not in page.code]
    wrong += [f"{len(text)} characters"] * (len(text) >= 65_000)
    print("\n".join(wrong) or f"{len(text)} characters make {len(page.seen)} kinds of elements")
    return 1 if wrong or "details" not in page.seen else 0


if __name__ == "__main__":
    sys.exit(main())
