"""The REST API, under /api/v1.

Whoever is logged in is known by the session; programs send a name and a password with each request
(HTTP Basic). Errors are JSON, too: see errors.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Request, abort, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import Select, select
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Conflict, Unauthorized, UnprocessableEntity

from . import orders
from .account import authenticate
from .cart import MOST_OF_ONE
from .extensions import db, login_manager
from .models import Order, Product, User
from .views import product_or_404

bp = Blueprint("api", __name__, url_prefix="/api/v1")
MOST_PER_PAGE = 100
LONGEST = {"name": 60, "street": 120, "town": 120}


@login_manager.request_loader
def load_user_of_program(request: Request) -> User | None:
    login = request.authorization
    if request.blueprint != bp.name or login is None or login.type != "basic":
        return None
    return authenticate(login.username or "", login.password or "")


@bp.get("/products")
def products() -> ResponseReturnValue:
    query = Product.search(request.args.get("q", ""), request.args.get("category", ""))
    return list_page("products", query, describe_product)


@bp.get("/products/<slug>")
def product(slug: str) -> ResponseReturnValue:
    return describe_product(product_or_404(slug))


@bp.get("/orders")
def order_list() -> ResponseReturnValue:
    mine = select(Order).filter_by(user_id=known_user().id).order_by(Order.id.desc())
    return list_page("orders", mine, describe_order)


@bp.get("/orders/<int:order_id>")
def order(order_id: int) -> ResponseReturnValue:
    found = db.session.scalar(select(Order).filter_by(id=order_id, user_id=known_user().id))
    return describe_order(found or abort(404, "You have no such order."))


@bp.post("/orders")
def place_order() -> ResponseReturnValue:
    user = known_user()
    wanted, address, key = read_order(request.get_json())
    try:
        placed = orders.place_order(user, wanted, address, key)
    except orders.SoldOutError as error:
        raise Conflict(f"There are only {error.product.stock} of {error.product.slug}.") from error
    location = url_for(".order", order_id=placed.id)
    return describe_order(placed), 201, {"Location": location}


def list_page(
    name: str, query: Select[Any], describe: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """Return the page that is asked for with ?page= and ?per_page=, which the extension reads."""
    page = db.paginate(query, max_per_page=MOST_PER_PAGE)
    return {
        name: [describe(it) for it in page.items],
        "page": page.page,
        "pages": page.pages,
        "total": page.total,
    }


def known_user() -> User:
    if not current_user.is_authenticated:
        challenge = WWWAuthenticate("basic", {"realm": current_app.config["SITE_NAME"]})
        raise Unauthorized("Log in, or send a name and a password.", www_authenticate=challenge)
    return current_user


def read_order(data: Any) -> tuple[dict[str, int], orders.Address, str]:
    """Return what is ordered, for whom and under which key; answer 422 with what doesn't fit."""
    data = data if isinstance(data, dict) else {}
    faults = {
        name: f"Give a text of 1 to {longest} letters."
        for name, longest in LONGEST.items()
        if not is_text(data.get(name), longest)
    }
    key = data.get("key", secrets.token_urlsafe(16))
    if not is_text(key, 64):
        faults["key"] = "Give a text of 1 to 64 letters, or none."
    wanted = data.get("items")
    if not isinstance(wanted, dict) or not wanted or not all(map(is_quantity, wanted.values())):
        faults["items"] = f"Give products by slug, each with a number from 1 to {MOST_OF_ONE}."
    elif unknown := set(wanted) - set(db.session.scalars(select(Product.slug))):
        faults["items"] = f"We do not have {', '.join(sorted(unknown))}."
    if faults:
        error = UnprocessableEntity("The order is not complete.")
        error.fields = faults  # type: ignore[attr-defined]
        raise error
    return wanted, orders.Address(**{name: data[name].strip() for name in LONGEST}), key


def is_text(value: object, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= longest


def is_quantity(value: object) -> bool:
    return type(value) is int and 0 < value <= MOST_OF_ONE


def describe_product(product: Product) -> dict[str, Any]:
    return {
        "slug": product.slug,
        "name": product.name,
        "summary": product.summary,
        "category": product.category.slug,
        "price_cents": product.price,
        "stock": product.stock,
        "url": url_for("shop.product", slug=product.slug, _external=True),
    }


def describe_order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "placed": order.placed_utc.isoformat(),
        "total_cents": order.total,
        "address": {"name": order.name, "street": order.street, "town": order.town},
        "items": [
            {"slug": it.product.slug, "quantity": it.quantity, "price_cents": it.price}
            for it in order.lines
        ],
    }
