"""Bootstrap-Flask: macros for forms, fields, pages and messages."""

from __future__ import annotations

import re

import pytest
from flask_bootstrap import Bootstrap5
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import FlaskForm
from wtforms import StringField, SubmitField
from wtforms.validators import DataRequired

from flask import Flask, flash, render_template_string

pytestmark = pytest.mark.uses("SQLite")

PAGE = """
{% from "bootstrap5/form.html" import render_form %}
{% from "bootstrap5/utils.html" import render_messages %}
{% from "bootstrap5/nav.html" import render_nav_item %}
<head>{{ bootstrap.load_css() }}</head>
{{ render_nav_item("page", "Home") }}
{{ render_messages() }}{{ render_form(form) }}{{ bootstrap.load_js() }}
"""
LIST = """
{% from "bootstrap5/pagination.html" import render_pagination %}
{% from "bootstrap5/table.html" import render_table %}
{{ render_table(pages.items, [("id", "#"), ("name", "Name")]) }}{{ render_pagination(pages) }}
"""


class NameForm(FlaskForm):
    name = StringField("Name", validators=[DataRequired()])
    submit = SubmitField()


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="k",
        WTF_CSRF_ENABLED=False,
        BOOTSTRAP_SERVE_LOCAL=True,
        SQLALCHEMY_DATABASE_URI="sqlite://",
    )
    Bootstrap5(app)
    db = SQLAlchemy(app)

    class Item(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String)

    @app.route("/", methods=["GET", "POST"])
    def page():
        form = NameForm()
        if form.validate_on_submit():
            flash(f"Hello {form.name.data}", "success")
        return render_template_string(PAGE, form=form)

    @app.route("/items")
    def items():
        pages = db.paginate(db.select(Item).order_by(Item.id), per_page=2)
        return render_template_string(LIST, pages=pages)

    with app.app_context():
        db.create_all()
        db.session.add_all([Item(name=f"item {number}") for number in range(5)])
        db.session.commit()
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_form_shows_its_errors_and_messages(client):
    assert "is-invalid" not in client.get("/").text
    wrong = client.post("/", data={"name": ""}).text
    assert "is-invalid" in wrong
    assert "This field is required." in wrong
    right = client.post("/", data={"name": "<Ann>"}).text
    assert re.search(r'class="alert alert-success[^"]*"', right)
    assert "Hello &lt;Ann&gt;" in right


def test_navigation_marks_the_page(client):
    assert re.search(r'class="nav-item nav-link\s+active"', client.get("/").text)


def test_pages_of_a_query(client):
    text = client.get("/items?page=2").text
    assert "item 2" in text
    assert "item 4" not in text
    assert "/items?page=3" in text
    assert client.get("/items?page=9").status_code == 404


def test_its_files_are_served_locally(client):
    paths = re.findall(r'(?:href|src)="(/bootstrap/[^"]+)"', client.get("/").text)
    assert len(paths) >= 2
    for path in paths:
        with client.get(path) as answer:
            assert answer.status_code == 200, path
