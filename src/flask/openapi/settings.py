"""Settings of a document that are not part of any view."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Mapping, Sequence

Json = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Settings:
    """The arguments of :class:`.OpenAPI`."""

    title: str
    version: str
    summary: str | None
    description: str | None
    contact: Mapping[str, str] | None
    license: Mapping[str, str] | None
    servers: Sequence[Mapping[str, t.Any]]
    tags: Mapping[str, str]
    security_schemes: Mapping[str, Mapping[str, t.Any]]
    security: Sequence[t.Any]
    webhooks: Mapping[str, Callable[..., t.Any]]
    include_untyped: bool
    extra: Mapping[str, t.Any]

    def info(self) -> Json:
        """Return the ``info`` object."""
        given = {
            "title": self.title,
            "summary": self.summary,
            "description": self.description,
            "version": self.version,
            "contact": None if self.contact is None else dict(self.contact),
            "license": None if self.license is None else dict(self.license),
        }
        return {name: value for name, value in given.items() if value is not None}
