"""Prose: the part of Markdown that descriptions use, as HTML without anything dangerous."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

_INLINE = re.compile(
    r"``(?P<double>[^`]+)``|`(?P<code>[^`]+)`|\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*\s][^*]*)\*"
    r"|\[(?P<text>[^\]]+)\]\((?P<url>[^)\s]+)\)"
)

_SAFE_URL = re.compile(r"(?:https?://|mailto:|/|#)", re.IGNORECASE)


def to_html(text: str | None) -> Markup:
    """Return the HTML of paragraphs, lists, code blocks, code, emphasis and links."""
    return Markup("\n").join(_blocks(text or ""))


def _blocks(text: str) -> Iterator[Markup]:
    for number, part in enumerate(re.split(r"^```.*$", text, flags=re.MULTILINE)):
        if number % 2:
            yield Markup("<pre><code>%s</code></pre>") % part.strip("\n")
        else:
            for block in re.split(r"\n\s*\n", part):
                if block.strip():
                    yield _block(block.strip())


def _block(block: str) -> Markup:
    lines = block.splitlines()
    if all(re.match(r"\s*[-*] ", line) for line in lines):
        items = (Markup("<li>%s</li>") % _inline(line.strip()[2:]) for line in lines)
        return Markup("<ul>%s</ul>") % Markup("").join(items)
    heading = re.fullmatch(r"#{1,6} +(.+)", block)
    if heading is not None:
        return Markup("<p><strong>%s</strong></p>") % _inline(heading[1])
    return Markup("<p>%s</p>") % _inline(" ".join(line.strip() for line in lines))


def _inline(text: str) -> Markup:
    done = Markup("")
    place = 0
    for found in _INLINE.finditer(text):
        done += escape(text[place : found.start()]) + _marked(found)
        place = found.end()
    return done + escape(text[place:])


def _marked(found: re.Match[str]) -> Markup:
    if found["text"] is not None:
        if not _SAFE_URL.match(found["url"]):
            return escape(found[0])
        return Markup('<a href="%s">%s</a>') % (found["url"], found["text"])
    if found["strong"] is not None:
        return Markup("<strong>%s</strong>") % found["strong"]
    if found["em"] is not None:
        return Markup("<em>%s</em>") % found["em"]
    return Markup("<code>%s</code>") % (found["double"] or found["code"])
