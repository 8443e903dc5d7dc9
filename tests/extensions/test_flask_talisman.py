"""Flask-Talisman: security headers, HTTPS and a content security policy that Chromium follows."""

from __future__ import annotations

import re

import pytest
from flask_talisman import ALLOW_FROM, GOOGLE_CSP_POLICY, Talisman
from loopback import serving

import flask

SECURE = "https://shop.example"


def create_app(**options: object) -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "shop"
    app.config["SERVER_NAME"] = None
    talisman = Talisman(app, **options)

    @app.route("/", methods=["GET", "POST"])
    def index():
        flask.session["seen"] = True
        return flask.render_template_string("<script nonce='{{ csp_nonce() }}'></script>")

    @app.get("/embedded")
    @talisman(
        frame_options=ALLOW_FROM,
        frame_options_allow_from="https://friend.example",
        content_security_policy={"default-src": "'self' friend.example"},
    )
    def embedded():
        return "embedded"

    @app.get("/plain")
    @talisman(force_https=False)
    def plain():
        return "plain"

    return app


@pytest.fixture
def app() -> flask.Flask:
    return create_app()


def test_security_headers_stand_on_every_answer(app: flask.Flask) -> None:
    client = app.test_client()
    for path, status in [("/", 200), ("/nowhere", 404), ("/plain", 200)]:
        answer = client.get(path, base_url=SECURE)
        assert answer.status_code == status
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["Content-Security-Policy"] == "default-src 'self'; object-src 'none'"
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert headers["Strict-Transport-Security"] == "max-age=31556926; includeSubDomains"


@pytest.mark.parametrize(("permanent", "status"), [(False, 302), (True, 301)])
def test_plain_request_is_sent_to_https(permanent: bool, status: int) -> None:
    client = create_app(force_https_permanent=permanent).test_client()
    sent = client.get("/?q=1", base_url="http://shop.example")
    assert (sent.status_code, sent.location) == (status, f"{SECURE}/?q=1")
    assert "Strict-Transport-Security" not in sent.headers


def test_unknown_page_is_sent_to_https_too(app: flask.Flask) -> None:
    assert app.test_client().get("/nowhere").location == "https://localhost/nowhere"


def test_proxy_may_have_spoken_https(app: flask.Flask) -> None:
    answer = app.test_client().get("/", headers={"X-Forwarded-Proto": "https"})
    assert answer.status_code == 200


def test_debug_mode_stays_on_http(app: flask.Flask) -> None:
    app.debug = True
    assert app.test_client().get("/").status_code == 200


def test_view_may_be_exempt_from_https(app: flask.Flask) -> None:
    assert app.test_client().get("/plain").text == "plain"


def test_view_has_options_of_its_own_and_no_others_do(app: flask.Flask) -> None:
    client = app.test_client()
    headers = client.get("/embedded", base_url=SECURE).headers
    assert headers["X-Frame-Options"] == "ALLOW-FROM https://friend.example"
    assert headers["Content-Security-Policy"] == "default-src 'self' friend.example"
    assert client.get("/", base_url=SECURE).headers["X-Frame-Options"] == "SAMEORIGIN"


def test_nonce_in_the_template_is_that_of_the_header_and_new_each_time() -> None:
    client = create_app(
        content_security_policy={"script-src": "'self'"},
        content_security_policy_nonce_in=["script-src"],
    ).test_client()
    nonces = set()
    for _ in range(2):
        answer = client.get("/", base_url=SECURE)
        nonce = re.search("nonce='(.+?)'", answer.text)[1]
        policy = answer.headers["Content-Security-Policy"]
        assert policy == f"script-src 'self' 'nonce-{nonce}'"
        nonces.add(nonce)
    assert len(nonces) == 2


def test_policy_may_only_report() -> None:
    headers = (
        create_app(
            content_security_policy=GOOGLE_CSP_POLICY,
            content_security_policy_report_only=True,
            content_security_policy_report_uri="/violations",
        )
        .test_client()
        .get("/", base_url=SECURE)
        .headers
    )
    assert "Content-Security-Policy" not in headers
    assert "report-uri /violations" in headers["Content-Security-Policy-Report-Only"]


def test_session_cookie_is_secure_and_hidden_from_scripts(app: flask.Flask) -> None:
    cookie = app.test_client().get("/", base_url=SECURE).headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


def test_session_cookie_may_be_left_insecure() -> None:
    app = create_app(session_cookie_secure=False, force_https=False)
    assert "Secure" not in app.test_client().get("/").headers["Set-Cookie"].split("; ")


def test_reporting_without_an_address_is_refused() -> None:
    with pytest.raises(ValueError, match="content_security_policy_report_uri"):
        create_app(content_security_policy_report_only=True)


def test_browser_runs_the_script_with_the_nonce_and_no_other(page) -> None:
    app = create_app(
        force_https=False,
        content_security_policy={"default-src": "'self'", "script-src": "'self'"},
        content_security_policy_nonce_in=["script-src"],
    )

    @app.get("/scripts")
    def scripts():
        return flask.render_template_string(
            "<body><script nonce='{{ csp_nonce() }}'>document.title += 'ours'</script>"
            "<script>document.title += 'injected'</script>"
            "<script nonce='guessed'>document.title += 'guessed'</script>"
        )

    refused: list[str] = []

    def is_second_refusal(message) -> bool:
        if "Content Security Policy" in message.text:
            refused.append(message.text)
        return len(refused) == 2

    with serving(app) as url, page.expect_console_message(is_second_refusal):
        page.goto(f"{url}/scripts")
    assert page.title() == "ours"


def test_browser_keeps_a_framed_page_shut(page) -> None:
    app = create_app(force_https=False, frame_options="DENY", content_security_policy="")

    @app.get("/frame")
    def frame():
        return "<iframe src='/plain'></iframe>"

    with serving(app) as url:
        page.goto(f"{url}/frame")
        page.wait_for_load_state("networkidle")
        assert "plain" not in page.frames[1].content()
