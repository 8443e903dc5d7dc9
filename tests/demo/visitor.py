"""A visitor of the notice board: a test client that fills in forms as a browser does."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask

PASSWORD = "correct horse"
PNG = b"\x89PNG\r\n\x1a\n" + b"the rest does not matter"

NOTICE = {
    "title": "Ladder to lend",
    "category": "help",
    "body": "Three metres, wooden, safe. Ring at number 5.",
}


class Visitor:
    """One person with one browser."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, url: str, **options: Any) -> Any:
        return self.client.get(url, **options)

    def text(self, url: str) -> str:
        return self.get(url).get_data(as_text=True)

    def token(self) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.text("/login"))
        assert found is not None
        return found[1]

    def send(self, url: str, data: dict[str, Any] | None = None, **options: Any) -> Any:
        """Post a form together with the token that its page carries."""
        return self.client.post(url, data={**(data or {}), "csrf_token": self.token()}, **options)

    def register(self, name: str) -> Any:
        return self.send("/register", {"name": name, "password": PASSWORD, "repeat": PASSWORD})

    def log_in(self, name: str, password: str = PASSWORD, **fields: str) -> Any:
        return self.send("/login", {"name": name, "password": password, **fields})

    def put_up(self, **fields: Any) -> str:
        """Put up a notice and return its address."""
        answer = self.send("/notices/new", {**NOTICE, **fields})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        location: str = answer.headers["Location"]
        return location
