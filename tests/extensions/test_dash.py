"""Dash: its page and layout, callbacks over HTTP and from the page in Chromium."""

from __future__ import annotations

import re

import pytest
import requests
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate
from loopback import serving
from playwright.sync_api import expect

from flask import Flask, session


def create_app(server=True, **options):
    app = Dash(__name__, server=server, title="Board", update_title=None, **options)
    app.layout = html.Div(
        [
            dcc.Input(id="word", value="start"),
            dcc.Store(id="store", data={"times": 2}),
            html.Div(id="out"),
            html.Div(id="count"),
        ]
    )

    @app.callback(Output("out", "children"), Input("word", "value"), State("store", "data"))
    def repeat(word, data):
        if word == "stop":
            raise PreventUpdate
        if word == "break":
            raise LookupError(word)
        return html.B(word * data["times"])

    @app.callback(
        Output("count", "children"),
        Output("store", "data"),
        Input({"kind": "button", "index": ALL}, "n_clicks"),
        prevent_initial_call=True,
    )
    def count(clicks):
        session["clicks"] = sum(clicks)
        ctx.set_props("word", {"value": "clicked"})
        return f"{ctx.triggered_id['index']} {session['clicks']}", no_update

    return app


def ask(word, times=2):
    """Build the body that the browser sends when the word changes."""
    return {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "word", "property": "value", "value": word}],
        "changedPropIds": ["word.value"],
        "state": [{"id": "store", "property": "data", "value": {"times": times}}],
    }


@pytest.fixture
def client():
    app = create_app()
    app.server.secret_key = "k"
    return app.server.test_client()


def test_page_and_all_it_loads(client):
    page = client.get("/")
    assert "<title>Board</title>" in page.text
    paths = re.findall(r'src="(/_dash-component-suites/[^"]+)"', page.text)
    assert len(paths) > 3
    for path in paths:
        with client.get(path) as answer:
            assert answer.status_code == 200, path
            assert "javascript" in answer.mimetype
    assert "<title>Board</title>" in client.get("/any/other/page").text
    assert client.get("/_favicon.ico").status_code == 200


def test_layout_and_dependencies(client):
    layout = client.get("/_dash-layout").json
    assert [child["props"]["id"] for child in layout["props"]["children"]] == [
        "word",
        "store",
        "out",
        "count",
    ]
    outputs = [entry["output"] for entry in client.get("/_dash-dependencies").json]
    assert outputs == ["out.children", "..count.children...store.data.."]


def test_callback_over_http():
    with serving(create_app().server) as url:
        answer = requests.post(f"{url}/_dash-update-component", json=ask("ab"), timeout=30)
    assert answer.status_code == 200
    new = answer.json()["response"]["out"]["children"]
    assert (new["type"], new["props"]["children"]) == ("B", "abab")


def test_a_callback_sees_session_and_pattern(client):
    button = {"index": 3, "kind": "button"}
    answer = client.post(
        "/_dash-update-component",
        json={
            "output": "..count.children...store.data..",
            "outputs": [
                {"id": "count", "property": "children"},
                {"id": "store", "property": "data"},
            ],
            "inputs": [[{"id": button, "property": "n_clicks", "value": 4}]],
            "changedPropIds": ['{"index":3,"kind":"button"}.n_clicks'],
        },
    )
    assert answer.json["response"] == {"count": {"children": "3 4"}}
    assert answer.json["sideUpdate"] == {"word": {"value": "clicked"}}
    with client.session_transaction() as stored:
        assert stored["clicks"] == 4


def test_prevented_update_is_empty_and_an_error_is_one(client):
    stopped = client.post("/_dash-update-component", json=ask("stop"))
    assert (stopped.status_code, stopped.data) == (204, b"")
    assert client.post("/_dash-update-component", json=ask("break")).status_code == 500
    client.application.testing = True
    with pytest.raises(LookupError):
        client.post("/_dash-update-component", json=ask("break"))


def test_beside_the_pages_of_an_application():
    server = Flask(__name__)
    server.add_url_rule("/", "home", lambda: "home")
    create_app(server, url_base_pathname="/board/")
    client = server.test_client()
    assert client.get("/").text == "home"
    assert "<title>Board</title>" in client.get("/board/").text
    assert client.post("/board/_dash-update-component", json=ask("x", 3)).json["response"]
    assert client.get("/elsewhere").status_code == 404


@pytest.fixture
def board(page):
    """The page in Chromium, and all that went wrong on it."""
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("response", lambda answer: answer.ok or page.wrong.append(answer.status))
    app = create_app()
    app.server.secret_key = "k"
    app.layout.children.append(html.Button("press", id={"kind": "button", "index": 3}))
    with serving(app.server) as url:
        page.goto(url)
        expect(page.locator("#out")).to_have_text("startstart", timeout=60_000)
        yield page


def test_typing_in_the_page_calls_back(board):
    board.locator("#word").fill("ab")
    expect(board.locator("#out b")).to_have_text("abab", timeout=60_000)
    assert board.title() == "Board"
    assert board.wrong == []


def test_button_counts_in_the_session_and_changes_another_field(board):
    for number in (1, 2):
        board.get_by_role("button", name="press").click()
        expect(board.locator("#count")).to_have_text(f"3 {number}", timeout=60_000)
    expect(board.locator("#out")).to_have_text("clickedclicked", timeout=60_000)
    assert [cookie["name"] for cookie in board.context.cookies()] == ["session"]
    assert board.wrong == []


def test_page_outlives_a_callback_that_fails(board):
    for word, status in (("stop", 204), ("break", 500)):
        with board.expect_response(
            lambda answer, word=word: f'"value":"{word}"' in (answer.request.post_data or "")
        ) as answered:
            board.locator("#word").fill(word)
        assert answered.value.status == status
        expect(board.locator("#out")).to_have_text("startstart")
    board.locator("#word").fill("well")
    expect(board.locator("#out")).to_have_text("wellwell", timeout=60_000)
    assert board.wrong == [500]
