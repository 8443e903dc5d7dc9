"""Draw the growth of one request's cost with the number of routes, as a small SVG."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 40, 50
COLOURS = {"original": "#b4443c", "ours": "#2563a8"}
LABELS = {"original": "original", "ours": "Hipflask"}
STYLE = "font-family='sans-serif' font-size='13'"


def growth(requests: Sequence[dict[str, Any]]) -> str:
    """Microseconds of one dynamic request over the number of routes, both sides, from 0 up."""
    rows = [row for row in requests if not row["blueprints"] and not row["hooks"]]
    top = _round_up(max(max(row["us"].values()) for row in rows))
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' {STYLE}>",
        "<title>CPU time of one dynamic request over the number of routes</title>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#ffffff'/>",
    ]
    for step in range(5):
        value = top * step / 4
        y = _y(value, top)
        parts.append(f"<path d='M{LEFT} {y}H{WIDTH - RIGHT}' stroke='#dddddd'/>")
        parts.append(f"<text x='{LEFT - 8}' y='{y + 4}' text-anchor='end'>{value:g}</text>")
    for row in rows:
        x = _x(row["routes"], rows)
        label = f"{row['routes']:,}"
        parts.append(f"<text x='{x}' y='{HEIGHT - 28}' text-anchor='middle'>{label}</text>")
    parts.append(f"<text x='{WIDTH / 2:g}' y='{HEIGHT - 8}' text-anchor='middle'>routes</text>")
    parts.append(f"<text x='{LEFT}' y='20'>CPU time of one dynamic request, microseconds</text>")
    for side, colour in COLOURS.items():
        points = [(_x(row["routes"], rows), _y(row["us"][side], top)) for row in rows]
        line = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f"<polyline points='{line}' fill='none' stroke='{colour}' stroke-width='2'/>")
        parts += [f"<circle cx='{x}' cy='{y}' r='3.5' fill='{colour}'/>" for x, y in points]
        x, y = points[-1]
        label = (
            f"<text x='{x}' y='{y - 9:g}' text-anchor='end' fill='{colour}'>{LABELS[side]}</text>"
        )
        parts.append(label)
    return "\n".join([*parts, "</svg>", ""])


def _round_up(value: float) -> float:
    """The next of 4, 8, 20, 40, 80, ... so that four lines have even labels."""
    step = 10.0 ** int(log10(value) - 1)
    while True:
        for factor in (4, 8, 20):
            if step * factor >= value:
                return step * factor
        step *= 10


def _x(routes: int, rows: Sequence[dict[str, Any]]) -> float:
    first, last = log10(rows[0]["routes"]), log10(rows[-1]["routes"])
    share = (log10(routes) - first) / (last - first)
    return round(LEFT + 30 + share * (WIDTH - LEFT - RIGHT - 60), 1)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)
