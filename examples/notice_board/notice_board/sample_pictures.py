"""The sample notices' pictures, each painted by one function."""

from __future__ import annotations

import math
from collections.abc import Callable

from .painter import Canvas


def bicycle(scale: int) -> bytes:
    c = Canvas("fbe3c4", "f6c99a", scale)
    c.circle(62, 13, 6, "fff4de")
    c.ground(lambda x: 41 + 0.6 * math.sin(x / 9), "d98f5c")
    for x in (24, 56):
        c.ring(x, 33, 9.5, 1.3, "33373d")
        for turn in range(0, 180, 30):
            dx, dy = 9 * math.cos(math.radians(turn)), 9 * math.sin(math.radians(turn))
            c.line((x - dx, 33 - dy), (x + dx, 33 + dy), 0.25, "8d8175")
        c.circle(x, 33, 1.2, "33373d")
    c.path([(24, 33), (33, 19), (50, 19), (38, 33), (24, 33)], 1.6, "1f6f6b")
    c.path([(38, 33), (31.5, 16)], 1.6, "1f6f6b")
    c.path([(56, 33), (49, 14), (53, 12), (56, 13.5)], 1.5, "1f6f6b")
    c.line((28, 15.5), (35, 15.5), 2.2, "6b3f2a")
    c.circle(38, 33, 2.2, "33373d")
    c.line((38, 33), (41, 37), 1, "33373d")
    c.line((39.5, 37), (43, 37), 1.2, "33373d")
    c.polygon([(52, 16), (64, 16), (62, 24), (54, 24)], "b5793c")
    for y in (18.5, 21):
        c.line((53.5, y), (62.8, y), 0.5, "8a5726")
    return c.png()


def cat(scale: int) -> bytes:
    c = Canvas("cfe3ee", "a9c9dc", scale)
    c.rectangle(0, 43, 80, 7, "f4efe6")
    c.rectangle(0, 42.4, 80, 1, "ddd3c2")
    c.arc(57, 39, 7, 200, 420, 3.2, "5b5f66")
    # Sits on the sill: narrow enough at the bottom to end in a curve.
    c.ellipse(42, 36, 13, 11.6, "6b7078")
    c.ellipse(42, 41.4, 15.4, 6, "6b7078")
    for side in (-1, 1):
        c.polygon([(42 + side * 11, 8), (42 + side * 11.5, 22), (42 + side * 2, 15)], "6b7078")
        c.polygon([(42 + side * 9.8, 11), (42 + side * 10, 19), (42 + side * 4.5, 15)], "d9a5a0")
    c.ellipse(42, 22.5, 12.5, 10.5, "6b7078")
    c.ellipse(42, 27, 6.5, 5, "e9e4dc")
    c.ellipse(42, 40, 7, 7.5, "e9e4dc")
    for side in (-1, 1):
        c.ellipse(42 + side * 5.4, 21, 2.6, 2.9, "e8c547")
        c.ellipse(42 + side * 5.4, 21, 0.9, 2.5, "22252a")
        for drop in (-1.2, 0.4, 2):
            c.line((42 + side * 6, 26.5), (42 + side * 15.5, 25.6 + drop), 0.3, "f7f4ef")
        c.ellipse(42 + side * 6, 45.6, 4, 2, "e9e4dc")
    c.polygon([(40.6, 24.4), (43.4, 24.4), (42, 26.2)], "c77f79")
    c.arc(40.7, 26.4, 1.4, 0, 150, 0.4, "5b5f66")
    c.arc(43.3, 26.4, 1.4, 30, 180, 0.4, "5b5f66")
    c.arc(42, 26.5, 10.6, 60, 120, 1.8, "c0392b")
    c.circle(42, 38, 1.6, "e8c547")
    return c.png()


def summer_party(scale: int) -> bytes:
    c = Canvas("2b2d5b", "e07a5f", scale)
    c.circle(40, 38, 10, "ffd9a0")
    c.ground(lambda x: 36 + 3 * math.sin(x / 13 + 1), "5a3d5c")
    c.ground(lambda x: 41 + 2 * math.sin(x / 10 + 4), "3a2a4a")
    for x, height in ((7, 12), (73, 10)):
        c.rectangle(x - 0.8, height + 10, 1.6, 40, "2a1e38")
        c.circle(x, height + 8, 8, "2f3b4a")
        c.circle(x - 4, height + 12, 6, "2f3b4a")
        c.circle(x + 4, height + 12, 6, "344353")
    for start, sag, y in ((0, 9, 8), (0, 13, 15)):
        rope = [(x, y + sag * (1 - ((x - 40) / 40) ** 2)) for x in range(start, 81, 4)]
        c.path(rope, 0.35, "1d1830")
        for index, (x, top) in enumerate(rope[1:-1]):
            paint = ("ffe08a", "ff9f6e", "fff3cf", "f76c6c")[index % 4]
            c.circle(x, top + 1.3, 1.2, paint)
    for x, tall, paint in (
        (26, 7, "f2cc8f"),
        (32, 8, "81b29a"),
        (48, 8, "e9c46a"),
        (54, 7, "f4f1de"),
    ):
        c.ellipse(x, 46 - tall / 2, 1.9, tall / 2, paint)
        c.circle(x, 45 - tall - 0.6, 1.5, "e8b796")
    return c.png()


def tomatoes(scale: int) -> bytes:
    c = Canvas("eef3dc", "d3e2b4", scale)
    c.rectangle(0, 38, 80, 12, "b98a5e")
    for x in range(0, 80, 16):
        c.rectangle(x, 38, 0.5, 12, "9d7149")
    for x, y, r in ((33, 20, 6), (48, 19, 6.5), (25, 25, 7.5), (55, 25, 7.5), (40, 24, 8.5)):
        c.circle(x, y, r, "d1402f")
        c.ellipse(x - r * 0.35, y - r * 0.35, r * 0.25, r * 0.18, "ee8a72")
        for turn in range(200, 361, 40):
            dx, dy = math.cos(math.radians(turn)), math.sin(math.radians(turn)) * 0.5
            c.line((x, y - r * 0.85), (x + dx * r * 0.5, y - r * 0.8 + dy * r * 0.4), 0.9, "4c7a34")
        c.line((x, y - r * 0.9), (x + 0.8, y - r * 1.25), 0.9, "3c6328")
    c.polygon([(12, 28), (68, 28), (63, 45), (17, 45)], "b58c54")
    c.polygon([(12, 28), (68, 28), (67.2, 31), (12.8, 31)], "dcb880")
    c.polygon([(13.4, 33), (66.6, 33), (65.7, 36), (14.3, 36)], "dcb880")
    c.polygon([(14.9, 38), (65.1, 38), (64.2, 41), (15.8, 41)], "dcb880")
    return c.png()


def records(scale: int) -> bytes:
    c = Canvas("f4d8cd", "edb9a5", scale)
    c.rectangle(0, 44, 80, 6, "8c5a4a")
    c.polygon([(10, 8), (44, 8), (44, 42), (10, 42)], "2a5c68")
    c.polygon([(10, 42), (10, 30), (27, 42)], "e9c46a")
    c.circle(27, 22, 8, "f4a261")
    c.circle(27, 22, 5, "e76f51")
    c.circle(52, 25, 17, "1d1d22")
    for radius in (15.2, 13.4, 11.6, 9.8, 8):
        c.ring(52, 25, radius, 0.22, "3b3b44")
    c.circle(52, 25, 6, "e76f51")
    c.circle(52, 25, 4.2, "f1a18b")
    c.circle(52, 25, 0.8, "fff7ef")
    c.arc(52, 25, 12.5, 300, 336, 1.4, "55555f")
    c.arc(52, 25, 12.5, 120, 156, 1.4, "55555f")
    return c.png()


def books(scale: int) -> bytes:
    c = Canvas("e8e4f3", "cfc6e6", scale)
    c.rectangle(0, 42, 80, 8, "6d4c3d")
    c.rectangle(0, 42, 80, 1.2, "845f4c")
    spines = (
        (10, 6, 27, "3d5a80"),
        (16, 5, 31, "ee6c4d"),
        (21, 7, 25, "2a9d8f"),
        (28, 4.5, 30, "e9c46a"),
        (32.5, 6, 28, "6a4c93"),
        (38.5, 5, 24, "f4f1de"),
        (43.5, 6.5, 31, "8ab17d"),
    )
    for x, width, tall, paint in spines:
        c.rectangle(x, 42 - tall, width, tall, paint)
        c.rectangle(x, 42 - tall + 4, width, 0.9, "fdf6e3")
        c.rectangle(x, 42 - 6, width, 0.9, "fdf6e3")
        c.rectangle(x + width - 0.3, 42 - tall, 0.3, tall, "4a4458")
    c.polygon([(50.5, 42), (56, 42), (66, 16), (61, 14)], "bc4749")
    c.polygon([(62.2, 19), (63.9, 19.7), (63.4, 20.9), (61.7, 20.2)], "fdf6e3")
    c.ellipse(71, 38, 4.5, 4, "d4a373")
    c.rectangle(66.5, 34, 9, 4, "d4a373")
    for dx, dy in ((-3, -9), (0, -12), (3, -8), (-5, -5), (5, -5)):
        c.line((71, 34), (71 + dx, 34 + dy), 0.6, "40763f")
        c.ellipse(71 + dx, 34 + dy, 1.5, 2.4, "5b9a55")
    return c.png()


def bread(scale: int) -> bytes:
    c = Canvas("f7efe3", "ecd9bd", scale)
    c.rectangle(0, 40, 80, 10, "7a9e9f")
    for x in range(0, 80, 8):
        c.rectangle(x, 40, 4, 10, "8fb1b1")
    c.ellipse(40, 42, 34, 3.4, "5d4037")
    c.ellipse(40, 41, 34, 3.4, "8d6e63")
    c.ellipse(40, 29, 26, 13, "b5702e")
    c.ellipse(40, 27.5, 24.5, 11.5, "cf8d43")
    for x in (24, 34, 44, 54):
        c.line((x, 21 + abs(x - 39) / 7), (x + 4, 33 - abs(x - 39) / 9), 2.6, "f3d7a4")
        c.line((x + 0.4, 22 + abs(x - 39) / 7), (x + 3.6, 32 - abs(x - 39) / 9), 0.8, "fbecd0")
    for x in (28, 40, 52):
        c.path([(x + math.sin(y * 0.8 + x), y) for y in range(4, 14)], 0.9, "fdfaf4")
    return c.png()


def allotment(scale: int) -> bytes:
    c = Canvas("bfe0f2", "eaf5e4", scale)
    c.circle(67, 10, 5, "ffe08a")
    for x, y in ((14, 9), (19, 7.5), (24, 9.2), (46, 13), (51, 11.6), (55, 13.2)):
        c.ellipse(x, y, 5, 2.6, "ffffff")
    c.ground(lambda x: 27 + 3 * math.sin(x / 12), "9cc48a")
    c.ground(lambda x: 31 + 2 * math.sin(x / 15 + 2), "7fb069")
    c.rectangle(50, 17, 17, 15, "a4553d")
    for x in range(52, 67, 3):
        c.rectangle(x, 17, 0.4, 15, "8a4330")
    c.polygon([(47, 18), (58.5, 9), (70, 18)], "5c4742")
    c.rectangle(60, 22, 5, 10, "f2e3c6")
    c.rectangle(52.5, 21, 5, 5, "cfe9f3")
    c.rectangle(54.8, 21, 0.4, 5, "f2e3c6")
    for index, y in enumerate((35, 39.5, 44.5)):
        c.polygon(
            [(6 - index, y), (44 + index, y), (46 + index, y + 3), (4 - index, y + 3)], "6f4e37"
        )
        for x in range(9 - index, 45 + index, 5):
            size = 1.3 + index * 0.25
            c.circle(x - 0.8, y + 0.4, size, "4f8a3c")
            c.circle(x + 0.9, y + 0.2, size, "64a34c")
            if index == 1:
                c.circle(x, y - 0.6, 0.7, "e76f51")
    for x in range(49, 80, 4):
        c.rectangle(x, 36, 1.6, 9, "f7f2e8")
        c.polygon([(x, 36), (x + 0.8, 35), (x + 1.6, 36)], "f7f2e8")
    c.rectangle(48, 38.5, 32, 1, "f7f2e8")
    c.rectangle(48, 42, 32, 1, "f7f2e8")
    return c.png()


PICTURES: dict[str, Callable[[int], bytes]] = {
    "allotment": allotment,
    "bicycle": bicycle,
    "books": books,
    "bread": bread,
    "cat": cat,
    "records": records,
    "summer party": summer_party,
    "tomatoes": tomatoes,
}
