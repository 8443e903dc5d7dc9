"""Flask-SQLAlchemy: models of a small shop, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import flask

pytestmark = pytest.mark.uses("SQLite")


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class Maker(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    lamps: Mapped[list[Lamp]] = relationship(back_populates="maker", order_by="Lamp.id")


class Lamp(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    maker_id: Mapped[int] = mapped_column(db.ForeignKey("maker.id"))
    maker: Mapped[Maker] = relationship(back_populates="lamps")


class Visit(db.Model):
    __bind_key__ = "journal"
    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str]


def create_app(url: str, folder: Path) -> flask.Flask:
    app = flask.Flask(__name__, instance_path=str(folder / "instance"))
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_BINDS"] = {"journal": f"sqlite:///{folder}/journal.db"}
    app.config["SQLALCHEMY_RECORD_QUERIES"] = True
    db.init_app(app)

    @app.post("/makers")
    def add_maker() -> tuple[dict[str, int], int]:
        maker = Maker(name=flask.request.form["name"])
        db.session.add(maker)
        db.session.commit()
        return {"id": maker.id}, 201

    @app.get("/makers/<int:maker_id>")
    def show_maker(maker_id: int) -> dict[str, object]:
        maker = db.get_or_404(Maker, maker_id)
        return {"name": maker.name, "lamps": [lamp.name for lamp in maker.lamps]}

    @app.get("/lamps")
    def list_lamps() -> str:
        page = db.paginate(db.select(Lamp).order_by(Lamp.id), max_per_page=10)
        return flask.render_template_string(
            "{% for lamp in page %}{{ lamp.name }} by {{ lamp.maker.name }}\n{% endfor %}"
            "page {{ page.page }} of {{ page.pages }}, {{ page.total }} lamps"
            "{% if page.has_next %}, next {{ url_for('list_lamps', page=page.next_num) }}"
            "{% endif %}",
            page=page,
        )

    @app.get("/lamps/<name>")
    def find_lamp(name: str) -> str:
        found = db.one_or_404(
            db.select(Lamp).filter_by(name=name), description=f"no lamp called {name}"
        )
        return found.maker.name

    @app.post("/visits")
    def add_visit() -> str:
        db.session.add(Visit(path=flask.request.path))
        db.session.commit()
        return "noted"

    @app.post("/half-done")
    def half_done() -> str:
        db.session.add(Maker(name="never committed"))
        db.session.flush()
        raise RuntimeError("after the flush")

    @app.errorhandler(IntegrityError)
    def on_conflict(error: IntegrityError) -> tuple[str, int]:
        db.session.rollback()
        return f"conflict; {db.session.query(Maker).count()} makers", 409

    with app.app_context():
        db.create_all()
    return app


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/shop.db"
    else:
        url = request.getfixturevalue("postgres_url")
    app = create_app(url, tmp_path)
    yield app
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def stocked(app: flask.Flask) -> flask.Flask:
    with app.app_context():
        maker = Maker(name="Ada")
        maker.lamps = [Lamp(name=f"lamp {number}") for number in range(25)]
        db.session.add(maker)
        db.session.commit()
    return app


def test_row_of_one_request_is_there_for_the_next(app: flask.Flask) -> None:
    client = app.test_client()
    created = client.post("/makers", data={"name": "Grace"})
    assert created.status_code == 201
    assert client.get(f"/makers/{created.json['id']}").json == {"name": "Grace", "lamps": []}


def test_relationship_loads_in_the_view(stocked: flask.Flask) -> None:
    shown = stocked.test_client().get("/makers/1").json
    assert shown["lamps"] == [f"lamp {number}" for number in range(25)]


def test_get_or_404_answers_404(app: flask.Flask) -> None:
    assert app.test_client().get("/makers/99").status_code == 404


def test_one_or_404_gives_its_description_to_the_error_page(stocked: flask.Flask) -> None:
    client = stocked.test_client()
    assert client.get("/lamps/lamp 3").text == "Ada"
    missing = client.get("/lamps/torch")
    assert missing.status_code == 404
    assert "no lamp called torch" in missing.text


def test_paginate_reads_page_and_size_from_the_query(stocked: flask.Flask) -> None:
    client = stocked.test_client()
    first = client.get("/lamps?per_page=10").text.splitlines()
    assert first[0] == "lamp 0 by Ada"
    assert first[-1] == "page 1 of 3, 25 lamps, next /lamps?page=2"
    last = client.get("/lamps?page=3&per_page=10").text.splitlines()
    assert last[:5] == [f"lamp {number} by Ada" for number in range(20, 25)]
    assert last[-1] == "page 3 of 3, 25 lamps"


@pytest.mark.parametrize("query", ["page=9", "page=0", "page=x", "per_page=-1"])
def test_page_that_is_not_there_is_not_found(stocked: flask.Flask, query: str) -> None:
    assert stocked.test_client().get(f"/lamps?{query}").status_code == 404


def test_size_of_a_page_is_bounded(stocked: flask.Flask) -> None:
    lines = stocked.test_client().get("/lamps?per_page=1000").text.splitlines()
    assert len(lines) == 11


def test_database_error_reaches_its_handler_with_the_session_usable(app: flask.Flask) -> None:
    client = app.test_client()
    client.post("/makers", data={"name": "Grace"})
    again = client.post("/makers", data={"name": "Grace"})
    assert (again.status_code, again.text) == (409, "conflict; 1 makers")


def test_session_is_removed_at_teardown_even_after_an_exception(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.post("/half-done").status_code == 500
    assert list(db.session.registry.registry) == []
    with app.app_context():
        assert db.session.query(Maker).count() == 0
        pool = db.engine.pool
    assert pool.checkedout() == 0


def test_session_is_that_of_its_app_context(app: flask.Flask) -> None:
    with app.app_context():
        outer = db.session()
        assert db.session() is outer
        with app.app_context():
            assert db.session() is not outer
        assert db.session() is outer


def test_session_is_there_while_a_response_is_streamed(stocked: flask.Flask) -> None:
    @stocked.get("/stream")
    def stream() -> flask.Response:
        query = db.select(Lamp.name).order_by(Lamp.id).limit(3)
        return flask.Response(
            flask.stream_with_context(f"{name}\n" for name in db.session.scalars(query))
        )

    assert stocked.test_client().get("/stream").text == "lamp 0\nlamp 1\nlamp 2\n"
    assert list(db.session.registry.registry) == []


def test_requests_of_several_threads_have_sessions_of_their_own(stocked: flask.Flask) -> None:
    seen: list[tuple[int, int]] = []
    meeting = threading.Barrier(4)

    @stocked.get("/meet")
    def meet() -> str:
        session = db.session()
        meeting.wait(30)
        seen.append((id(session), id(db.session())))
        meeting.wait(30)
        return db.session.get(Maker, 1).name

    texts: list[str] = []
    threads = [
        threading.Thread(target=lambda: texts.append(stocked.test_client().get("/meet").text))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert texts == ["Ada"] * 4
    assert len({first for first, _ in seen}) == 4
    assert all(first == second for first, second in seen)


def test_model_with_a_bind_key_lives_in_its_own_database(app: flask.Flask, tmp_path: Path) -> None:
    assert app.test_client().post("/visits").text == "noted"
    with app.app_context():
        tables = db.inspect(db.engines["journal"]).get_table_names()
        assert tables == ["visit"]
        assert sorted(db.inspect(db.engine).get_table_names()) == ["lamp", "maker"]
        assert db.session.scalar(db.select(Visit.path)) == "/visits"
    assert (tmp_path / "journal.db").exists()


def test_queries_of_a_request_are_recorded(stocked: flask.Flask) -> None:
    from flask_sqlalchemy.record_queries import get_recorded_queries

    with stocked.test_client() as client:
        client.get("/makers/1")
        statements = [info.statement.lower() for info in get_recorded_queries()]
    assert ["from lamp" in " ".join(it.split()) for it in statements] == [False, True]


def test_relative_sqlite_path_is_in_the_instance_folder(tmp_path: Path) -> None:
    app = create_app("sqlite:///shop.db", tmp_path)
    assert (tmp_path / "instance" / "shop.db").exists()
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_use_outside_of_an_app_context_says_so() -> None:
    with pytest.raises(RuntimeError, match="Working outside of application context"):
        db.session.query(Maker)


def test_app_without_database_setting_is_refused() -> None:
    with pytest.raises(RuntimeError, match="SQLALCHEMY_DATABASE_URI"):
        SQLAlchemy().init_app(flask.Flask("bare"))


def test_shell_has_the_models_at_hand(stocked: flask.Flask) -> None:
    with stocked.app_context():
        names = stocked.make_shell_context()
    assert names["db"] is db
    assert names["Lamp"] is Lamp
