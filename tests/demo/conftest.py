from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "notice_board"))

from notice_board import create_app, db, sample_data
from visitor import Visitor

from flask import Flask

# Its wsgi.py must not be what other tests find when they look for an application.
sys.path.remove(str(Path(__file__).parents[2] / "examples" / "notice_board"))


def build_app(folder: Path, **overrides: Any) -> Flask:
    """Make a board of its own in a folder; passwords are hashed fast, not safely."""
    app = create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "a key for tests",
            "PASSWORD_HASH_METHOD": "pbkdf2:sha256:1",
            "DATABASE": str(folder / "board.sqlite3"),
            "UPLOAD_FOLDER": str(folder / "uploads"),
            **overrides,
        }
    )
    with app.app_context():
        db.create_tables()
    return app


@pytest.fixture(scope="session")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An empty board, built once: compiling its templates takes longer than most tests."""
    return build_app(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def app(shared_app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """An empty board whose data and settings are the test's own."""
    settings = dict(shared_app.config)
    database = shutil.copy(shared_app.config["DATABASE"], tmp_path)
    (tmp_path / "uploads").mkdir()
    shared_app.config.update(DATABASE=str(database), UPLOAD_FOLDER=str(tmp_path / "uploads"))
    yield shared_app
    shared_app.config.clear()
    shared_app.config.update(settings)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def member(app: Flask) -> Visitor:
    """A visitor who is registered and logged in as "Anna"."""
    person = Visitor(app)
    person.register("Anna")
    return person


@pytest.fixture
def new_app(tmp_path: Path) -> Callable[..., Flask]:
    """Build an empty board with settings of the test's choice."""
    return lambda **overrides: build_app(tmp_path, **overrides)


@pytest.fixture(scope="session")
def seeded_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """A board full of sample notices, for tests that only read."""
    app = build_app(tmp_path_factory.mktemp("seeded"))
    with app.app_context():
        assert sample_data.seed(picture_scale=1) == len(sample_data.NOTICES)
    return app


@pytest.fixture
def reader(seeded_app: Flask) -> Visitor:
    return Visitor(seeded_app)
