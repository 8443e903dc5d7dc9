"""The table of `docs/performance.md`: what the users of which application gain."""

from __future__ import annotations

from typing import Any

WSGI = (
    ("An API: small JSON answers", "json-out", "a dict to JSON"),
    ("An API: JSON in and out", "json-in-out", "a body of 70 bytes"),
    ("Forms", "form", "an urlencoded form of three fields"),
    ("Uploads", "upload", "64 KiB, multipart"),
    ("Pages", "template", "a small inherited template"),
    ("Pages with a menu", "template-links", "11 links"),
    ("A site with log-in and database", "typical", "session, query, template with ten links"),
    ("A shop", "storefront", "front page: macros, 24 products, 62 links, the user"),
    ("Sessions in cookies", "session-write", "read and written"),
)
SERVED = (
    ("The same site behind Granian", "granian", "typical page"),
    ("The same site behind Gunicorn with threads", "gunicorn gthread", "typical page"),
)
ADDED = (("Plain text, with Sentry", "sentry", "the agent's own work dominates"),)
STARTED = (
    ("Start of an application", "routes-50", "50 routes"),
    ("Tests: a request by the client", "client", "without pytest"),
)
CONNECTIONS = 16


def lines(
    wsgi: dict[str, Any],
    http: dict[str, Any],
    additions: dict[str, Any] | None,
    start: dict[str, Any] | None,
) -> list[list[str]]:
    """The rows of the table: application, request, times of both sides, how many times less."""
    found: list[list[str]] = []

    def add(title: str, detail: str, us: dict[str, float], ratio: float) -> None:
        both = [duration(us[side]) for side in ("original", "ours")]
        found.append([title, detail, *both, f"**{ratio:.1f}**"])

    rows = {row["name"]: row for row in wsgi["rows"] if "ratio" in row}
    for title, name, detail in WSGI:
        if name in rows:
            add(title, detail, rows[name]["us"], rows[name]["ratio"])
    for title, server, request in SERVED:
        for row in http["rows"]:
            place = row["server"], row["request"], row["connections"]
            if place == (server, request, CONNECTIONS) and "cpu_ratio" in row:
                add(title, "the server's own time included", row["cpu_us"], row["cpu_ratio"])
    added = {row["name"]: row for row in (additions or {}).get("rows", []) if "ratio" in row}
    for title, name, detail in ADDED:
        if name in added:
            add(title, detail, added[name]["us"], added[name]["ratio"])
    started = {row["name"]: row for row in (start or {}).get("rows", [])}
    for title, name, detail in STARTED:
        if name in started:
            add(title, detail, started[name]["us"], 1 / started[name]["part"])
    return found


def duration(us: float) -> str:
    """Microseconds, or milliseconds where they are many."""
    return f"{us:.3g} µs" if us < 1000 else f"{us / 1000:.3g} ms"
