"""``flask routes``: the URL rules of the application as a table."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import click

from ..globals import current_app
from .groups import with_appcontext

if TYPE_CHECKING:
    from werkzeug.routing import Map, Rule

#: Methods that the framework provides by itself.
_AUTOMATIC = frozenset({"HEAD", "OPTIONS"})


class Row(NamedTuple):
    """One rule, as the table shows it."""

    endpoint: str
    methods: str
    domain: str
    rule: str


@click.command("routes", short_help="List the URL rules.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(("endpoint", "methods", "domain", "rule", "match")),
    default="endpoint",
    help="The column to sort by; 'match' keeps the order of the URL map.",
)
@click.option("--all-methods", is_flag=True, help="List HEAD and OPTIONS as well.")
@with_appcontext
def routes_command(sort: str, all_methods: bool) -> None:
    """List the application's URL rules with their endpoints and HTTP methods."""
    url_map = current_app.url_map
    hidden = frozenset() if all_methods else _AUTOMATIC
    rows = [_describe(rule, url_map, hidden) for rule in url_map.iter_rules()]
    if not rows:
        click.echo("No routes were registered.")
        return

    if sort != "match":
        rows.sort(key=itemgetter(Row._fields.index(sort)))
    domain_title = "Host" if url_map.host_matching else "Subdomain"
    table = [Row("Endpoint", "Methods", domain_title, "Rule"), *rows]
    shown = [list(column) for column in zip(*table, strict=True)]
    if not any(row.domain for row in rows):
        del shown[Row._fields.index("domain")]
    click.echo("\n".join(_align(shown)))


def _describe(rule: Rule, url_map: Map, hidden: frozenset[str]) -> Row:
    methods = sorted((rule.methods or set()) - hidden)
    domain = rule.host if url_map.host_matching else rule.subdomain
    return Row(str(rule.endpoint), ", ".join(methods), domain or "", rule.rule)


def _align(columns: list[list[str]]) -> Iterable[str]:
    """Pad the columns, underline their titles, and give the lines."""
    padded = []
    for title, *cells in columns:
        width = max(map(len, (title, *cells)))
        padded.append([cell.ljust(width) for cell in (title, "-" * width, *cells)])
    return map("  ".join, zip(*padded, strict=True))
