"""What every template may use: amounts, dates, the cart's size, addresses of other pages."""

from __future__ import annotations

from datetime import datetime

from flask import Flask, request, url_for

from . import cart


def init_app(app: Flask) -> None:
    app.add_template_filter(money)
    app.add_template_filter(day)
    app.add_template_global(page_url)
    app.add_template_global(pieces_in_cart)


def money(cents: int) -> str:
    """Write 123450 as "€ 1,234.50", with a blank at which no line breaks."""
    return f"€\N{NO-BREAK SPACE}{cents / 100:,.2f}"


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def page_url(number: int) -> str:
    """Return the address of another page of the list that is shown."""
    arguments = request.args.to_dict() | (request.view_args or {})
    return url_for(request.endpoint or "", **(arguments | {"page": number}))


def pieces_in_cart() -> int:
    return sum(cart.quantities().values())
