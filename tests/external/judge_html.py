#!/usr/bin/env python3
"""Judges the HTML report by the strict parser of html5lib: no parse error, every attribute one that the
report means, no address but anchors of its own that lead somewhere, headings in order, and names shown
as text.

    judge_html.py REPORT.html [NAME THAT MUST BE SHOWN AS IT IS]...
"""

import re
import sys

import html5lib

# What an element may have; nothing here takes an address, a style or an order.
ATTRIBUTES = {
    "aria-hidden", "aria-label", "aria-labelledby", "aria-live", "autocomplete", "charset", "class", "colspan",
    "content", "data-d", "data-label", "data-r", "hidden", "href", "http-equiv", "id", "lang", "name", "open",
    "placeholder", "role", "scope", "spellcheck", "tabindex", "title", "type", "value",
}
# What only a picture may have.
PICTURE = {
    "cx", "cy", "d", "dx", "dy", "fill", "height", "marker-end", "marker-start", "markerHeight", "markerUnits",
    "markerWidth", "orient", "points", "preserveAspectRatio", "r", "refX", "refY", "rx", "ry", "text-anchor",
    "transform", "vector-effect", "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2",
}
SVG = "{http://www.w3.org/2000/svg}"
HTML = "{http://www.w3.org/1999/xhtml}"
HEADINGS = {f"{HTML}h{level}": level for level in range(1, 7)}
# What would ask for something, or lead the reader's eye away from what is written.
REFUSED = {
    "animate", "applet", "audio", "base", "embed", "foreignObject", "frame", "iframe", "image", "img", "link",
    "object", "picture", "set", "source", "track", "video",
}


def local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]


def wrong_with(root) -> list[str]:
    wrong: list[str] = []
    ids: list[str] = [element.get("id") for element in root.iter() if element.get("id") is not None]
    wrong += [f"the id {own} is there twice" for own in sorted({own for own in ids if ids.count(own) > 1})[:5]]
    known = set(ids)
    level = 0
    scripts = styles = 0
    for element in root.iter():
        if not isinstance(element.tag, str):
            wrong.append(f"a comment: {element.text}")
            continue
        tag = local(element.tag)
        is_picture = element.tag.startswith(SVG)
        if tag in REFUSED or (is_picture and tag in {"a", "script", "style"}):
            wrong.append(f"<{tag}>")
        scripts += tag == "script"
        styles += tag == "style"
        for name, value in element.attrib.items():
            if name not in ATTRIBUTES and not (is_picture and name in PICTURE):
                wrong.append(f"<{tag} {name}={value!r}>")
            if name == "href" and (tag != "a" or not value.startswith("#") or value[1:] not in known):
                wrong.append(f"<{tag} href={value!r}>")
            if name in {"aria-labelledby"} and not set(value.split()) <= known:
                wrong.append(f"<{tag} {name}={value!r}> names nothing")
            if re.search(r"url\s*\(|javascript:", value, re.IGNORECASE) and name not in {"class", "title", "value"}:
                if not re.fullmatch(r"url\(#[a-z0-9-]+\)", value):
                    wrong.append(f"<{tag} {name}={value!r}>")
        if element.tag in HEADINGS:
            own = HEADINGS[element.tag]
            if own > level + 1:
                wrong.append(f"a heading {own} after a heading {level}: {''.join(element.itertext())}")
            level = own
        if tag == "th" and not element.get("scope"):
            wrong.append("a table header without scope")
        if tag == "svg" and not (element.get("role") == "img" and element.get("aria-labelledby")):
            wrong.append("a picture without a name")
    if (scripts, styles) != (1, 1):
        wrong.append(f"{scripts} scripts and {styles} styles")
    for landmark in ("header", "main", "nav", "footer"):
        if root.find(f".//{HTML}{landmark}") is None:
            wrong.append(f"no <{landmark}>")
    policies = [own.get("content") for own in root.iter(f"{HTML}meta") if own.get("http-equiv")]
    if len(policies) != 1 or not policies[0].startswith("default-src 'none';") or "unsafe" in policies[0]:
        wrong.append(f"policies: {policies}")
    return wrong


def main() -> int:
    with open(sys.argv[1], "rb") as file:
        text = file.read()
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), strict=False)
    root = parser.parse(text, transport_encoding="utf-8")
    wrong = [f"{place}: {code} {details}" for place, code, details in parser.errors]
    wrong += wrong_with(root)
    shown = "\n".join(root.itertext())
    wrong += [f"not shown: {name}" for name in sys.argv[2:] if name not in shown]
    print("\n".join(wrong[:20]) or f"{len(text)} bytes, {len(list(root.iter()))} elements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
