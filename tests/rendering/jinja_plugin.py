"""Has the templates of Jinja's own tests rendered by this package: a plugin for pytest.

It knows nothing of the other tests here, for it runs where they are not importable.
"""

from __future__ import annotations

import typing as t

import jinja2

from flask.rendering import pending, template
from flask.rendering.generator import Generator
from flask.rendering.template import ApplicationTemplate

jinja2.Environment.code_generator_class = Generator
jinja2.Environment.template_class = ApplicationTemplate
jinja2.Template = ApplicationTemplate  # type: ignore[misc]

pending.RENDERINGS = 0
rendered = 0


def pytest_sessionstart() -> None:
    """Count what functions that append render."""
    pieces = ApplicationTemplate._pieces

    def counted(self: ApplicationTemplate, program: t.Any, context: t.Any) -> t.Iterable[str]:
        global rendered
        rendered += 1
        return pieces(self, program, context)

    make_context = template.make_context

    def counted_context(*arguments: t.Any) -> t.Any:
        global rendered
        rendered += 1
        return make_context(*arguments)

    ApplicationTemplate._pieces = counted  # type: ignore[method-assign]
    template.make_context = counted_context


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """Say how much was put to the test."""
    terminalreporter.write_line(f"rendered by functions that append: {rendered}")


def pytest_sessionfinish(session: t.Any) -> None:
    """Fail where Jinja's own code rendered after all."""
    if rendered < 500 and session.exitstatus == 0:
        session.exitstatus = 1
