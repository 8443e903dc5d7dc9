"""The ordinary pages: who you are, which rooms there are, and a room."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, login_user, logout_user

from .live import NAME

bp = Blueprint("pages", __name__)
STARTERS = ["kitchen", "garden", "workshop"]


@bp.get("/")
@login_required
def index() -> ResponseReturnValue:
    said = current_app.extensions["store"].rooms()
    rooms = [*said, *(room for room in STARTERS if room not in said)]
    return render_template("index.html", rooms=rooms)


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    from . import User

    if request.method == "POST":
        name = " ".join(request.form.get("name", "").split())[:30]
        if name:
            login_user(User(name))
            return redirect(url_for(".index"))
        flash("Type the name that others should see.")
    return render_template("login.html")


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    logout_user()
    return redirect(url_for(".login"))


@bp.get("/rooms")
@login_required
def find() -> ResponseReturnValue:
    """Go to the room that was typed."""
    name = "-".join(request.args.get("name", "").lower().split())
    if not NAME.fullmatch(name):
        flash("A room's name has letters a to z, digits and hyphens.")
        return redirect(url_for(".index"))
    return redirect(url_for(".room", room=name))


@bp.get("/rooms/<room>")
@login_required
def room(room: str) -> ResponseReturnValue:
    if not NAME.fullmatch(room):
        abort(404)
    return render_template("room.html", room=room, me=current_user.name)
