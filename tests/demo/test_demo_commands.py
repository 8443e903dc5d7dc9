"""``flask init-db`` and ``flask seed``."""

from __future__ import annotations

from pathlib import Path

from notice_board import create_app, sample_data
from visitor import Visitor

from flask import Flask


def bare_app(folder: Path) -> Flask:
    """Return a board whose database was not made yet."""
    return create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "a key for tests",
            "PASSWORD_HASH_METHOD": "pbkdf2:sha256:1",
            "DATABASE": str(folder / "below" / "board.sqlite3"),
            "UPLOAD_FOLDER": str(folder / "below" / "uploads"),
        }
    )


def test_commands_prepare_a_board_one_can_log_in_to(tmp_path: Path) -> None:
    app = bare_app(tmp_path)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["init-db"]).output == "The database is ready.\n"

    seeded = runner.invoke(args=["seed"])
    assert seeded.exit_code == 0, seeded.output
    assert f"Put {len(sample_data.NOTICES)} notices on the board." in seeded.output
    assert len(list((tmp_path / "below" / "uploads").glob("*.png"))) == 8

    visitor = Visitor(app)
    assert visitor.log_in("Mira", sample_data.PASSWORD).status_code == 302
    assert sample_data.NOTICES[0].title in visitor.text("/")


def test_init_db_keeps_what_is_there(app: Flask, member: Visitor) -> None:
    member.put_up(title="Still here")
    assert "there already" in app.test_cli_runner().invoke(args=["init-db"]).output
    assert "Still here" in member.text("/")


def test_init_db_reset_empties_the_board(app: Flask, member: Visitor) -> None:
    member.put_up(title="Soon gone")
    app.test_cli_runner().invoke(args=["init-db", "--reset"])
    page = member.text("/")
    assert "Soon gone" not in page
    assert "Log out" not in page, "the user of the old cookie is gone, too"


def test_seed_leaves_a_used_board_alone(app: Flask, member: Visitor) -> None:
    output = app.test_cli_runner().invoke(args=["seed"]).output
    assert output == "The board is in use already; nothing was added.\n"
    assert "Nothing here yet." in member.text("/")


def test_seed_without_a_database_says_what_to_do(tmp_path: Path) -> None:
    result = bare_app(tmp_path).test_cli_runner().invoke(args=["seed"])
    assert result.exit_code == 1
    assert "run 'flask init-db' first" in str(result.exception)


def test_sample_notices_fit_the_form() -> None:
    from notice_board.forms import NoticeForm
    from notice_board.sample_pictures import PICTURES

    for sample in sample_data.NOTICES:
        form = NoticeForm(sample.title, sample.body, sample.category)
        assert form.validate(), form.errors
        assert sample.picture in {"", *PICTURES}
    assert {sample.picture for sample in sample_data.NOTICES} == {"", *PICTURES}
