"""``flask openapi``: print the document, or compare it with an earlier one."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

import click
import msgspec

from ..cli.groups import with_appcontext
from ..globals import current_app
from .breaking import find_breaking_changes
from .scope import EXTENSION, Scope


@click.command("openapi", short_help="Print the OpenAPI document, or check it.")
@click.option("--output", "-o", type=click.File("wb"), default="-", help="Write to a file.")
@click.option("--indent", type=click.IntRange(0, 8), default=2, help="Spaces; 0 for one line.")
@click.option(
    "--check",
    type=click.File("rb"),
    help="Compare with the document in a file; fail on changes that break clients.",
)
@click.option("--blueprint", "-b", default="", help="The blueprint whose document is meant.")
@with_appcontext
def openapi_command(
    output: t.BinaryIO, indent: int, check: t.BinaryIO | None, blueprint: str
) -> None:
    """Print the OpenAPI document of the application.

    With --check, compare it with an earlier one instead, and exit with 1 if clients of that one
    would fail.
    """
    document = _document(blueprint)
    if check is not None:
        _check(check, document)
        return
    text = msgspec.json.encode(document)
    output.write(msgspec.json.format(text, indent=indent or -1) + b"\n")


def _document(blueprint: str) -> Mapping[str, t.Any]:
    prefix = f"{blueprint}." if blueprint else ""
    scopes: list[Scope] = current_app.extensions.get(EXTENSION, [])
    for scope in scopes:
        if scope.prefix == prefix or (not blueprint and len(scopes) == 1):
            return scope.openapi.document(current_app, scope.prefix)
    known = ", ".join(repr(it.prefix.rstrip(".")) for it in scopes if it.prefix)
    raise click.UsageError(f"There is no document for {blueprint!r}; blueprints with one: {known}.")


def _check(file: t.BinaryIO, document: Mapping[str, t.Any]) -> None:
    try:
        earlier = msgspec.json.decode(file.read())
    except ValueError as error:
        raise click.ClickException(f"{file.name} is not a JSON document: {error}") from error
    # As it would be read from a file, with tuples as lists and keys as strings.
    changes = find_breaking_changes(earlier, msgspec.json.decode(msgspec.json.encode(document)))
    if not changes:
        click.echo("No breaking changes.")
        return
    for change in changes:
        click.echo(change, err=True)
    raise click.exceptions.Exit(1)
