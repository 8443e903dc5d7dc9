"""The commands ``flask seed`` and ``flask promote``; ``flask db`` comes from Flask-Migrate."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from . import catalogue
from .extensions import db
from .models import KEEPER, User


def init_app(app: Flask) -> None:
    app.cli.add_command(seed)
    app.cli.add_command(promote)


@click.command()
@with_appcontext
def seed() -> None:
    """Fill an empty shop with plants, a keeper and a customer."""
    added = catalogue.seed()
    click.echo(f"{added} products added." if added else "The shop has products already.")


@click.command()
@click.argument("email")
@with_appcontext
def promote(email: str) -> None:
    """Have the person with this EMAIL look after the stock."""
    user = User.by_email(email)
    if user is None:
        raise click.ClickException(f"Nobody has signed up as {email}.")
    user.role = KEEPER
    db.session.commit()
    click.echo(f"{user.name} looks after the stock now.")
