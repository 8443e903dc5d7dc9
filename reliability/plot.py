"""Draw the resident memory of loaded servers over time, as a small SVG."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from reliability.servers import TITLES

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 60, 20, 40, 70
COLOURS = ("#2563a8", "#b4443c", "#3b7d3f", "#7d5ba6")
STYLE = "font-family='sans-serif' font-size='13'"
# Each point drawn is the mean of so many seconds.
STEP = 5


def memory(rows: Sequence[dict[str, Any]], originals: Sequence[dict[str, Any]] = ()) -> str:
    """MiB of all workers of a server together over seconds, one line a server, from 0 up.

    The original's lines are dashed, in the colours of the same servers.
    """
    lines = [whole(row) for row in (*rows, *originals)]
    last = max(map(len, lines))
    top = float(ceil(max(map(max, lines)) / 40) * 40)
    colours = {row["server"]: COLOURS[at % len(COLOURS)] for at, row in enumerate(rows)}
    legend = " (dashed: the original)" if originals else ""
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' {STYLE}>",
        "<title>Resident memory of loaded servers over time</title>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#ffffff'/>",
        f"<text x='{LEFT}' y='20'>resident memory of both workers, MiB{legend}</text>",
    ]
    warm = _x(max(row["memory"]["warm_up"] for row in rows), last)
    high = HEIGHT - TOP - BOTTOM
    parts.append(
        f"<rect x='{LEFT}' y='{TOP}' width='{warm - LEFT:g}' height='{high}' fill='#f2f2f2'/>"
    )
    parts.append(f"<text x='{LEFT + 6}' y='{TOP + 16}' fill='#777777'>warm-up</text>")
    parts += _axes(last, top)
    for number, (row, line) in enumerate(zip((*rows, *originals), lines, strict=True)):
        colour = colours.get(row["server"], "#777777")
        dashes = " stroke-dasharray='5 4'" if number >= len(rows) else ""
        points = " ".join(
            f"{_x(at + STEP / 2, last)},{_y(sum(line[at : at + STEP]) / STEP, top)}"
            for at in range(0, len(line) - STEP + 1, STEP)
        )
        parts.append(f"<polyline points='{points}' fill='none' stroke='{colour}'{dashes}/>")
    for number, row in enumerate(rows):
        colour = colours[row["server"]]
        x = LEFT + 20 + 210 * number
        parts.append(f"<path d='M{x} {HEIGHT - 16}h24' stroke='{colour}' stroke-width='3'/>")
        parts.append(f"<text x='{x + 32}' y='{HEIGHT - 11}'>{TITLES[row['server']]}</text>")
    return "\n".join([*parts, "</svg>", ""])


def whole(row: dict[str, Any]) -> list[float]:
    """MiB of all workers of a server together, second by second."""
    return [sum(each) / 1024 for each in zip(*row["memory"]["rss_kib"], strict=True)]


def _axes(last: int, top: float) -> list[str]:
    parts = []
    for step in range(5):
        value, y = top * step / 4, _y(top * step / 4, top)
        parts.append(f"<path d='M{LEFT} {y}H{WIDTH - RIGHT}' stroke='#dddddd'/>")
        parts.append(f"<text x='{LEFT - 8}' y='{y + 4:g}' text-anchor='end'>{value:g}</text>")
    for step in range(6):
        at = round(last * step / 5)
        x = _x(at, last)
        parts.append(f"<text x='{x}' y='{HEIGHT - BOTTOM + 18}' text-anchor='middle'>{at} s</text>")
    return parts


def _x(second: float, last: int) -> float:
    return round(LEFT + second / last * (WIDTH - LEFT - RIGHT - 20), 1)


def _y(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM), 1)
