"""What the tests of the storefront share: the shop on each of its backends, and visitors.

They run in the environment of `make storefront-test`, which has the example's requirements; with
another they are not even collected. By hand: `pytest -m storefront tests/storefront`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Server processes are started as in the tests of serving, backends as in those of extensions.
sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))
sys.path.insert(0, str(Path(__file__).parents[1] / "extensions"))

from backends import postgres_running, redis_running
from shopper import Shopper
from storefront_server import EXAMPLE, new_database

if TYPE_CHECKING:
    from flask import Flask

HERE = Path(__file__).parent
BACKENDS = ["sqlite", "postgresql"]


def pytest_configure(config: pytest.Config) -> None:
    if config.option.markexpr == "storefront":
        sys.path.append(str(EXAMPLE))
    # The extensions warn of each other's changes; those are their authors' to mend.
    config.addinivalue_line("filterwarnings", "default")
    config.addinivalue_line("filterwarnings", "error:::storefront")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.option.markexpr != "storefront" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("storefront")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_running(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    with postgres_running() as folder:
        yield folder


@pytest.fixture(scope="session", params=BACKENDS)
def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """The settings for SQLite alone, then those for PostgreSQL and Redis."""
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("shop")
        return {"SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder}/shop.sqlite3", "REDIS_URL": ""}
    url = new_database(request.getfixturevalue("postgres_folder"), "shop")
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "REDIS_URL": request.getfixturevalue("redis_server"),
    }


@pytest.fixture(scope="session")
def shared_app(backend: dict[str, str]) -> Iterator[Flask]:
    """The shop with its tables as the migrations make them, built once for each backend."""
    import flask_migrate
    from storefront import create_app
    from storefront.extensions import db, socketio

    app = create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "a key for tests",
            "PASSWORD_HASH_METHOD": "pbkdf2:sha256:1",
            **backend,
        }
    )
    with app.app_context():
        flask_migrate.upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()
    # The extension would hand the queue of this application on to the next one.
    for option in ("message_queue", "client_manager"):
        socketio.server_options.pop(option, None)


@pytest.fixture
def app(shared_app: Flask) -> Iterator[Flask]:
    """The shop as `flask seed` fills it; data and settings are the test's own."""
    from storefront import catalogue
    from storefront.extensions import db

    settings = dict(shared_app.config)
    with shared_app.app_context():
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(table.delete())
        db.session.commit()
        catalogue.seed()
    yield shared_app
    shared_app.config.clear()
    shared_app.config.update(settings)


@pytest.fixture
def new_shopper(app: Flask) -> Callable[[str], Shopper]:
    """Sign somebody up in a browser of their own."""

    def sign_up(name: str) -> Shopper:
        person = Shopper(app)
        assert person.sign_up(name).status_code == 302
        return person

    return sign_up


@pytest.fixture
def visitor(app: Flask) -> Shopper:
    return Shopper(app)


@pytest.fixture
def customer(new_shopper: Callable[[str], Shopper]) -> Shopper:
    """A visitor who is signed up and logged in as "Anna"."""
    return new_shopper("Anna")


@pytest.fixture
def keeper(app: Flask) -> Shopper:
    """Willa, who looks after the stock."""
    from storefront import catalogue

    person = Shopper(app)
    assert person.log_in("Willa", catalogue.PASSWORD).status_code == 302
    return person
