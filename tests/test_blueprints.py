"""Blueprints: recorded once, registered under names and prefixes, with hooks of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import flask
from flask import Blueprint, Flask, g, request, url_for


@pytest.fixture
def app() -> Flask:
    return Flask(__name__)


@pytest.fixture
def shop() -> Blueprint:
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/", "front", lambda: f"{request.endpoint} {request.path}")
    shop.add_url_rule("/cart", "cart", lambda: url_for(".front"))
    return shop


class TestRegistering:
    def test_views_are_named_after_the_blueprint(self, app: Flask, shop: Blueprint) -> None:
        app.register_blueprint(shop, url_prefix="/shop")
        assert app.test_client().get("/shop/").text == "shop.front /shop/"
        assert app.blueprints == {"shop": shop}
        assert list(app.iter_blueprints()) == [shop]

    @pytest.mark.parametrize(
        ("of_blueprint", "at_registering", "expected"),
        [
            (None, None, "/cart"),
            ("/a", None, "/a/cart"),
            ("/a/", None, "/a/cart"),
            (None, "/b", "/b/cart"),
            ("/a", "/b", "/b/cart"),
        ],
    )
    def test_prefixes(
        self, app: Flask, of_blueprint: str | None, at_registering: str | None, expected: str
    ) -> None:
        blueprint = Blueprint("b", __name__, url_prefix=of_blueprint)
        blueprint.add_url_rule("/cart", "cart", lambda: "cart")
        app.register_blueprint(blueprint, url_prefix=at_registering)
        assert app.test_client().get(expected).text == "cart"

    def test_one_blueprint_under_two_names(self, app: Flask, shop: Blueprint) -> None:
        app.register_blueprint(shop, url_prefix="/one")
        app.register_blueprint(shop, url_prefix="/two", name="other")
        client = app.test_client()
        assert client.get("/one/").text == "shop.front /one/"
        assert client.get("/two/").text == "other.front /two/"
        assert client.get("/two/cart").text == "/two/"

    def test_one_name_twice_is_refused(self, app: Flask, shop: Blueprint) -> None:
        app.register_blueprint(shop)
        with pytest.raises(ValueError, match="shop"):
            app.register_blueprint(shop)
        with pytest.raises(ValueError, match="shop"):
            app.register_blueprint(Blueprint("shop", __name__))

    @pytest.mark.parametrize("name", ["", "a.b"])
    def test_a_name_is_not_empty_and_has_no_dot(self, name: str) -> None:
        with pytest.raises(ValueError, match="name"):
            Blueprint(name, __name__)

    def test_endpoints_and_view_names_have_no_dot(self) -> None:
        blueprint = Blueprint("b", __name__)
        with pytest.raises(ValueError, match="endpoint"):
            blueprint.add_url_rule("/", "a.b", lambda: "")

        def view() -> str:
            return ""

        view.__name__ = "a.b"
        with pytest.raises(ValueError, match="name"):
            blueprint.add_url_rule("/", view_func=view)

    def test_url_defaults_and_subdomains_are_given_to_rules(self) -> None:
        app = Flask(__name__, subdomain_matching=True)
        app.config["SERVER_NAME"] = "example.org"
        blueprint = Blueprint("b", __name__, subdomain="shop", url_defaults={"lang": "en"})
        blueprint.add_url_rule(
            "/", "front", lambda lang, page: f"{lang} {page}", defaults={"page": 1}
        )
        app.register_blueprint(blueprint)
        client = app.test_client()
        assert client.get("/", base_url="http://shop.example.org").text == "en 1"
        assert client.get("/", base_url="http://example.org").status_code == 404

    def test_after_registering_it_is_closed(self, app: Flask, shop: Blueprint) -> None:
        app.register_blueprint(shop)
        with pytest.raises(AssertionError, match="blueprint"):
            shop.add_url_rule("/late", "late", lambda: "")
        with pytest.raises(AssertionError, match="blueprint"):
            shop.before_request(lambda: None)

    def test_record_runs_at_each_registering_and_record_once_at_the_first(
        self, app: Flask, shop: Blueprint
    ) -> None:
        seen: list[tuple[str, str | None, bool]] = []
        shop.record(lambda state: seen.append(("each", state.url_prefix, state.first_registration)))
        shop.record_once(lambda state: seen.append(("once", state.url_prefix, True)))
        app.register_blueprint(shop, url_prefix="/a")
        app.register_blueprint(shop, url_prefix="/b", name="again")
        assert seen == [("each", "/a", True), ("once", "/a", True), ("each", "/b", False)]


class TestNesting:
    def test_names_and_prefixes_add_up(self, app: Flask) -> None:
        parent = Blueprint("parent", __name__, url_prefix="/parent")
        child = Blueprint("child", __name__, url_prefix="/child")
        grandchild = Blueprint("grandchild", __name__)
        grandchild.add_url_rule("/x", "x", lambda: f"{request.endpoint} {url_for('.x')}")
        child.register_blueprint(grandchild)
        parent.register_blueprint(child)
        app.register_blueprint(parent)
        answer = app.test_client().get("/parent/child/x").text
        assert answer == "parent.child.grandchild.x /parent/child/x"

    def test_hooks_run_from_outside_in_and_back(self, app: Flask) -> None:
        seen: list[str] = []
        parent = Blueprint("parent", __name__)
        child = Blueprint("child", __name__)

        def note(what: str) -> Any:
            def hook(*args: Any) -> Any:
                seen.append(what)
                return args[0] if what.startswith("after") else None

            return hook

        for scaffold, name in ((app, "app"), (parent, "parent"), (child, "child")):
            for number in (1, 2):
                scaffold.before_request(note(f"before {name} {number}"))
                scaffold.after_request(note(f"after {name} {number}"))
                scaffold.teardown_request(note(f"teardown {name} {number}"))
        child.add_url_rule("/", "view", lambda: seen.append("view") or "")
        parent.register_blueprint(child)
        app.register_blueprint(parent)
        app.test_client().get("/")
        order = [("app", 1), ("app", 2), ("parent", 1), ("parent", 2), ("child", 1), ("child", 2)]
        inward = [f"{name} {number}" for name, number in order]
        assert seen == [
            *(f"before {what}" for what in inward),
            "view",
            *(f"after {what}" for what in reversed(inward)),
            *(f"teardown {what}" for what in reversed(inward)),
        ]

    def test_the_nearest_error_handler_answers(self, app: Flask) -> None:
        parent = Blueprint("parent", __name__, url_prefix="/parent")
        child = Blueprint("child", __name__, url_prefix="/child")
        app.register_error_handler(ZeroDivisionError, lambda error: ("app", 500))
        parent.register_error_handler(ZeroDivisionError, lambda error: ("parent", 500))
        child.register_error_handler(LookupError, lambda error: ("child", 500))
        for scaffold in (app, parent, child):
            scaffold.add_url_rule("/divide", "divide", lambda: 1 // 0)
            scaffold.add_url_rule("/look", "look", lambda: {}["nothing"])
        parent.register_blueprint(child)
        app.register_blueprint(parent)
        app.testing = False
        client = app.test_client()
        assert client.get("/divide").text == "app"
        assert client.get("/parent/divide").text == "parent"
        assert client.get("/parent/child/divide").text == "parent"
        assert client.get("/parent/child/look").text == "child"
        assert client.get("/parent/look").status_code == 500

    def test_a_blueprint_is_not_registered_in_itself(self) -> None:
        blueprint = Blueprint("b", __name__)
        with pytest.raises(ValueError, match="itself"):
            blueprint.register_blueprint(blueprint)


class TestHooks:
    def test_those_of_a_blueprint_are_for_its_views(self, app: Flask, shop: Blueprint) -> None:
        seen: list[str] = []
        shop.before_request(lambda: seen.append("shop"))
        shop.before_app_request(lambda: seen.append("all"))
        app.register_blueprint(shop, url_prefix="/shop")
        app.add_url_rule("/", "index", lambda: "")
        client = app.test_client()
        client.get("/")
        assert seen == ["all"]
        client.get("/shop/")
        assert seen == ["all", "all", "shop"]

    def test_for_all_requests(self, app: Flask, shop: Blueprint) -> None:
        seen: list[str] = []

        @shop.after_app_request
        def after(response: flask.Response) -> flask.Response:
            seen.append("after")
            return response

        shop.teardown_app_request(lambda error: seen.append("teardown"))
        shop.app_errorhandler(404)(lambda error: ("missing", 404))
        shop.app_url_value_preprocessor(lambda endpoint, values: seen.append(f"{endpoint}"))
        shop.app_url_defaults(lambda endpoint, values: values.setdefault("lang", "en"))
        shop.app_context_processor(lambda: {"color": "red"})
        shop.app_template_filter("twice")(lambda text: text * 2)
        shop.app_template_test("odd_one")(lambda number: number % 2 == 1)
        shop.app_template_global("seven")(lambda: 7)
        app.register_blueprint(shop)
        source = "{{ color }} {{ 'a'|twice }} {{ 3 is odd_one }} {{ seven() }}"
        app.add_url_rule("/t", "t", lambda: flask.render_template_string(source))
        client = app.test_client()
        assert client.get("/t").text == "red aa True 7"
        assert seen == ["t", "after", "teardown"]
        assert client.get("/missing").text == "missing"
        assert client.get("/cart").text == "/?lang=en"

    def test_url_values_are_taken_by_the_blueprint(self, app: Flask) -> None:
        blueprint = Blueprint("b", __name__, url_prefix="/<lang>")

        @blueprint.url_value_preprocessor
        def take(endpoint: str | None, values: dict[str, Any] | None) -> None:
            assert values is not None
            g.lang = values.pop("lang")

        @blueprint.url_defaults
        def add(endpoint: str, values: dict[str, Any]) -> None:
            values.setdefault("lang", g.lang)

        blueprint.add_url_rule("/x", "x", lambda: f"{g.lang} {url_for('.x')}")
        app.register_blueprint(blueprint)
        assert app.test_client().get("/de/x").text == "de /de/x"

    def test_a_before_function_that_answers_ends_the_way(self, app: Flask, shop: Blueprint) -> None:
        shop.before_request(lambda: ("stopped", 403))
        shop.before_request(lambda: pytest.fail("the first one has answered"))
        app.register_blueprint(shop)
        answer = app.test_client().get("/")
        assert (answer.status_code, answer.text) == (403, "stopped")

    def test_context_processors_of_a_blueprint_are_for_its_views(
        self, app: Flask, shop: Blueprint
    ) -> None:
        shop.context_processor(lambda: {"color": "red"})
        for scaffold, path in ((app, "/app"), (shop, "/shop")):
            view = lambda: flask.render_template_string("<{{ color }}>")  # noqa: E731
            scaffold.add_url_rule(path, "render", view)
        app.register_blueprint(shop)
        client = app.test_client()
        assert client.get("/shop").text == "<red>"
        assert client.get("/app").text == "<>"


class TestFolders:
    def test_static_files_of_a_blueprint(self, app: Flask, tmp_path: Path) -> None:
        (tmp_path / "files").mkdir()
        (tmp_path / "files" / "a.txt").write_text("a")
        blueprint = Blueprint(
            "b", __name__, static_folder="files", url_prefix="/b", root_path=str(tmp_path)
        )
        app.register_blueprint(blueprint)
        client = app.test_client()
        assert client.get("/b/files/a.txt", buffered=True).text == "a"
        with app.test_request_context():
            assert url_for("b.static", filename="a.txt") == "/b/files/a.txt"
        with blueprint.open_resource("files/a.txt") as file:
            assert file.read() == b"a"
        with blueprint.open_resource("files/a.txt", "r", encoding="utf-8") as text:
            assert text.read() == "a"

    def test_templates_of_the_application_come_first(self, tmp_path: Path) -> None:
        for folder, content in (("app", "of the app"), ("b", "of the blueprint")):
            (tmp_path / folder / "templates").mkdir(parents=True)
            (tmp_path / folder / "templates" / "both.html").write_text(content)
        (tmp_path / "b" / "templates" / "mine.html").write_text("mine")
        app = Flask(__name__, root_path=str(tmp_path / "app"))
        blueprint = Blueprint(
            "b", __name__, template_folder="templates", root_path=str(tmp_path / "b")
        )
        app.register_blueprint(blueprint)
        with app.test_request_context():
            assert flask.render_template("both.html") == "of the app"
            assert flask.render_template("mine.html") == "mine"

    def test_commands_of_a_blueprint_have_a_group(self, app: Flask) -> None:
        blueprint = Blueprint("jobs", __name__)
        blueprint.cli.command("run")(lambda: print("ran"))
        app.register_blueprint(blueprint)
        result = app.test_cli_runner().invoke(args=["jobs", "run"])
        assert result.output == "ran\n"

    @pytest.mark.parametrize(("group", "words"), [(None, ["run"]), ("other", ["other", "run"])])
    def test_the_group_of_commands_is_chosen(
        self, app: Flask, group: str | None, words: list[str]
    ) -> None:
        blueprint = Blueprint("jobs", __name__, cli_group=group)
        blueprint.cli.command("run")(lambda: print("ran"))
        app.register_blueprint(blueprint)
        assert app.test_cli_runner().invoke(args=words).output == "ran\n"


def test_commands_are_an_attribute_of_the_object_though_they_are_made_on_demand() -> None:
    app, blueprint = Flask("commands"), Blueprint("pages", "commands")
    assert "cli" in vars(app)
    assert "cli" in vars(blueprint)
    group = blueprint.cli
    assert blueprint.cli is group
    blueprint.cli = other = type(group)("other")
    assert blueprint.cli is other
