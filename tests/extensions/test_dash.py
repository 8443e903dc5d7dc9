"""Dash: its page, layout and callbacks over HTTP, as its program in the browser asks for them."""

from __future__ import annotations

import re

import pytest
import requests
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.exceptions import PreventUpdate
from loopback import serving

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
        answer = requests.post(f"{url}/_dash-update-component", json=ask("ab"), timeout=5)
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
