"""Commands: ``flask init-db`` makes the database, ``flask seed`` fills it with examples."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from . import db, sample_data


def init_app(app: Flask) -> None:
    app.cli.add_command(init_db_command)
    app.cli.add_command(seed_command)


@click.command("init-db")
@click.option("--reset", is_flag=True, help="Remove every user and notice first.")
@with_appcontext
def init_db_command(reset: bool) -> None:
    """Create the database where there is none."""
    is_new = db.create_tables(reset=reset)
    click.echo("The database is ready." if is_new else "The database is there already.")


@click.command("seed")
@with_appcontext
def seed_command() -> None:
    """Fill an empty board with sample people and notices."""
    added = sample_data.seed()
    if not added:
        click.echo("The board is in use already; nothing was added.")
        return
    click.echo(f"Put {added} notices on the board.")
    click.echo(f'Log in as "{sample_data.PEOPLE[0]}" with the password "{sample_data.PASSWORD}".')
