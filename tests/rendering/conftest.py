"""Ways to tell which code renders a template."""

from __future__ import annotations

import typing as t

import pytest
from jinja2.runtime import Context

from flask.rendering import pending, template
from flask.rendering.template import ApplicationTemplate


@pytest.fixture(autouse=True)
def functions_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have functions that append written when a template is compiled."""
    monkeypatch.setattr(pending, "RENDERINGS", 0)


@pytest.fixture
def rendered_faster(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The names of the templates that functions that append have rendered from here on."""
    names: list[str | None] = []
    pieces = ApplicationTemplate._pieces

    def noted(self: ApplicationTemplate, program: t.Any, context: t.Any) -> t.Iterable[str]:
        try:
            found = pieces(self, program, context)
        except Exception:  # Jinja's code runs later, when the pieces are put together
            names.append(self.name)
            raise
        if type(found) is list:
            names.append(self.name)
        return found

    make_context = template.make_context

    def noted_context(
        environment: t.Any, parent: t.Any, name: str | None, *others: t.Any
    ) -> Context:
        names.append(name)  # of a template that such functions are about to render
        return make_context(environment, parent, name, *others)

    monkeypatch.setattr(ApplicationTemplate, "_pieces", noted)
    monkeypatch.setattr(template, "make_context", noted_context)
    return names
