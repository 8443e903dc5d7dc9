"""Commands that run with the application as ``current_app``, and groups of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast, overload

import click

from ..ctx import has_app_context
from .script import ScriptInfo

F = TypeVar("F", bound=Callable[..., Any])


def with_appcontext(f: F) -> F:
    """Run a command's callback with the command line's application as ``current_app``.

    The application is loaded and its context pushed unless one is current already; the context
    is popped when the command ends. The commands of ``app.cli`` and
    ``blueprint.cli`` are decorated already.
    """

    def in_context(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if not has_app_context():
            info = ctx.ensure_object(ScriptInfo)
            # Popped, with the error if there is one, when click is done with the command.
            ctx.with_resource(info.load_app().app_context())
        return ctx.invoke(f, *args, **kwargs)

    return cast(F, update_wrapper(click.pass_context(in_context), f))


class AppGroup(click.Group):
    """A :class:`click.Group` that wraps the commands it makes in :func:`with_appcontext`.

    >>> import click
    >>> from flask import Flask, current_app
    >>> app = Flask("shop")
    >>> books = AppGroup("books")
    >>> app.cli.add_command(books)
    >>> @books.command()
    ... def count():
    ...     click.echo(f"No books in {current_app.name}.")
    >>> app.test_cli_runner().invoke(args=["books", "count"]).output
    'No books in shop.\\n'
    """

    @overload
    def command(self, name: Callable[..., Any], /) -> click.Command: ...

    @overload
    def command(
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Command]: ...

    def command(self, *args: Any, **kwargs: Any) -> Any:
        """Turn a function into a command, like :meth:`click.Group.command`.

        :param with_appcontext: ``False`` for a command that needs no application.
        """
        wrap: Callable[[Any], Any] = _unchanged
        if kwargs.pop("with_appcontext", True):
            wrap = with_appcontext
        if args and callable(args[0]):
            # Used without parentheses.
            return super().command(*args[1:], **kwargs)(wrap(args[0]))
        make_command = super().command(*args, **kwargs)
        return lambda f: make_command(wrap(f))

    @overload
    def group(self, name: Callable[..., Any], /) -> click.Group: ...

    @overload
    def group(self, *args: Any, **kwargs: Any) -> Callable[[Callable[..., Any]], click.Group]: ...

    def group(self, *args: Any, **kwargs: Any) -> Any:
        """Turn a function into a subgroup, by default an :class:`AppGroup`."""
        kwargs.setdefault("cls", AppGroup)
        if args and callable(args[0]):
            return super().group(*args[1:], **kwargs)(args[0])
        return super().group(*args, **kwargs)


def _unchanged(f: F) -> F:
    return f
