"""Flask-Admin: pages for a database model, access rules, the static files of its blueprints."""

from __future__ import annotations

import re

import pytest
from flask_admin import Admin, AdminIndexView, BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy

from flask import Flask, abort, redirect, request, session, url_for

pytestmark = pytest.mark.uses("SQLite")


def create_app():
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k", SQLALCHEMY_DATABASE_URI="sqlite://")
    db = SQLAlchemy(app)
    # Wherever Flask-Babel is installed, Flask-Admin wants it set up.
    Babel(app)

    class Book(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        title = db.Column(db.String(80), nullable=False)
        pages = db.Column(db.Integer)

    class BookView(ModelView):
        column_searchable_list = ["title"]
        column_editable_list = ["pages"]
        can_export = True

        def is_accessible(self):
            return session.get("role") == "editor"

        def inaccessible_callback(self, name, **kwargs):
            return redirect(url_for("login", next=request.path))

    class Reports(BaseView):
        @expose("/")
        def index(self):
            return self.render("admin/index.html")

        @expose("/<int:year>", methods=["GET", "POST"])
        def year(self, year):
            if year < 2000:
                abort(404)
            return f"{request.method} {year} {self.get_url('.index')}"

    class Index(AdminIndexView):
        @expose("/")
        def index(self):
            return self.render(self._template, greeting="hello")

    @app.route("/login")
    def login():
        session["role"] = "editor"
        return redirect(request.args["next"])

    admin = Admin(app, name="Library", index_view=Index(name="Start"))
    admin.add_view(BookView(Book, db))
    admin.add_view(Reports(name="Reports", endpoint="reports"))
    with app.app_context():
        db.create_all()
    return app, db, Book


@pytest.fixture
def library():
    return create_app()


@pytest.fixture
def editor(library):
    client = library[0].test_client()
    with client.session_transaction() as stored:
        stored["role"] = "editor"
    return client


def test_index_lists_the_views_a_visitor_may_see(library, editor):
    stranger = library[0].test_client().get("/admin/").text
    assert "Reports" in stranger
    assert "/admin/book/" not in stranger
    assert "/admin/book/" in editor.get("/admin/").text


def test_model_is_created_listed_edited_and_deleted(library, editor):
    app, db, Book = library
    made = editor.post("/admin/book/new/", data={"title": "Dune", "pages": "412"})
    assert (made.status_code, made.location) == (302, "/admin/book/")
    page = editor.get("/admin/book/").text
    assert "Dune" in page
    assert "Record was successfully created" in page

    editor.post("/admin/book/edit/?id=1", data={"title": "Dune Messiah", "pages": "331"})
    with app.app_context():
        assert db.session.get(Book, 1).title == "Dune Messiah"
    assert "Dune Messiah" in editor.get("/admin/book/?search=messiah").text
    assert "Dune Messiah" not in editor.get("/admin/book/?search=nothing").text

    editor.post("/admin/book/delete/", data={"id": "1"})
    with app.app_context():
        assert db.session.query(Book).count() == 0


def test_a_missing_field_is_reported_beside_it(library, editor):
    page = editor.post("/admin/book/new/", data={"title": "", "pages": "x"})
    assert page.status_code == 200
    assert "This field is required" in page.text
    assert "Not a valid integer value" in page.text


def test_export_streams_rows_as_csv(library, editor):
    editor.post("/admin/book/new/", data={"title": "Emma", "pages": "320"})
    export = editor.get("/admin/book/export/csv/")
    assert export.mimetype == "text/csv"
    assert "attachment" in export.headers["Content-Disposition"]
    assert export.text.splitlines() == ["Title,Pages", "Emma,320"]


def test_inline_edit_over_ajax(library, editor):
    editor.post("/admin/book/new/", data={"title": "Emma", "pages": "320"})
    answer = editor.post("/admin/book/ajax/update/", data={"list_form_pk": "1", "pages": "5"})
    assert (answer.status_code, answer.text) == (200, "Record was successfully saved.")
    refused = editor.post("/admin/book/ajax/update/", data={"list_form_pk": "1", "pages": "many"})
    assert refused.status_code == 500


def test_a_stranger_is_led_to_the_login_page(library):
    client = library[0].test_client()
    answer = client.get("/admin/book/")
    assert (answer.status_code, answer.location) == (302, "/login?next=/admin/book/")
    assert "List" in client.get("/admin/book/", follow_redirects=True).text


def test_views_of_ones_own_take_arguments_and_raise_errors(library):
    client = library[0].test_client()
    assert client.get("/admin/reports/").status_code == 200
    assert client.post("/admin/reports/2024").text == "POST 2024 /admin/reports/"
    assert client.get("/admin/reports/1999").status_code == 404
    assert client.put("/admin/reports/2024").status_code == 405


def test_static_files_named_in_the_page_are_served(library):
    client = library[0].test_client()
    paths = set(re.findall(r'"(/admin/static/[^"]+)"', client.get("/admin/").text))
    assert paths
    for path in paths:
        with client.get(path) as answer:
            assert answer.status_code == 200, path
