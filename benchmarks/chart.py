"""Draw how many times the original's speed each kind of measurement shows, as a small SVG.

All bars have one scale: what is large in process and small behind a server looks so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

WIDTH, LEFT, RIGHT = 760, 240, 220
ROW, BAR, TOP = 30, 18, 58
COLOURS = {"in process": "#0b5a6f", "behind a server": "#b27a1c", "with an agent": "#7a4a9e"}
NOTES = {
    "in process": "in process: CPU time",
    "behind a server": "with the server: CPU time",
    "with an agent": "in process, with agents or extensions",
}

#: Rows of wsgi.json, of http.json (server and request), and of additions.json that are shown.
IN_PROCESS = ("plain", "json-out", "typical")
SERVED = (
    ("granian", "plain text"),
    ("granian", "typical page"),
    ("uwsgi", "typical page"),
    ("gunicorn gthread", "plain text"),
    ("gunicorn gthread", "typical page"),
)
CONNECTIONS = 16
"""The number of connections whose rows are shown."""

WITH_AGENTS = ("sentry", "production")
SHORT = {
    "typical page: session, login check, one query, template with 10 links": "typical page",
    "Sentry, Flask-Cors, Talisman, CSRFProtect, Flask-Login and ProxyFix together": (
        "Sentry and five extensions"
    ),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One measurement: both sides in words, and how many times faster ours is."""

    group: str
    title: str
    original: str
    ours: str
    ratio: float


def bars(
    wsgi: dict[str, Any], http: dict[str, Any], additions: dict[str, Any] | None
) -> Iterator[Bar]:
    """Yield the measurements to show, from the raw results."""
    rows = {row["name"]: row for row in wsgi["rows"]}
    for name in IN_PROCESS:
        yield in_process("in process", rows[name])
    served = served_rows(http)
    for key in SERVED:
        if key not in served:  # its server was not installed
            continue
        row = served[key]
        title = f"{key[0].capitalize()}, {key[1]}"
        both = [f"{row['cpu_us'][side]:.3g} µs" for side in ("original", "ours")]
        yield Bar("behind a server", title, *both, row["cpu_ratio"])
    for row in (additions or {}).get("rows", []):
        if row["name"] in WITH_AGENTS and "us" in row:
            yield in_process("with an agent", row)


def served_rows(http: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows with 16 connections, by server and request."""
    return {
        (row["server"], row["request"]): row
        for row in http["rows"]
        if row["connections"] == CONNECTIONS
    }


def in_process(group: str, row: dict[str, Any]) -> Bar:
    """The bar of a row that tells microseconds."""
    both = [f"{row['us'][side]:.3g} µs" for side in ("original", "ours")]
    return Bar(group, SHORT.get(row["title"], row["title"]), *both, row["ratio"])


def draw(shown: list[Bar]) -> str:
    """The chart as an SVG document."""
    height = TOP + ROW * len(shown) + 40
    most = max(bar.ratio for bar in shown)
    per = (WIDTH - LEFT - RIGHT) / most
    description = "; ".join(f"{bar.title}: {bar.ratio:.1f} times" for bar in shown)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height}' role='img'"
        " font-family='sans-serif' font-size='14' fill='#1d2b30'>",
        "<title>Hipflask's speed in multiples of the original Flask's</title>",
        f"<desc>{escape(description)}</desc>",
        f"<rect width='{WIDTH}' height='{height}' fill='#ffffff'/>",
        "<text x='16' y='26' font-size='17' font-weight='bold'>"
        "Hipflask's speed in multiples of the original Flask's</text>",
    ]
    for index, bar in enumerate(shown):
        y = TOP + ROW * index
        middle = y + BAR - 4
        end = LEFT + bar.ratio * per
        parts += [
            f"<text x='{LEFT - 10}' y='{middle}' text-anchor='end'>{escape(bar.title)}</text>",
            f"<rect x='{LEFT}' y='{y}' width='{end - LEFT:.1f}' height='{BAR}' rx='2'"
            f" fill='{COLOURS[bar.group]}'/>",
            f"<text x='{end + 6:.1f}' y='{middle}'><tspan font-weight='bold'>{bar.ratio:.1f} times"
            f"</tspan> <tspan font-size='12'>{bar.original} → {bar.ours}</tspan></text>",
        ]
    one = LEFT + per
    bottom = TOP + ROW * len(shown)
    parts.append(
        f"<path d='M{one:.1f} {TOP - 8}V{bottom}' stroke='#a33a2b' stroke-dasharray='3 3'/>"
    )
    parts.append(
        f"<text x='{one + 4:.1f}' y='{TOP - 10}' font-size='12' fill='#a33a2b'>"
        "the original = 1</text>"
    )
    x = 16
    for group in dict.fromkeys(bar.group for bar in shown):
        parts.append(
            f"<rect x='{x}' y='{bottom + 12}' width='12' height='12' fill='{COLOURS[group]}'/>"
        )
        parts.append(f"<text x='{x + 18}' y='{bottom + 23}' font-size='12'>{NOTES[group]}</text>")
        x += 34 + 7 * len(NOTES[group])  # wide enough for most fonts
    return "\n".join([*parts, "</svg>", ""])


def summary(wsgi: dict[str, Any], http: dict[str, Any], additions: dict[str, Any] | None) -> str:
    """The same figures in a few sentences, for the project's README."""
    rows = {row["name"]: row for row in wsgi["rows"]}
    served = served_rows(http)

    def times(server: str, request: str) -> str:
        return f"{served[server, request]['cpu_ratio']:.1f}"

    plain, typical = rows["plain"], rows["typical"]
    lines = [
        f"- **In process**, a plain request takes {plain['us']['ours']:.3g} µs of CPU time instead"
        f" of {plain['us']['original']:.3g}. A typical page (session, login check, one query, a"
        f" template with ten links) takes {typical['us']['ours']:.3g} µs instead of"
        f" {typical['us']['original']:.3g}.",
        f"- **Behind a server**, the server's own work is added to both. Counted with it, a plain"
        f" request takes {times('granian', 'plain text')} times less CPU time under Granian and"
        f" {times('gunicorn gthread', 'plain text')} times less under Gunicorn with threads; a"
        f" typical page, {times('granian', 'typical page')} and"
        f" {times('gunicorn gthread', 'typical page')} times less.",
    ]
    agent = next((row for row in (additions or {}).get("rows", []) if row["name"] == "sentry"), {})
    if "us" in agent:
        us = agent["us"]
        lines.append(
            f"- **With an agent such as Sentry**, most of a request is the agent's work: a plain"
            f" request takes {us['ours']:.3g} µs instead of {us['original']:.3g}, which is"
            f" {agent['ratio']:.1f} times as fast."
        )
    return "\n".join(lines) + "\n"
