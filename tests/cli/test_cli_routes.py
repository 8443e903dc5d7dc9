"""flask routes: its columns, its order and what it leaves out."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from flask import Blueprint, Flask, Request, Response, request_finished, request_started
from flask.cli import FlaskGroup
from flask.views import View

Run = Callable[..., Result]


def nothing() -> str:
    return ""


@pytest.fixture
def app() -> Flask:
    app = Flask("shop", static_folder=None)
    app.add_url_rule("/item/<int:n>", "item", nothing, methods=["GET", "POST"])
    app.add_url_rule("/cart", "cart", nothing, methods=["DELETE"])
    app.add_url_rule("/zoo", "animals", nothing, methods=["PUT", "GET", "PATCH"])
    app.add_url_rule("/", "index", nothing)
    return app


def table(run: Run, app: Flask, *words: str) -> list[list[str]]:
    """Run the command and split each line where its columns are apart."""
    result = run("routes", *words, group=FlaskGroup(create_app=lambda: app))
    assert result.exit_code == 0, result.stderr
    return [[cell.strip() for cell in line.split("  ") if cell] for line in rows(result)]


def rows(result: Result) -> list[str]:
    return [line.rstrip() for line in result.output.splitlines()]


def endpoints(run: Run, app: Flask, *words: str) -> list[str]:
    return [row[0] for row in table(run, app, *words)[2:]]


def test_table_is_sorted_by_endpoint(run: Run, app: Flask) -> None:
    group = FlaskGroup(create_app=lambda: app)
    assert rows(run("routes", group=group)) == [
        "Endpoint  Methods          Rule",
        "--------  ---------------  -------------",
        "animals   GET, PATCH, PUT  /zoo",
        "cart      DELETE           /cart",
        "index     GET              /",
        "item      GET, POST        /item/<int:n>",
    ]


def test_methods_that_are_provided_automatically_on_request(run: Run, app: Flask) -> None:
    methods = {row[0]: row[1] for row in table(run, app, "--all-methods")[2:]}
    assert methods == {
        "animals": "GET, HEAD, OPTIONS, PATCH, PUT",
        "cart": "DELETE, OPTIONS",
        "index": "GET, HEAD, OPTIONS",
        "item": "GET, HEAD, OPTIONS, POST",
    }


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("endpoint", ["animals", "cart", "index", "item"]),
        ("methods", ["cart", "index", "animals", "item"]),
        ("rule", ["index", "cart", "item", "animals"]),
        ("match", ["item", "cart", "animals", "index"]),
        ("domain", ["item", "cart", "animals", "index"]),
    ],
)
def test_columns_to_sort_by(run: Run, app: Flask, column: str, expected: list[str]) -> None:
    assert endpoints(run, app, "-s", column) == expected
    assert endpoints(run, app, "--sort", column) == expected


@pytest.mark.parametrize("column", ["host", "ENDPOINT", ""])
def test_no_other_columns(run: Run, app: Flask, column: str) -> None:
    result = run("routes", "-s", column, group=FlaskGroup(create_app=lambda: app))
    assert result.exit_code == 2


def test_static_files_are_a_route(run: Run) -> None:
    assert table(run, Flask("shop"))[2:] == [["static", "GET", "/static/<path:filename>"]]


def test_rule_without_methods(run: Run, app: Flask) -> None:
    rule = app.url_rule_class("/open", endpoint="open")
    app.url_map.add(rule)
    assert rule.methods is None
    assert ["open", "/open"] in table(run, app)


def test_subdomains(run: Run) -> None:
    app = Flask("shop", static_folder=None, subdomain_matching=True)
    app.add_url_rule("/a", "a", nothing, subdomain="west")
    app.add_url_rule("/b", "b", nothing)
    app.add_url_rule("/c", "c", nothing, subdomain="<name>")
    assert table(run, app) == [
        ["Endpoint", "Methods", "Subdomain", "Rule"],
        ["--------", "-------", "---------", "----"],
        ["a", "GET", "west", "/a"],
        ["b", "GET", "/b"],
        ["c", "GET", "<name>", "/c"],
    ]
    assert endpoints(run, app, "-s", "domain") == ["b", "c", "a"]


def test_hosts(run: Run) -> None:
    app = Flask("shop", static_folder=None, host_matching=True)
    app.add_url_rule("/a", "a", nothing, host="shop.example")
    app.add_url_rule("/b", "b", nothing, host="admin.example")
    lines = table(run, app, "-s", "domain")
    assert lines[0] == ["Endpoint", "Methods", "Host", "Rule"]
    assert lines[2:] == [["b", "GET", "admin.example", "/b"], ["a", "GET", "shop.example", "/a"]]


def test_hosts_are_left_out_if_no_rule_has_one(run: Run) -> None:
    app = Flask("shop", static_folder=None, host_matching=True)
    app.add_url_rule("/a", "a", nothing)
    assert table(run, app)[0] == ["Endpoint", "Methods", "Rule"]


def test_no_routes(run: Run) -> None:
    result = run("routes", group=FlaskGroup(create_app=lambda: Flask("shop", static_folder=None)))
    assert result.exit_code == 0
    assert "Endpoint" not in result.output
    assert len(result.output.splitlines()) == 1


# What to show


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--path", "/item"], ["item"]),
        (["--path", "zo"], ["animals"]),
        (["--path", "/item/7"], ["item"]),
        (["--path", "/item/seven"], []),
        (["--method", "delete"], ["cart"]),
        (["--method", "GET"], ["animals", "index", "item"]),
        (["--method", "PUT", "--path", "/zoo"], ["animals"]),
        (["--method", "DELETE", "--path", "/item/7"], []),
        (["--endpoint", "i"], ["animals", "index", "item"]),
        (["--endpoint", "item", "--method", "POST"], ["item"]),
    ],
)
def test_only_some_rules(run: Run, app: Flask, words: list[str], shown: list[str]) -> None:
    assert endpoints(run, app, *words) == shown


def test_filters_that_nothing_matches_say_so(run: Run, app: Flask) -> None:
    result = run("routes", "--path", "/nowhere", group=FlaskGroup(create_app=lambda: app))
    assert (result.exit_code, result.output) == (0, "No route matches.\n")


def test_path_is_looked_up_below_the_subdomain_of_the_rule(run: Run) -> None:
    app = Flask("shop", static_folder=None, subdomain_matching=True)
    app.config["SERVER_NAME"] = "shop.example"
    app.add_url_rule("/<int:n>", "page", nothing, subdomain="blog")
    assert endpoints(run, app, "--path", "/3") == ["page"]


def test_source_of_each_view(run: Run, app: Flask) -> None:
    class Listing(View):
        def dispatch_request(self) -> str:
            return ""

    app.add_url_rule("/list", view_func=Listing.as_view("list"))
    app.add_url_rule("/built-in", "builtin", len)
    app.add_url_rule("/none", "none")
    sources = {row[0]: row[-1] for row in table(run, app, "--source")[2:]}
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    here = f"{__file__}:{lines.index('def nothing() -> str:') + 1}"
    assert sources["index"] == sources["item"] == here
    assert sources["list"] == f"{__file__}:{lines.index('    class Listing(View):') + 1}"
    assert (sources["builtin"], sources["none"]) == ("/built-in", "/none")


def test_source_below_the_working_directory_is_relative(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "pages").mkdir()
    (project / "pages" / "app.py").write_text(
        "from flask import Flask\napp = Flask('shop', static_folder=None)\n"
        "@app.get('/')\ndef index():\n    return ''\n"
    )
    monkeypatch.syspath_prepend(str(project / "pages"))
    result = run("--app", "pages/app", "routes", "--source")
    assert rows(result)[-1].endswith(f"{os.path.join('pages', 'app.py')}:3")


# Plans


def plan(run: Run, app: Flask, *words: str) -> dict[str, list[str]]:
    """Run the command and answer its blocks by their first lines."""
    result = run("routes", "--plan", *words, group=FlaskGroup(create_app=lambda: app))
    assert result.exit_code == 0, result.output
    blocks = [block.splitlines() for block in result.output.strip().split("\n\n")]
    return {lines[0]: [line.strip() for line in lines[1:]] for lines in blocks}


def names(lines: list[str]) -> list[str]:
    """Leave out of each line where the function is written, and the names around its own."""
    return [re.sub(r"( )[\w.<>]*\.([\w<>]+) \(.*?\)", r"\1\2", line) for line in lines]


def test_plan_of_a_plain_application(run: Run) -> None:
    app = Flask("shop", static_folder=None)
    app.add_url_rule("/", "index", nothing)
    found = plan(run, app)
    assert found["Application 'shop'"] == ["nothing beside the views and the hooks of each route"]
    assert names(found["/  index  GET, HEAD, OPTIONS"]) == [
        "view: nothing",
        "plain: the entry point does the rest itself",
    ]
    assert f"({__file__}:" in found["/  index  GET, HEAD, OPTIONS"][0]


def test_plan_shows_hooks_and_handlers_in_their_order(run: Run) -> None:
    app = Flask("shop", static_folder=None)
    bp = Blueprint("admin", "admin")
    bp.add_url_rule("/stock", "stock", nothing, methods=["PUT"])

    @app.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, Any] | None) -> None: ...

    @bp.before_request
    def guard() -> None: ...

    @app.before_request
    async def load() -> None: ...

    @app.after_request
    def last(response: Response) -> Response:
        return response

    @bp.after_request
    def first(response: Response) -> Response:
        return response

    @app.teardown_request
    def close(error: BaseException | None) -> None: ...

    @app.errorhandler(404)
    def missing(error: Exception) -> str:
        return ""

    @bp.errorhandler(LookupError)
    def lost(error: Exception) -> str:
        return ""

    app.register_blueprint(bp)
    (lines,) = (found for title, found in plan(run, app).items() if "admin.stock" in title)
    assert names(lines) == [
        "URL value preprocessor: take",
        "before: load",
        "before: guard",
        "view: nothing",
        "after: first",
        "after: last",
        "teardown: close",
        "error handler of LookupError in 'admin': lost",
        "error handler of 404 NotFound: missing",
    ]
    assert "coroutine function" in lines[1]


class Careful(Flask):
    def dispatch_request(self) -> Any:
        return super().dispatch_request()


class Asked(Request):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


def test_plan_names_what_every_request_pays_for(run: Run) -> None:
    app = Careful("shop", static_folder=None, subdomain_matching=True)
    app.add_url_rule("/", "index", nothing)
    app.request_class = Asked
    app.make_response = lambda rv: Flask.make_response(app, rv)  # type: ignore[method-assign]

    def note(sender: Flask) -> None: ...

    @app.teardown_appcontext
    def leave(error: BaseException | None) -> None: ...

    @app.url_defaults
    def add(endpoint: str, values: dict[str, Any]) -> None: ...

    other = Flask("other")
    with (
        request_started.connected_to(note, app),
        request_finished.connected_to(note, other),
    ):
        lines = plan(run, app)["Application 'shop'"]
    assert names(lines) == [
        "replaced step 'dispatch_request': dispatch_request",
        "replaced step 'make_response': <lambda>",
        "receiver of 'request_started': note",
        "subdomain matching: the host of each request is looked up as well",
        "request class Asked: an object is made for each request",
        "URL defaults: each URL is built by Werkzeug's map",
        "teardown of the application context: leave",
    ]


def test_plan_takes_the_filters(run: Run, app: Flask) -> None:
    assert [title.split()[0] for title in plan(run, app, "--method", "DELETE")][1:] == ["/cart"]
