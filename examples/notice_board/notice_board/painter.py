"""A very small painter: smooth flat shapes on a canvas, written out as PNG.

It makes the sample pictures, so that the demo needs neither files nor an imaging library.
Coordinates are in units of the canvas, 80 wide and 50 high; `scale` is pixels a unit.
"""

from __future__ import annotations

import itertools
import math
import struct
import zlib
from collections.abc import Callable, Iterable, Sequence

Point = tuple[float, float]

WIDTH, HEIGHT = 80, 50
SUB_LINES = 4


def colour(code: str) -> bytes:
    """Return the three bytes of a colour like "f2a65a"."""
    return bytes.fromhex(code)


def mix(first: bytes, second: bytes, share: float) -> bytes:
    """Return a colour between two; `share` is the second's part, from 0 to 1."""
    return bytes(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


class Canvas:
    """A picture under work, one ``bytearray`` of RGB pixels a row."""

    def __init__(self, top: str, bottom: str, scale: int = 8) -> None:
        self.scale = scale
        self.width, self.height = WIDTH * scale, HEIGHT * scale
        shades = (
            mix(colour(top), colour(bottom), row / (self.height - 1)) for row in range(self.height)
        )
        self.rows = [bytearray(shade * self.width) for shade in shades]

    def polygon(self, points: Sequence[Point], code: str) -> None:
        """Fill a convex polygon."""
        paint = colour(code)
        corners = [(x * self.scale, y * self.scale) for x, y in points]
        edges = list(zip(corners, corners[1:] + corners[:1], strict=True))
        top = max(0, math.floor(min(y for _, y in corners)))
        bottom = min(self.height, math.ceil(max(y for _, y in corners)))
        for row in range(top, bottom):
            lines = (row + (line + 0.5) / SUB_LINES for line in range(SUB_LINES))
            spans = [span for y in lines if (span := crossing(edges, y))]
            self.fill_row(row, spans, paint)

    def fill_row(self, row: int, spans: list[tuple[float, float]], paint: bytes) -> None:
        """Paint the spans of one row's sub-lines, blending pixels that are covered in part."""
        spans = [(max(a, 0.0), min(b, float(self.width))) for a, b in spans]
        spans = [(a, b) for a, b in spans if b > a]
        if not spans:
            return
        pixels = self.rows[row]
        left, right = int(min(a for a, _ in spans)), math.ceil(max(b for _, b in spans))
        inner_left, inner_right = left, left
        if len(spans) == SUB_LINES:
            inner_left = max(left, math.ceil(max(a for a, _ in spans)))
            inner_right = max(inner_left, int(min(b for _, b in spans)))
            pixels[inner_left * 3 : inner_right * 3] = paint * (inner_right - inner_left)
        for x in (*range(left, inner_left), *range(inner_right, right)):
            cover = sum(max(0.0, min(b, x + 1) - max(a, x)) for a, b in spans) / SUB_LINES
            pixels[x * 3 : x * 3 + 3] = mix(bytes(pixels[x * 3 : x * 3 + 3]), paint, cover)

    def rectangle(self, x: float, y: float, width: float, height: float, code: str) -> None:
        self.polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], code)

    def ellipse(self, x: float, y: float, rx: float, ry: float, code: str) -> None:
        turns = [math.tau * step / 64 for step in range(64)]
        self.polygon([(x + rx * math.cos(t), y + ry * math.sin(t)) for t in turns], code)

    def circle(self, x: float, y: float, radius: float, code: str) -> None:
        self.ellipse(x, y, radius, radius, code)

    def line(self, start: Point, end: Point, thick: float, code: str) -> None:
        """Draw a straight stroke with round ends."""
        (x0, y0), (x1, y1) = start, end
        angle = math.atan2(y1 - y0, x1 - x0)
        half = [angle + math.pi / 2 + math.pi * step / 8 for step in range(9)]
        r = thick / 2
        left = [(x0 + r * math.cos(t), y0 + r * math.sin(t)) for t in half]
        right = [(x1 - r * math.cos(t), y1 - r * math.sin(t)) for t in half]
        self.polygon(left + right, code)

    def path(self, points: Iterable[Point], thick: float, code: str) -> None:
        """Draw strokes from point to point."""
        for start, end in itertools.pairwise(points):
            self.line(start, end, thick, code)

    def ring(self, x: float, y: float, radius: float, thick: float, code: str) -> None:
        self.arc(x, y, radius, 0, 360, thick, code)

    def arc(
        self, x: float, y: float, radius: float, start: int, stop: int, thick: float, code: str
    ) -> None:
        """Draw part of a circle; angles in degrees, clockwise from the right."""
        turns = [math.radians(degree) for degree in range(start, stop + 1, 6)]
        self.path(
            [(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turns], thick, code
        )

    def ground(self, height: Callable[[float], float], code: str) -> None:
        """Fill everything below a curve: `height` gives the curve's y for an x."""
        deepest = math.ceil(max(height(x) for x in range(WIDTH + 1))) + 1
        self.rectangle(0, deepest, WIDTH, HEIGHT - deepest, code)
        for x in range(WIDTH):
            self.polygon(
                [(x, height(x)), (x + 1, height(x + 1)), (x + 1, deepest), (x, deepest)], code
            )

    def png(self) -> bytes:
        """Return the picture as the bytes of a PNG file."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        raw = b"".join(b"\0" + row for row in self.rows)
        return b"".join(
            (
                b"\x89PNG\r\n\x1a\n",
                chunk(b"IHDR", header),
                chunk(b"IDAT", zlib.compress(raw, 9)),
                chunk(b"IEND", b""),
            )
        )


def crossing(edges: list[tuple[Point, Point]], y: float) -> tuple[float, float] | None:
    """Return where a horizontal line enters and leaves a convex polygon."""
    found = [
        x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        for (x0, y0), (x1, y1) in edges
        if (y0 <= y) != (y1 <= y)
    ]
    return (min(found), max(found)) if found else None


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG file: length, kind, data, checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
