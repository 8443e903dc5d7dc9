"""Flask-Babel: locale and time zone of a request, translated templates, formats."""

from __future__ import annotations

from datetime import datetime

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask_babel import (
    Babel,
    force_locale,
    format_currency,
    format_datetime,
    format_number,
    get_locale,
    gettext,
    lazy_gettext,
    ngettext,
    refresh,
)

from flask import Flask, g, render_template_string, request


@pytest.fixture
def app(tmp_path):
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalog = Catalog(locale="de")
    catalog.add("Hello", "Hallo")
    catalog.add(("%(num)s apple", "%(num)s apples"), ("%(num)s Apfel", "%(num)s Äpfel"))
    catalog.add("Hello %(name)s!", "Hallo %(name)s!")
    with open(folder / "messages.mo", "wb") as file:
        write_mo(file, catalog)

    app = Flask(__name__)
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(tmp_path)
    Babel(
        app,
        locale_selector=lambda: request.accept_languages.best_match(["de", "en"]),
        timezone_selector=lambda: request.args.get("tz"),
    )
    return app


def test_locale_follows_the_request(app):
    app.add_url_rule("/", "hello", lambda: f"{get_locale()} {gettext('Hello')}")
    client = app.test_client()
    assert client.get("/", headers={"Accept-Language": "de-AT,de;q=0.8"}).text == "de Hallo"
    assert client.get("/", headers={"Accept-Language": "en"}).text == "en Hello"
    assert client.get("/").text == "en Hello"


def test_templates_translate_and_escape(app):
    @app.route("/<name>/<int:n>")
    def page(name, n):
        return render_template_string(
            "{% trans name=name %}Hello {{ name }}!{% endtrans %} "
            "{{ ngettext('%(num)s apple', '%(num)s apples', n) }} {{ 1234.5|numberformat }}",
            name=name,
            n=n,
        )

    answer = app.test_client().get("/<b>/2", headers={"Accept-Language": "de"})
    assert answer.text == "Hallo &lt;b&gt;! 2 Äpfel 1.234,5"


def test_formats_and_time_zone(app):
    @app.route("/")
    def formats():
        moment = datetime(2024, 7, 1, 12, 0)
        return [format_datetime(moment, "yyyy-MM-dd HH:mm"), format_currency(9.5, "EUR")]

    client = app.test_client()
    assert client.get("/?tz=Asia/Tokyo", headers={"Accept-Language": "de"}).json == [
        "2024-07-01 21:00",
        "9,50\xa0€",
    ]
    assert client.get("/").json == ["2024-07-01 12:00", "€9.50"]


def test_lazy_texts_are_translated_when_shown(app):
    greeting = lazy_gettext("Hello")
    app.add_url_rule("/", "hello", lambda: {"greeting": str(greeting)})
    app.add_url_rule("/lazy", "lazy", lambda: {"greeting": greeting})
    client = app.test_client()
    for path in ("/", "/lazy"):
        answer = client.get(path, headers={"Accept-Language": "de"})
        assert answer.json == {"greeting": "Hallo"}


def test_force_locale_and_refresh(app):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert ngettext("%(num)s apple", "%(num)s apples", 1) == "1 apple"
        with force_locale("de"):
            assert gettext("Hello") == "Hallo"
            assert format_number(1099) == "1.099"
        assert gettext("Hello") == "Hello"
        g.anything = 1
        refresh()
        assert gettext("Hello") == "Hello"


def test_works_without_a_request():
    app = Flask(__name__)
    Babel(app, default_locale="fr")
    with app.app_context():
        assert str(get_locale()) == "fr"
    assert get_locale() is None
