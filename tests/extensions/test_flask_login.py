"""Flask-Login: user accounts of a reading room, "remember me" in real browsers, fresh logins."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_login import (
    LoginManager,
    UserMixin,
    confirm_login,
    current_user,
    fresh_login_required,
    login_fresh,
    login_required,
    login_user,
    logout_user,
    user_logged_in,
    user_logged_out,
    user_unauthorized,
)
from flask_login.test_client import FlaskLoginClient
from loopback import serving

import flask


class Member(UserMixin):
    def __init__(self, name: str, *, active: bool = True) -> None:
        self.id = name
        self.active = active

    @property
    def is_active(self) -> bool:
        return self.active


MEMBERS = {member.id: member for member in (Member("ada"), Member("gone", active=False))}


def create_app(**settings: object) -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "reading room"
    app.config.update(settings)
    manager = LoginManager(app)
    manager.login_view = "login"
    manager.refresh_view = "confirm"
    manager.user_loader(MEMBERS.get)

    @manager.request_loader
    def by_key(request: flask.Request) -> Member | None:
        return MEMBERS.get(request.headers.get("X-Member", ""))

    @app.route("/login", methods=["GET", "POST"])
    def login():
        form = flask.request.form
        if flask.request.method == "POST":
            member = MEMBERS[form["name"]]
            if not login_user(member, remember="remember" in form):
                return "closed account", 403
            return flask.redirect(flask.request.args.get("next") or flask.url_for("index"))
        return "; ".join(flask.get_flashed_messages())

    @app.get("/confirm")
    def confirm():
        return "; ".join(flask.get_flashed_messages())

    @app.post("/confirm")
    def confirmed():
        confirm_login()
        return "confirmed"

    @app.get("/logout")
    @login_required
    def logout():
        logout_user()
        return "bye"

    @app.get("/")
    def index():
        return flask.render_template_string(
            "{% if current_user.is_authenticated %}{{ current_user.id }}{% else %}guest{% endif %}"
        )

    @app.get("/desk")
    @login_required
    def desk():
        return f"desk of {current_user.id}, {'fresh' if login_fresh() else 'remembered'}"

    @app.get("/safe")
    @fresh_login_required
    def safe():
        return "open"

    return app


@pytest.fixture
def app() -> flask.Flask:
    return create_app()


def log_in(client, **more: str):
    return client.post("/login", data={"name": "ada", **more})


def close_browser(client) -> None:
    """Forget what a browser forgets when it is closed: the session cookie."""
    client.delete_cookie("session")


def test_guest_is_anonymous_in_templates(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/").text == "guest"
    log_in(client)
    assert client.get("/").text == "ada"


def test_guest_is_sent_to_the_login_page_and_back(app: flask.Flask) -> None:
    client = app.test_client()
    sent = client.get("/desk?day=2")
    assert sent.status_code == 302
    assert sent.location == "/login?next=%2Fdesk%3Fday%3D2"
    assert "log in" in client.get(sent.location).text
    back = client.post(sent.location, data={"name": "ada"}, follow_redirects=True)
    assert back.request.full_path == "/desk?day=2"
    assert back.text == "desk of ada, fresh"


def test_next_may_be_kept_in_the_session_instead_of_the_address() -> None:
    client = create_app(USE_SESSION_FOR_NEXT=True).test_client()
    assert client.get("/desk").location == "/login"
    with client.session_transaction() as session:
        assert session["next"] == "/desk"


def test_login_view_on_a_blueprint_of_its_own(app: flask.Flask) -> None:
    staff = flask.Blueprint("staff", __name__, url_prefix="/staff")
    staff.get("/login", endpoint="login")(lambda: "staff only")
    staff.get("/room", endpoint="room")(login_required(lambda: "room"))
    app.register_blueprint(staff)
    app.login_manager.blueprint_login_views = {"staff": "staff.login"}
    client = app.test_client()
    assert client.get("/staff/room").location == "/staff/login?next=%2Fstaff%2Froom"
    assert client.get("/desk").location.startswith("/login?")


def test_unauthorized_handler_answers_in_place_of_the_redirect(app: flask.Flask) -> None:
    app.login_manager.unauthorized_handler(lambda: ({"error": "log in first"}, 401))
    refused = app.test_client().get("/desk")
    assert (refused.status_code, refused.json) == (401, {"error": "log in first"})


def test_without_login_view_a_guest_gets_401(app: flask.Flask) -> None:
    app.login_manager.login_view = None
    assert app.test_client().get("/desk").status_code == 401


def test_options_needs_no_login(app: flask.Flask) -> None:
    view = login_required(lambda: "hello")
    app.add_url_rule("/ask", view_func=view, methods=["GET", "OPTIONS"])
    client = app.test_client()
    assert client.options("/ask").text == "hello"
    assert client.get("/ask").status_code == 302


def test_login_can_be_disabled_for_tests() -> None:
    assert create_app(LOGIN_DISABLED=True).test_client().get("/safe").text == "open"


def test_logout_forgets_the_member(app: flask.Flask) -> None:
    client = app.test_client()
    log_in(client, remember="on")
    assert client.get("/logout").text == "bye"
    assert client.get_cookie("remember_token") is None
    assert client.get("/").text == "guest"


def test_inactive_member_cannot_log_in(app: flask.Flask) -> None:
    client = app.test_client()
    refused = client.post("/login", data={"name": "gone"})
    assert (refused.status_code, refused.text) == (403, "closed account")
    assert client.get("/").text == "guest"


def test_without_remember_me_a_closed_browser_is_a_guest(app: flask.Flask) -> None:
    client = app.test_client()
    log_in(client)
    close_browser(client)
    assert client.get("/").text == "guest"


def test_remember_me_outlives_the_browser(app: flask.Flask) -> None:
    client = app.test_client()
    cookies = log_in(client, remember="on").headers.getlist("Set-Cookie")
    token = next(cookie for cookie in cookies if cookie.startswith("remember_token="))
    assert "HttpOnly" in token
    assert "Expires=" in token
    close_browser(client)
    assert client.get("/desk").text == "desk of ada, remembered"


def test_remember_cookie_is_shaped_by_configuration() -> None:
    client = create_app(
        REMEMBER_COOKIE_NAME="stay",
        REMEMBER_COOKIE_DURATION=timedelta(days=1),
        REMEMBER_COOKIE_SECURE=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_PATH="/desk",
    ).test_client()
    cookies = log_in(client, remember="on").headers.getlist("Set-Cookie")
    token = next(cookie for cookie in cookies if cookie.startswith("stay="))
    assert {"Secure", "SameSite=Lax", "Path=/desk"} <= set(token.split("; "))


def test_forged_remember_cookie_is_a_guest(app: flask.Flask) -> None:
    client = app.test_client()
    client.set_cookie("remember_token", "ada|" + "0" * 128)
    assert client.get("/").text == "guest"


def test_remembered_member_confirms_before_what_needs_a_fresh_login(app: flask.Flask) -> None:
    client = app.test_client()
    log_in(client, remember="on")
    assert client.get("/safe").text == "open"
    close_browser(client)
    sent = client.get("/safe")
    assert sent.location == "/confirm?next=%2Fsafe"
    assert "reauthenticate" in client.get(sent.location).text
    client.post("/confirm")
    assert client.get("/safe").text == "open"


def test_basic_protection_makes_a_session_of_another_browser_stale(app: flask.Flask) -> None:
    client = app.test_client()
    log_in(client)
    moved = client.get("/desk", headers={"User-Agent": "another"})
    assert moved.text == "desk of ada, remembered"


def test_strong_protection_ends_a_session_of_another_browser() -> None:
    client = create_app(SESSION_PROTECTION="strong").test_client()
    log_in(client)
    assert client.get("/", headers={"User-Agent": "another"}).text == "guest"


def test_request_loader_knows_a_member_without_a_cookie(app: flask.Flask) -> None:
    answer = app.test_client().get("/desk", headers={"X-Member": "ada"})
    assert answer.text.startswith("desk of ada")
    assert "Set-Cookie" not in answer.headers


def test_page_for_a_member_varies_by_cookie(app: flask.Flask) -> None:
    client = app.test_client()
    log_in(client)
    assert client.get("/desk").headers["Vary"] == "Cookie"


def test_signals_tell_of_login_logout_and_refusal(app: flask.Flask) -> None:
    told: list[str] = []

    def tell(name: str):
        return lambda sender, **extra: told.append(f"{name} {getattr(extra.get('user'), 'id', '')}")

    receivers = [tell("in"), tell("out"), tell("refused")]
    for signal, receiver in zip(
        (user_logged_in, user_logged_out, user_unauthorized), receivers, strict=True
    ):
        signal.connect(receiver, app)
    client = app.test_client()
    client.get("/desk")
    log_in(client)
    client.get("/logout")
    assert told == ["refused ", "in ada", "out ada"]


def test_its_test_client_logs_a_member_in(app: flask.Flask) -> None:
    app.test_client_class = FlaskLoginClient
    with app.test_client(user=MEMBERS["ada"], fresh_login=False) as client:
        assert client.get("/desk").text == "desk of ada, remembered"
        assert current_user.id == "ada"


def test_app_without_secret_key_says_that_sessions_need_one(app: flask.Flask) -> None:
    app.secret_key = None
    app.testing = True
    with pytest.raises(RuntimeError, match="secret key"):
        log_in(app.test_client())


def test_member_in_a_context_pushed_by_hand(app: flask.Flask) -> None:
    with app.test_request_context("/"):
        assert not current_user.is_authenticated
        login_user(MEMBERS["ada"])
        assert current_user == MEMBERS["ada"]
        logout_user()
        assert current_user.is_anonymous


LOGIN_PAGE = """
<form method="post">
  <input name="name"> <label><input type="checkbox" name="remember"> remember me</label>
  <button>log in</button>
</form>
"""


@pytest.fixture
def club():
    """The reading room on a real server, with a form to log in by."""
    app = create_app()
    views = app.view_functions
    answer = views["login"]
    views["login"] = lambda: LOGIN_PAGE if flask.request.method == "GET" else answer()
    with serving(app) as url:
        yield url


def test_remember_me_outlives_a_real_browser(club: str, open_browser) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{club}/desk")
        assert page.url == f"{club}/login?next=%2Fdesk"
        page.locator("input[name=name]").fill("ada")
        page.get_by_label("remember me").check()
        page.get_by_role("button").click()
        page.wait_for_url(f"{club}/desk")
        assert page.inner_text("body") == "desk of ada, fresh"
    with open_browser() as browser:
        assert {cookie["name"] for cookie in browser.cookies()} == {"remember_token"}
        page = browser.new_page()
        page.goto(f"{club}/desk")
        assert page.inner_text("body") == "desk of ada, remembered"
        page.goto(f"{club}/safe")
        assert page.url == f"{club}/confirm?next=%2Fsafe"
        page.goto(f"{club}/logout")
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(club)
        assert page.inner_text("body") == "guest"


def test_without_remember_me_a_real_browser_forgets(club: str, open_browser) -> None:
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{club}/login")
        page.locator("input[name=name]").fill("ada")
        page.get_by_role("button").click()
        page.wait_for_url(f"{club}/")
        assert page.inner_text("body") == "ada"
    with open_browser() as browser:
        page = browser.new_page()
        page.goto(f"{club}/desk")
        assert page.url == f"{club}/login?next=%2Fdesk"
