"""ARCHITECTURE.md is true to the tree, and to the way a request takes through it."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType

import pytest

from flask import Blueprint, Flask, Response, session
from flask.typing import ResponseReturnValue

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "flask"
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

YOURS = "(yours)"

Step = tuple[str, str]


def fenced(title: str) -> list[str]:
    """Answer the lines of the first fenced block under a heading."""
    section = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return section.partition("```")[2].partition("```")[0].splitlines()[1:]


def listed_files() -> Iterator[tuple[str, str]]:
    """Yield each file that the tree shows, with what is said of it."""
    folders: list[str] = []
    for line in fenced("Files"):
        found = re.match(r"^([│ ]*)[├└]── (\S+) *(.*)$", line)
        if found is None:
            continue
        indent, name, said = found.groups()
        del folders[len(indent) // 4 :]
        if name.endswith("/"):
            folders.append(name)
        else:
            yield "".join([*folders, name]), said


def test_tree_lists_every_file_once() -> None:
    listed = sorted(name for name, _ in listed_files())
    existing = sorted(
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    )
    assert listed == existing


def test_tree_says_what_each_file_is_for() -> None:
    assert [name for name, said in listed_files() if len(said.split()) < 2] == []


class Overriding(Flask):
    """Replaces a step, though with the same."""

    def dispatch_request(self) -> ResponseReturnValue:
        return super().dispatch_request()


WAYS = {"Path of a request": Flask, "With an override": Overriding}


def way(title: str) -> list[Step]:
    """Read a way of a request: ``("pipeline/hooks.py", "run_before")`` for each stop."""
    stops = [line.split() for line in fenced(title)]
    return [(words[-2], words[-1]) for words in stops if len(words) >= 2]


def definitions(node: ast.AST, above: str = "") -> Iterator[str]:
    """Yield the qualified names of the functions defined in a syntax tree."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield above + child.name
            yield from definitions(child, f"{above}{child.name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from definitions(child, f"{above}{child.name}.")
        else:
            yield from definitions(child, above)


STOPS = sorted({stop for title in WAYS for stop in way(title) if stop[0] != YOURS})


@pytest.mark.parametrize(("file", "function"), STOPS)
def test_each_stop_on_the_way_exists(file: str, function: str) -> None:
    tree = ast.parse((PACKAGE / file).read_text(encoding="utf-8"))
    assert function in set(definitions(tree))


def eventful(app: Flask) -> Flask:
    """Declare so much that one request comes by every step that there is."""
    app.secret_key = "key"
    bp = Blueprint("bp", __name__)

    @app.before_request
    def before_request() -> None:
        session["seen"] = True

    @bp.get("/<int:number>")
    def view(number: int) -> str:
        raise LookupError(number)

    @bp.errorhandler(LookupError)
    def errorhandler(error: LookupError) -> tuple[dict[str, str], int]:
        return {"error": str(error)}, 404

    @app.after_request
    def after_request(response: Response) -> Response:
        return response

    @app.teardown_request
    def teardown_request(error: BaseException | None) -> None:
        pass

    app.register_blueprint(bp)
    return app


def calls_of_one_request(app: Flask) -> list[Step]:
    """Answer the functions of package and application that a request calls, in their order."""
    calls: list[CodeType] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            calls.append(frame.f_code)

    client = app.test_client()
    assert client.get("/1").status_code == 404  # what is compiled on first use is compiled now
    before = sys.getprofile()
    sys.setprofile(note)
    try:
        client.get("/2").close()
    finally:
        sys.setprofile(before)

    inside = f"{PACKAGE}/"
    steps = []
    for code in calls:
        if code.co_filename.startswith(inside):
            steps.append((code.co_filename.removeprefix(inside), code.co_qualname))
        elif code.co_filename == __file__:
            steps.append((YOURS, code.co_name))
    return steps


@pytest.mark.parametrize(("title", "kind"), WAYS.items())
def test_a_request_comes_by_the_stops_in_their_order(title: str, kind: type[Flask]) -> None:
    calls = calls_of_one_request(eventful(kind(__name__)))
    place = 0
    for stop in way(title):
        assert stop in calls[place:], f"{stop} is not called at its place"
        place = calls.index(stop, place) + 1


@pytest.mark.parametrize("title", WAYS)
def test_way_names_the_seven_steps_in_order(title: str) -> None:
    heads = [line.split()[0] for line in fenced(title) if line[:1].strip()]
    assert heads == ["door", "match", "context", "hooks", "view/error", "response", "exit"]
