"""A shop's pages: a list of products, and a front page of the kind that larger applications have.

Like `application.py`, written with nothing but Flask's documented interface.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from werkzeug.local import LocalProxy

from flask import Flask, g, render_template, session
from flask.typing import ResponseReturnValue

SECRET_KEY = "benchmark-secret-of-ordinary-length"
MENU = [
    ("Home", "/"),
    *((name, f"/{name.lower()}") for name in ("New", "Sale", "Gifts", "Help", "Us")),
]


@dataclass
class User:
    name: str
    is_authenticated: bool = True
    is_keeper: bool = False


@dataclass
class Category:
    name: str
    slug: str


@dataclass
class Product:
    number: int
    category: Category

    def __post_init__(self) -> None:
        self.name = f'Plant "{self.number}"'
        self.slug = f"plant-{self.number}"
        self.picture = f"{self.slug}.svg"
        self.summary = f"Number {self.number} of its kind, for <any> windowsill."
        self.price = self.number * 125
        self.pieces = self.number % 4
        self.stock_level = ("none", "low", "good", "good")[self.pieces]


@dataclass
class Page:
    items: list[Product]
    page: int = 2
    pages: int = 5
    total: int = 120

    def iter_pages(self) -> Iterator[int | None]:
        yield from (1, 2, 3, None, 5)


CATEGORIES = [Category(name, name.lower()) for name in ("Ferns", "Herbs", "Shade", "Pots")]
PRODUCTS = [Product(number, CATEGORIES[number % 4]) for number in range(24)]
USERS = {"ada": User("Ada")}
current_user = LocalProxy(lambda: g.user)


def create_shop() -> Flask:
    """Macros, inclusions and inheritance; the user and a token of the session on each page."""
    app = Flask(__name__)
    app.secret_key = SECRET_KEY
    app.config.update(SITE_NAME="Green & Co.", SITE_MOTTO="Plants and pots")
    _add_variables(app)
    _add_views(app)
    return app


def _add_variables(app: Flask) -> None:
    @app.before_request
    def load_user() -> None:
        g.user = USERS.get(session.get("user", ""), User("", is_authenticated=False))

    @app.context_processor
    def inject_user() -> dict[str, object]:
        return {"current_user": current_user}

    @app.template_global()
    def csrf_token() -> str:
        return str(session.get("csrf", ""))

    @app.template_global()
    def pieces_in_cart() -> int:
        return len(session.get("cart", ()))

    @app.template_filter()
    def money(cents: int) -> str:
        return f"{cents // 100}.{cents % 100:02}"


def _add_views(app: Flask) -> None:
    @app.route("/log-in", methods=["GET", "POST"])
    def log_in() -> ResponseReturnValue:
        session.update(user="ada", csrf="a1b2c3d4e5f6", cart=["plant-1", "plant-2"])
        return "logged in"

    @app.route("/list")
    def listed() -> str:
        return render_template("shop/list.html", menu=MENU, products=PRODUCTS)

    @app.route("/")
    def index() -> str:
        return render_template(
            "shop/index.html", page=Page(PRODUCTS), categories=CATEGORIES, category=None, words=""
        )

    for name, rule in {
        "show_product": "/plants/<slug>",
        "orders": "/orders",
        "cart": "/cart",
        "log_out": "/log-out",
        "stock": "/stock",
        "api": "/api/products",
    }.items():
        app.add_url_rule(rule, name, lambda **values: "", methods=["GET", "POST"])
