"""Registering, logging in and out, and asking who is there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import (
    Blueprint,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.security import check_password_hash, generate_password_hash

from . import models
from .forms import LoginForm, RegisterForm
from .models import User
from .security import is_local_target

bp = Blueprint("auth", __name__)

P = ParamSpec("P")


@bp.app_template_global()
def current_user() -> User | None:
    """Return who is logged in, looked up once a request and only when somebody asks."""
    if "user" not in g:
        user_id = session.get("user_id")
        g.user = models.find_user(user_id) if isinstance(user_id, int) else None
    user: User | None = g.user
    return user


def login_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Send visitors who are not logged in to the login page, and back afterwards."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_user() is None:
            flash("Please log in first.", "info")
            return redirect(url_for("auth.login", next=request.path))
        return view(*args, **kwargs)

    return guarded


def logged_in_user() -> User:
    """Return who is logged in, in a view that only logged-in people reach."""
    user = current_user()
    if user is None:
        raise RuntimeError("nobody is logged in: decorate the view with login_required")
    return user


def check_login(name: str, password: str) -> User | None:
    """Return the user of this name if the password is right."""
    user = models.find_user_by_name(name)
    if user is not None and check_password_hash(user.password_hash, password):
        return user
    return None


def hash_password(password: str) -> str:
    return generate_password_hash(password, method=current_app.config["PASSWORD_HASH_METHOD"])


def start_session(user: User, *, remember: bool) -> None:
    """Log a user in; `remember` keeps the login after the browser is closed."""
    session.clear()
    session["user_id"] = user.id
    session.permanent = remember
    g.user = user


@bp.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    form = RegisterForm.from_mapping(request.form)
    if request.method == "POST" and form.validate():
        try:
            user = models.create_user(form.name, hash_password(form.password))
        except models.NameTaken:
            form.errors["name"] = "Somebody already uses this name."
        else:
            current_app.logger.info("new user: %s", user.name)
            start_session(user, remember=False)
            flash(f"Welcome to the board, {user.name}!", "success")
            return redirect(url_for("notices.index"))
    return render_template("auth/register.html", form=form), 422 if form.errors else 200


@bp.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    form = LoginForm.from_mapping(request.form)
    if request.method == "POST" and form.validate():
        user = check_login(form.name, form.password)
        if user is not None:
            start_session(user, remember=form.remember)
            flash(f"Good to see you, {user.name}.", "success")
            target = request.args.get("next", "")
            return redirect(target if is_local_target(target) else url_for("notices.index"))
        form.errors["password"] = "Name and password do not match."
    return render_template("auth/login.html", form=form), 422 if form.errors else 200


@bp.post("/logout")
def logout() -> ResponseReturnValue:
    session.clear()
    flash("You are logged out. See you soon!", "info")
    return redirect(url_for("notices.index"))
