"""Flask-Migrate: the `flask db` commands, run in a project of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

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


@pytest.fixture(params=["sqlite", "postgresql"])
def project(request: pytest.FixtureRequest, tmp_path: Path, run_command) -> Project:
    if request.param == "sqlite":
        return Project(tmp_path, run_command, f"sqlite:///{tmp_path}/club.db")
    return Project(tmp_path, run_command, request.getfixturevalue("postgres_url"))


def test_schema_follows_the_models_up_and_down(project: Project) -> None:
    project.do("init")
    assert (project.folder / "migrations" / "env.py").exists()
    project.do("migrate", "-m", "members")
    assert project.columns() == {}
    project.do("upgrade")
    assert project.columns() == {"member": ["id", "name"]}

    column = 'mail = db.Column(db.String(120), server_default="none")'
    project.write(PROGRAM.replace("# more", column))
    project.do("migrate", "-m", "mail")
    project.do("upgrade")
    assert project.columns() == {"member": ["id", "name", "mail"]}

    history = project.do("history")
    assert "members" in history.splitlines()[-1]
    assert "(head), mail" in history
    assert "(head)" in project.do("current")

    project.do("downgrade")
    assert project.columns() == {"member": ["id", "name"]}
    project.do("downgrade", "base")
    assert project.columns() == {}


def test_what_cannot_be_done_is_said_with_a_failing_status(tmp_path: Path, run_command) -> None:
    project = Project(tmp_path, run_command, f"sqlite:///{tmp_path}/club.db")
    early = project.db("upgrade")
    assert early.returncode == 1
    assert "migrations" in early.stderr
    project.do("init")
    project.do("migrate")
    behind = project.db("migrate")
    assert behind.returncode == 1
    assert "not up to date" in behind.stderr
    assert project.db("upgrade", "nowhere").returncode == 1
    again = project.db("init")
    assert again.returncode == 1
    assert project.db("no-such-command").returncode == 2


def test_check_tells_whether_a_migration_is_missing(tmp_path: Path, run_command) -> None:
    project = Project(tmp_path, run_command, f"sqlite:///{tmp_path}/club.db")
    project.do("init")
    project.do("migrate")
    project.do("upgrade")
    assert "No new upgrade operations" in project.do("check") + project.db("check").stderr
    project.write(PROGRAM.replace("# more", "age = db.Column(db.Integer)"))
    assert project.db("check").returncode == 1


def test_sql_is_printed_without_a_database(tmp_path: Path, run_command) -> None:
    project = Project(tmp_path, run_command, f"sqlite:///{tmp_path}/club.db")
    project.do("init")
    project.do("migrate")
    assert "CREATE TABLE member" in project.do("upgrade", "--sql")
    assert project.columns() == {}


def test_upgrade_runs_from_python_too(tmp_path: Path, run_command) -> None:
    project = Project(tmp_path, run_command, f"sqlite:///{tmp_path}/club.db")
    project.do("init")
    project.do("migrate")
    program = "import app, flask_migrate\nwith app.create_app().app_context():\n"
    (tmp_path / "up.py").write_text(program + "    flask_migrate.upgrade()\n")
    assert run_command("up", DATABASE=project.url).returncode == 0
    assert list(project.columns()) == ["member"]
