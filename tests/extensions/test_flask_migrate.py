"""Flask-Migrate: the `flask db` commands, run in a project of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from processes import run_in

pytestmark = pytest.mark.uses("SQLite")

PROGRAM = """
import os
import flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
migrate = Migrate()

class Member(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), nullable=False)
    # more

def create_app():
    app = flask.Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE"]
    db.init_app(app)
    migrate.init_app(app, db)
    return app
"""


class Project:
    def __init__(self, folder: Path, run_command, url: str) -> None:
        self.folder = folder
        self.run_command = run_command
        self.url = url
        self.write(PROGRAM)

    def write(self, program: str) -> None:
        (self.folder / "app.py").write_text(program)

    def db(self, *arguments: str):
        return self.run_command("flask", "db", *arguments, DATABASE=self.url)

    def do(self, *arguments: str) -> str:
        done = self.db(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def columns(self) -> dict[str, list[str]]:
        """Answer each table's columns, without Alembic's own table."""
        engine = sa.create_engine(self.url)
        inspector = sa.inspect(engine)
        found = {
            table: [column["name"] for column in inspector.get_columns(table)]
            for table in inspector.get_table_names()
            if table != "alembic_version"
        }
        engine.dispose()
        return found


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of migrations that `flask db init` and `migrate` make, for projects to copy."""
    folder = tmp_path_factory.mktemp("begun")
    project = Project(folder, run_in(folder), f"sqlite:///{folder}/club.db")
    project.do("init")
    project.do("migrate", "-m", "members")
    assert project.columns() == {}
    return folder / "migrations"


@pytest.fixture
def begin(begun: Path, tmp_path: Path, run_command) -> Callable[[str], Project]:
    def begin(url: str) -> Project:
        shutil.copytree(begun, tmp_path / "migrations")
        return Project(tmp_path, run_command, url)

    return begin


@pytest.fixture
def project(begin, tmp_path: Path) -> Project:
    return begin(f"sqlite:///{tmp_path}/club.db")


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_schema_follows_the_models_up_and_down(
    database: str, begin, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    is_sqlite = database == "sqlite"
    url = f"sqlite:///{tmp_path}/club.db" if is_sqlite else request.getfixturevalue("postgres_url")
    project = begin(url)
    project.do("upgrade")
    assert project.columns() == {"member": ["id", "name"]}

    column = 'mail = db.Column(db.String(120), server_default="none")'
    project.write(PROGRAM.replace("# more", column))
    project.do("migrate", "-m", "mail")
    project.do("upgrade")
    assert project.columns() == {"member": ["id", "name", "mail"]}

    project.do("downgrade")
    assert project.columns() == {"member": ["id", "name"]}
    project.do("downgrade", "base")
    assert project.columns() == {}


def test_history_and_the_present_revision_are_told(project: Project) -> None:
    assert project.do("current") == ""
    project.do("upgrade")
    assert "(head)" in project.do("current")
    assert "<base> -> " in (history := project.do("history"))
    assert history.rstrip().endswith("(head), members")


def test_what_cannot_be_done_is_said_with_a_failing_status(project: Project) -> None:
    behind = project.db("migrate")
    assert behind.returncode == 1
    assert "not up to date" in behind.stderr
    assert project.db("upgrade", "nowhere").returncode == 1
    assert project.db("init").returncode == 1
    assert project.db("no-such-command").returncode == 2
    shutil.rmtree(project.folder / "migrations")
    early = project.db("upgrade")
    assert early.returncode == 1
    assert "migrations" in early.stderr


def test_check_tells_whether_a_migration_is_missing(project: Project) -> None:
    project.do("upgrade")
    done = project.db("check")
    assert (done.returncode, "No new upgrade operations" in done.stdout + done.stderr) == (0, True)
    project.write(PROGRAM.replace("# more", "age = db.Column(db.Integer)"))
    assert project.db("check").returncode == 1


def test_sql_is_printed_without_a_database(project: Project) -> None:
    assert "CREATE TABLE member" in project.do("upgrade", "--sql")
    assert project.columns() == {}


def test_upgrade_runs_from_python_too(project: Project) -> None:
    program = "import app, flask_migrate\nwith app.create_app().app_context():\n"
    (project.folder / "up.py").write_text(program + "    flask_migrate.upgrade()\n")
    assert project.run_command("up", DATABASE=project.url).returncode == 0
    assert list(project.columns()) == ["member"]
