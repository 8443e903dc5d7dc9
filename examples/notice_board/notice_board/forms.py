"""What people may type in, and what is said to them when it does not fit.

Each form is filled from a mapping (``request.form`` or decoded JSON). ``validate()`` then
collects one message a field in ``errors``, which the templates show beside the field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from .models import CATEGORIES, Notice

NAME_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,19}")
MIN_PASSWORD, MAX_PASSWORD = 8, 200
MIN_TITLE, MAX_TITLE = 3, 80
MIN_BODY, MAX_BODY = 10, 4000


def clean_text(value: object) -> str:
    """Return `value` trimmed, with plain line ends and without unprintable characters.

    Control characters and lone surrogates go: neither can be shown, nor the latter stored.
    """
    if not isinstance(value, str):
        return ""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in value if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def clean_line(value: object) -> str:
    """Return `value` as one line: every run of white space becomes a single blank."""
    return " ".join(clean_text(value).split())


@dataclass
class LoginForm:
    name: str = ""
    password: str = ""
    remember: bool = False
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> LoginForm:
        return cls(
            name=clean_line(data.get("name")),
            password=str(data.get("password", "")),
            remember=bool(data.get("remember")),
        )

    def validate(self) -> bool:
        if not self.name:
            self.errors["name"] = "Enter the name you registered with."
        if not self.password:
            self.errors["password"] = "Enter your password."
        return not self.errors


@dataclass
class RegisterForm:
    name: str = ""
    password: str = ""
    repeat: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> RegisterForm:
        return cls(
            name=clean_line(data.get("name")),
            password=str(data.get("password", "")),
            repeat=str(data.get("repeat", "")),
        )

    def validate(self) -> bool:
        if not NAME_PATTERN.fullmatch(self.name):
            self.errors["name"] = (
                "Use 3 to 20 letters, digits, hyphens or underscores, starting with a letter."
            )
        if not MIN_PASSWORD <= len(self.password) <= MAX_PASSWORD:
            self.errors["password"] = f"Use at least {MIN_PASSWORD} characters."
        elif self.password != self.repeat:
            self.errors["repeat"] = "The two passwords differ."
        return not self.errors


@dataclass
class NoticeForm:
    title: str = ""
    body: str = ""
    category: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_mapping(cls, data: Mapping[str, object]) -> NoticeForm:
        return cls(
            title=clean_line(data.get("title")),
            body=clean_text(data.get("body")),
            category=clean_line(data.get("category")),
        )

    @classmethod
    def from_notice(cls, notice: Notice) -> NoticeForm:
        return cls(title=notice.title, body=notice.body, category=notice.category)

    def validate(self) -> bool:
        if not MIN_TITLE <= len(self.title) <= MAX_TITLE:
            self.errors["title"] = f"Give the notice a title of {MIN_TITLE} to {MAX_TITLE} letters."
        if not MIN_BODY <= len(self.body) <= MAX_BODY:
            self.errors["body"] = f"Write between {MIN_BODY} and {MAX_BODY} characters."
        if self.category not in CATEGORIES:
            self.errors["category"] = "Choose one of the categories."
        return not self.errors
