"""``flask routes``: the URL rules of the application as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from ..globals import current_app
from .groups import with_appcontext
from .sources import place_of

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
    source: str
    """The file and line of the view; shown on demand."""


class Filter(NamedTuple):
    """Conditions that a rule must meet to be shown."""

    path: str | None
    method: str | None
    endpoint: str | None

    def admits(self, rule: Rule) -> bool:
        return (
            (self.endpoint is None or self.endpoint in str(rule.endpoint))
            and (self.method is None or self._admits_method(rule.methods))
            and (self.path is None or self.path in rule.rule or self._leads_to(rule))
        )

    def _admits_method(self, methods: set[str] | None) -> bool:
        return methods is None or str(self.method).upper() in methods

    def _leads_to(self, rule: Rule) -> bool:
        """Return whether a request for the path would reach the rule."""
        from werkzeug.exceptions import HTTPException
        from werkzeug.routing import RequestRedirect

        if self.path is None or not self.path.startswith("/"):
            return False
        method = self.method or next(iter(sorted(rule.methods or {"GET"})))
        try:
            found, _ = _adapter(rule).match(self.path, method.upper(), return_rule=True)
        except RequestRedirect as redirect:
            return redirect.new_url.endswith(rule.rule)
        except HTTPException:
            return False
        return found is rule


def _adapter(rule: Rule) -> Any:
    url_map = current_app.url_map
    host = rule.host if url_map.host_matching and rule.host else "localhost"
    return url_map.bind(host, subdomain=None if url_map.host_matching else rule.subdomain)


@click.command("routes", short_help="List the URL rules.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(("endpoint", "methods", "domain", "rule", "match")),
    default="endpoint",
    help="The column to sort by; 'match' keeps the order of the URL map.",
)
@click.option("--all-methods", is_flag=True, help="List HEAD and OPTIONS as well.")
@click.option("--source", is_flag=True, help="Show the file and line of each view.")
@click.option(
    "--plan",
    is_flag=True,
    help="Show the steps of each route, and what makes requests of the application cost more.",
)
@click.option("--path", help="Only rules that contain this text, or that a path leads to.")
@click.option("--method", help="Only rules for this HTTP method.")
@click.option("--endpoint", help="Only rules whose endpoint contains this text.")
@with_appcontext
def routes_command(
    sort: str,
    all_methods: bool,
    source: bool,
    plan: bool,
    path: str | None,
    method: str | None,
    endpoint: str | None,
) -> None:
    """List the application's URL rules with their endpoints and HTTP methods."""
    url_map = current_app.url_map
    hidden = frozenset() if all_methods else _AUTOMATIC
    wanted = Filter(path, method, endpoint)
    rules = list(url_map.iter_rules())
    shown = [rule for rule in rules if wanted.admits(rule)]
    if not shown:
        click.echo("No route matches." if rules else "No routes were registered.")
        return
    if plan:
        _show_plans(shown, sort)
        return

    rows = [_describe(rule, url_map, hidden) for rule in shown]
    if sort != "match":
        rows.sort(key=attrgetter(sort))
    domain_title = "Host" if url_map.host_matching else "Subdomain"
    table = [Row("Endpoint", "Methods", domain_title, "Rule", "Source"), *rows]
    columns = dict(zip(Row._fields, map(list, zip(*table, strict=True)), strict=True))
    if not any(row.domain for row in rows):
        del columns["domain"]
    if not source:
        del columns["source"]
    click.echo("\n".join(_align(columns.values())))


def _show_plans(rules: list[Rule], sort: str) -> None:
    # Imports what serves requests, which a table of rules doesn't need.
    from .plans import application_lines, route_lines

    if sort != "match":
        rules = sorted(rules, key=lambda rule: (str(rule.endpoint), rule.rule))
    proxy: Any = current_app
    app = proxy._get_current_object()
    blocks = [application_lines(app), *(route_lines(app, rule) for rule in rules)]
    click.echo("\n\n".join("\n".join(lines) for lines in blocks))


def _describe(rule: Rule, url_map: Map, hidden: frozenset[str]) -> Row:
    methods = sorted((rule.methods or set()) - hidden)
    domain = rule.host if url_map.host_matching else rule.subdomain
    view = current_app.view_functions.get(rule.endpoint)
    endpoint = str(rule.endpoint)
    return Row(endpoint, ", ".join(methods), domain or "", rule.rule, _source(view))


def _source(view: Callable[..., Any] | None) -> str:
    """Return the file and line of a view, or an empty string for static files."""
    if view is None or getattr(view, "__module__", "").startswith("flask."):
        return ""
    return place_of(view)


def _align(columns: Iterable[list[str]]) -> Iterable[str]:
    """Yield the table's lines, with padded columns and underlined titles."""
    padded = []
    for title, *cells in columns:
        width = max(map(len, (title, *cells)))
        padded.append([cell.ljust(width) for cell in (title, "-" * width, *cells)])
    return map("  ".join, zip(*padded, strict=True))
