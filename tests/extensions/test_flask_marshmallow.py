"""Flask-Marshmallow: schemas with links to views, and schemas of database models."""

from __future__ import annotations

import io

import pytest
from flask_marshmallow import Marshmallow
from flask_marshmallow.fields import File
from flask_marshmallow.validate import FileSize
from flask_sqlalchemy import SQLAlchemy
from marshmallow import ValidationError

from flask import Flask, request

pytestmark = pytest.mark.uses("SQLite")


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)
    ma = Marshmallow(app)

    class Author(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(20), nullable=False)

    class Book(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        title = db.Column(db.String(20))
        author_id = db.Column(db.ForeignKey("author.id"))
        author = db.relationship("Author", backref="books")

    class AuthorSchema(ma.SQLAlchemyAutoSchema):
        class Meta:
            model = Author
            load_instance = True

        books = ma.List(ma.HyperlinkRelated("book"))
        _links = ma.Hyperlinks(
            {
                "self": ma.URLFor("author", values={"id": "<id>"}),
                "absolute": ma.AbsoluteURLFor("author", values={"id": "<id>"}),
            }
        )

    class UploadSchema(ma.Schema):
        image = File(required=True, validate=FileSize(max="10 B"))

    @app.post("/authors")
    def add():
        author = AuthorSchema(only=("name",)).load(request.json, session=db.session)
        db.session.add(author)
        db.session.commit()
        return AuthorSchema().dump(author), 201

    @app.route("/authors/<int:id>")
    def author(id):
        return AuthorSchema().jsonify(db.get_or_404(Author, id))

    @app.route("/books/<int:id>")
    def book(id):
        return db.get_or_404(Book, id).title

    @app.post("/upload")
    def upload():
        return UploadSchema().load(request.files)["image"].filename

    @app.errorhandler(ValidationError)
    def invalid(error):
        return error.messages, 422

    with app.app_context():
        db.create_all()
        db.session.add(Author(name="Ann", books=[Book(title="One"), Book(title="Two")]))
        db.session.commit()
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_an_object_is_dumped_with_links_to_views(client):
    assert client.get("/authors/1").json == {
        "id": 1,
        "name": "Ann",
        "books": ["/books/1", "/books/2"],
        "_links": {"self": "/authors/1", "absolute": "http://localhost/authors/1"},
    }
    assert client.get("/authors/9").status_code == 404


def test_an_instance_is_loaded_and_stored(client):
    answer = client.post("/authors", json={"name": "Bob"})
    assert answer.status_code == 201
    assert client.get(answer.json["_links"]["self"]).json["name"] == "Bob"


def test_invalid_data_reach_the_error_handler(client):
    answer = client.post("/authors", json={"age": 3})
    assert answer.status_code == 422
    assert answer.json == {"name": ["Missing data for required field."], "age": ["Unknown field."]}


def test_an_uploaded_file_is_validated(client):
    def upload(content):
        return client.post("/upload", data={"image": (io.BytesIO(content), "a.png")})

    assert upload(b"small").text == "a.png"
    assert upload(b"much too large").status_code == 422
