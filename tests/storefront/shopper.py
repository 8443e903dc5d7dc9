"""A visitor of the storefront: a test client that fills in forms as a browser does."""

from __future__ import annotations

import html
import re
from typing import Any

from flask import Flask

PASSWORD = "correct horse"
ADDRESS = {"name": "Anna Blume", "street": "Moss Lane 4", "town": "12345 Fernhill"}


class Shopper:
    """One person with one browser."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, url: str, **options: Any) -> Any:
        return self.client.get(url, **options)

    def text(self, url: str) -> str:
        return html.unescape(self.get(url).get_data(as_text=True))

    def token(self) -> str:
        return hidden(self.text("/log-in"), "csrf_token")

    def send(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        """Post a form together with the token that its page carries."""
        return self.client.post(url, data={**(data or {}), "csrf_token": self.token()}, **options)

    def follow(self, answer: Any) -> str:
        """Return the text of the page that an answer leads to."""
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return self.text(answer.headers["Location"])

    def sign_up(self, name: str, /, **fields: str) -> Any:
        form = {"name": name, "email": email(name), "password": PASSWORD, "repeat": PASSWORD}
        return self.send("/sign-up", form | fields)

    def log_in(self, name: str, password: str = PASSWORD, target: str = "", **fields: str) -> Any:
        form = {"email": email(name), "password": password, **fields}
        return self.send("/log-in", form, query_string={"next": target} if target else None)

    def put(self, slug: str, quantity: Any = 1) -> Any:
        return self.send(f"/cart/{slug}/add", {"quantity": quantity})

    def stock(self, slug: str) -> int:
        found: int = self.get(f"/api/v1/products/{slug}").json["stock"]
        return found

    def order_form(self) -> dict[str, str]:
        """Return what the checkout page would send, filled in."""
        page = self.text("/checkout")
        return ADDRESS | {name: hidden(page, name) for name in ("csrf_token", "key")}

    def order(self, form: dict[str, str] | None = None) -> Any:
        return self.client.post("/checkout", data=form or self.order_form())


def email(name: str) -> str:
    return f"{name.lower()}@windowsill.example"


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" type="hidden" value="([^"]+)"', page)
    assert found is not None, f"no hidden field {name}"
    return found[1]


def product_names(page: str) -> list[str]:
    return re.findall(r'<h2><a href="/plants/[\w-]+">(.+?)</a></h2>', page)
