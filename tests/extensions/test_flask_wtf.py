"""Flask-WTF: forms with an upload, CSRF protection for forms and scripts, also in Chromium."""

from __future__ import annotations

import io
import json
import re
import time
from pathlib import Path

import pytest
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from flask_wtf.file import FileAllowed, FileField, FileRequired, FileSize
from loopback import serving
from werkzeug.utils import secure_filename
from wtforms import EmailField, IntegerField, MultipleFileField, StringField, SubmitField
from wtforms.validators import DataRequired, Email, NumberRange

import flask

PAGE = """
<form method="post" enctype="multipart/form-data" novalidate>
  {{ form.hidden_tag() }}
  {{ form.name }}{% for error in form.name.errors %}<b>name: {{ error }}</b>{% endfor %}
  {{ form.mail }}{% for error in form.mail.errors %}<b>mail: {{ error }}</b>{% endfor %}
  {{ form.age }}{% for error in form.age.errors %}<b>age: {{ error }}</b>{% endfor %}
  {{ form.picture }}{% for error in form.picture.errors %}<b>picture: {{ error }}</b>{% endfor %}
  {{ form.more }}{{ form.send }}
</form>
"""


class EntryForm(FlaskForm):
    name = StringField("Name", validators=[DataRequired("needed")])
    mail = EmailField("Mail", validators=[Email("not an address")])
    age = IntegerField("Age", validators=[NumberRange(18, 99, "too young")])
    picture = FileField(
        validators=[
            FileRequired("needed"),
            FileAllowed(["png", "jpg"], "pictures only"),
            FileSize(max_size=100, message="too large"),
        ]
    )
    more = MultipleFileField()
    send = SubmitField()


class SearchForm(FlaskForm):
    class Meta:
        csrf = False

    q = StringField(validators=[DataRequired()])


def create_app(**settings: object) -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "entries"
    app.config.update(settings)
    csrf = CSRFProtect(app)

    @app.route("/enter", methods=["GET", "POST"])
    def enter():
        form = EntryForm()
        if form.validate_on_submit():
            picture = form.picture.data
            others = [file.filename for file in form.more.data if file.filename]
            return {
                "name": form.name.data,
                "age": form.age.data,
                "picture": secure_filename(picture.filename),
                "bytes": len(picture.read()),
                "more": others,
            }
        return flask.render_template_string(PAGE, form=form), 422 if form.is_submitted() else 200

    @app.get("/search")
    def search():
        form = SearchForm(flask.request.args)
        return form.q.data if form.validate() else (form.errors, 400)

    @app.get("/page")
    def page():
        return flask.render_template_string("<meta name=csrf content='{{ csrf_token() }}'>")

    @app.route("/api/note", methods=["POST", "PUT", "PATCH", "DELETE"])
    def note():
        return {"noted": flask.request.get_json()}

    @app.post("/hook")
    @csrf.exempt
    def hook():
        return "heard"

    api = flask.Blueprint("open", __name__)
    csrf.exempt(api)
    api.post("/open")(lambda: "in")
    app.register_blueprint(api)

    @app.errorhandler(CSRFError)
    def refuse(error: CSRFError):
        return f"refused: {error.description}", 400

    return app


@pytest.fixture
def app() -> flask.Flask:
    return create_app()


def token_in(page: str) -> str:
    return re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]


def token_for_scripts(client) -> str:
    return re.search("content='(.+?)'", client.get("/page").text)[1]


def entry(**changes: object) -> dict[str, object]:
    good: dict[str, object] = {"name": "Ada", "mail": "ada@example.com", "age": "36"}
    return good | {"picture": (io.BytesIO(b"x" * 50), "ada lovelace.png")} | changes


def send_entry(client, **changes: object):
    token = token_in(client.get("/enter").text)
    return client.post("/enter", data=entry(csrf_token=token, **changes))


def test_good_entry_is_accepted_with_its_file(app: flask.Flask) -> None:
    accepted = send_entry(app.test_client())
    assert accepted.json == {
        "name": "Ada",
        "age": 36,
        "picture": "ada_lovelace.png",
        "bytes": 50,
        "more": [],
    }


def test_several_files_of_one_field_arrive(app: flask.Flask) -> None:
    files = [(io.BytesIO(b"1"), "one.txt"), (io.BytesIO(b"2"), "two.txt")]
    assert send_entry(app.test_client(), more=files).json["more"] == ["one.txt", "two.txt"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "name: needed"),
        ({"mail": "nobody"}, "mail: not an address"),
        ({"age": "12"}, "age: too young"),
        ({"age": "old"}, "age: Not a valid integer value"),
        ({"picture": (io.BytesIO(), "")}, "picture: needed"),
        ({"picture": (io.BytesIO(b"#!"), "run.sh")}, "picture: pictures only"),
        ({"picture": (io.BytesIO(b"x" * 101), "big.png")}, "picture: too large"),
    ],
)
def test_field_error_stands_in_the_page(
    app: flask.Flask, changes: dict[str, object], message: str
) -> None:
    answer = send_entry(app.test_client(), **changes)
    assert answer.status_code == 422
    errors = re.findall("<b>(.+?)</b>", answer.text)
    assert errors[0].startswith(message)
    assert {error.split(":")[0] for error in errors} == {message.split(":")[0]}


def test_entered_text_is_kept_and_escaped_in_the_page(app: flask.Flask) -> None:
    answer = send_entry(app.test_client(), name='"><script>', age="12")
    assert 'value="&#34;&gt;&lt;script&gt;"' in answer.text


def test_form_without_token_is_refused_by_the_error_handler(app: flask.Flask) -> None:
    answer = app.test_client().post("/enter", data=entry())
    assert answer.status_code == 400
    assert answer.text == "refused: The CSRF token is missing."


def test_token_of_another_session_is_refused(app: flask.Flask) -> None:
    token = token_in(app.test_client().get("/enter").text)
    other = app.test_client()
    assert "session" in other.post("/enter", data=entry(csrf_token=token)).text
    other.get("/enter")
    assert "do not match" in other.post("/enter", data=entry(csrf_token=token)).text


def test_forged_token_is_refused(app: flask.Flask) -> None:
    client = app.test_client()
    client.get("/enter")
    assert "invalid" in client.post("/enter", data=entry(csrf_token="made-up")).text


def test_expired_token_is_refused(app: flask.Flask) -> None:
    app.config["WTF_CSRF_TIME_LIMIT"] = 0
    client = app.test_client()
    token = token_in(client.get("/enter").text)
    time.sleep(1.1)
    refused = client.post("/enter", data=entry(csrf_token=token))
    assert (refused.status_code, refused.text) == (400, "refused: The CSRF token has expired.")


@pytest.mark.parametrize("header", ["X-CSRFToken", "X-CSRF-Token"])
def test_script_sends_the_token_in_a_header(app: flask.Flask, header: str) -> None:
    client = app.test_client()
    headers = {header: token_for_scripts(client)}
    assert client.post("/api/note", json=[1], headers=headers).json == {"noted": [1]}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_script_without_token_is_refused(app: flask.Flask, method: str) -> None:
    assert app.test_client().open("/api/note", method=method, json=[1]).status_code == 400


def test_one_token_serves_a_whole_session(app: flask.Flask) -> None:
    client = app.test_client()
    headers = {"X-CSRFToken": token_for_scripts(client)}
    for number in range(3):
        assert client.post("/api/note", json=number, headers=headers).status_code == 200


def test_secure_request_needs_a_referrer_of_this_host(app: flask.Flask) -> None:
    client = app.test_client()
    token = re.search("content='(.+?)'", client.get("/page", base_url="https://x.org").text)[1]

    def send(**headers: str) -> str:
        headers["X-CSRFToken"] = token
        return client.post("/api/note", json=1, base_url="https://x.org", headers=headers).text

    assert "referrer" in send()
    assert "does not match" in send(Referer="https://evil.org/")
    assert '"noted"' in send(Referer="https://x.org/page").replace(" ", "")


def test_exempt_view_and_blueprint_need_no_token(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.post("/hook").text == "heard"
    assert client.post("/open").text == "in"


def test_form_of_a_search_reads_the_query_without_token(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/search?q=lamp").text == "lamp"
    assert client.get("/search").json == {"q": ["This field is required."]}


def test_protection_can_be_off_for_tests() -> None:
    client = create_app(WTF_CSRF_ENABLED=False).test_client()
    assert client.post("/enter", data=entry()).json["name"] == "Ada"


def test_unknown_page_and_method_keep_their_own_errors(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.post("/nowhere").status_code == 404
    assert client.post("/search").status_code == 405


def test_refusal_without_handler_is_a_plain_400() -> None:
    app = flask.Flask(__name__)
    app.secret_key = "entries"
    CSRFProtect(app)
    app.post("/")(lambda: "in")
    refused = app.test_client().post("/")
    assert refused.status_code == 400
    assert "The CSRF token is missing." in refused.text


def test_token_is_made_once_a_request(app: flask.Flask) -> None:
    with app.test_request_context():
        assert generate_csrf() == generate_csrf() == flask.g.csrf_token
        assert "csrf_token" in flask.session


def test_entry_is_made_in_a_real_page(app: flask.Flask, page, tmp_path: Path) -> None:
    picture = tmp_path / "ada.png"
    picture.write_bytes(b"x" * 50)
    with serving(app) as url:
        page.goto(f"{url}/enter")
        page.locator("#name").fill("Ada")
        page.locator("#mail").fill("nobody")
        page.locator("#age").fill("12")
        page.locator("#send").click()
        page.locator("b").first.wait_for()
        assert page.locator("b").all_inner_texts() == [
            "mail: not an address",
            "age: too young",
            "picture: needed",
        ]
        assert page.locator("#name").input_value() == "Ada"
        page.locator("#mail").fill("ada@example.com")
        page.locator("#age").fill("36")
        page.locator("#picture").set_input_files(picture)
        with page.expect_response(f"{url}/enter") as answered:
            page.locator("#send").click()
        assert answered.value.json()["picture"] == "ada.png"


def test_script_of_a_real_page_sends_the_token(app: flask.Flask, page) -> None:
    script = """token => fetch("/api/note", {
        method: "POST",
        headers: {"Content-Type": "application/json", ...token && {"X-CSRFToken": token}},
        body: "[1]",
    }).then(async answer => [answer.status, await answer.text()])"""
    with serving(app) as url:
        page.goto(f"{url}/page")
        token = page.locator("meta[name=csrf]").get_attribute("content")
        status, text = page.evaluate(script, token)
        assert (status, json.loads(text)) == (200, {"noted": [1]})
        missing = "refused: The CSRF token is missing."
        assert page.evaluate(script) == [400, missing]
        page.context.clear_cookies()
        status, text = page.evaluate(script, token)
        assert (status, text) == (400, "refused: The CSRF session token is missing.")
