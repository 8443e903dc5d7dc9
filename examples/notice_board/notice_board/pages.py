"""Small helpers the templates use: dates, paragraphs, page links."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask, request, url_for
from markupsafe import Markup, escape

from . import models, sample_data
from .pictures import ACCEPTED


def init_app(app: Flask) -> None:
    app.add_template_filter(ago)
    app.add_template_filter(day)
    app.add_template_filter(megabytes)
    app.add_template_filter(paragraphs)
    app.add_template_global(page_url)
    app.add_template_global(sample_data.login, "sample_login")
    app.context_processor(constants)


def constants() -> dict[str, object]:
    return {"CATEGORIES": models.CATEGORIES, "ACCEPTED_PICTURES": ACCEPTED}


def ago(moment: datetime) -> str:
    """Say how long ago `moment` was, roughly: "3 hours ago"."""
    passed = models.now() - moment
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return counted(passed // timedelta(minutes=1), "minute") + " ago"
    if passed < timedelta(days=1):
        return counted(passed // timedelta(hours=1), "hour") + " ago"
    if passed < timedelta(days=2):
        return "yesterday"
    if passed < timedelta(days=14):
        return counted(passed // timedelta(days=1), "day") + " ago"
    return day(moment)


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.3g} MB"


def paragraphs(text: str) -> Markup:
    """Turn plain text into HTML: blank lines part paragraphs, single line ends stay."""
    blocks = (block.strip() for block in text.split("\n\n"))
    return Markup("\n").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(block).split("\n")))
        for block in blocks
        if block
    )


def page_url(number: int, *, external: bool = False) -> str:
    """Return the URL of another page of the list that is being shown.

    Of the query string only the names we know are kept: others could be anything, even the
    names of `url_for`'s own parameters.
    """
    kept = {name: request.args.get(name) for name in ("q", "category", "per_page")}
    return url_for(
        request.endpoint or "notices.index",
        **(request.view_args or {}),
        **kept,
        page=number if number > 1 else None,
        _external=external,
    )
