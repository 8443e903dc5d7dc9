"""Signing up, logging in and out."""

from __future__ import annotations

from flask import Blueprint, Flask, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_required, login_user, logout_user
from sqlalchemy.exc import IntegrityError
from werkzeug.security import generate_password_hash

from .catalogue import sample_login
from .extensions import db, login_manager
from .forms import LogInForm, SignUpForm
from .models import User
from .security import is_local_target

bp = Blueprint("account", __name__)


def init_app(app: Flask) -> None:
    login_manager.init_app(app)
    login_manager.login_view = "account.log_in"
    login_manager.login_message = "Please log in first."
    login_manager.login_message_category = "info"


@login_manager.user_loader
def load_user(user_id: str) -> User | None:
    return db.session.get(User, int(user_id))


@bp.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    form = SignUpForm()
    if form.validate_on_submit():
        user = User(name=form.name.data, email=form.email.data)
        user.set_password(form.password.data)
        db.session.add(user)
        try:
            db.session.commit()
        except IntegrityError:
            # Somebody took the address after the form was found to be right.
            db.session.rollback()
            form.email.errors = ["Somebody has signed up with this address already."]
        else:
            return welcome(user, remember=False)
    return render_template("account/sign_up.html", form=form)


@bp.route("/log-in", methods=["GET", "POST"])
def log_in() -> ResponseReturnValue:
    form = LogInForm()
    if form.validate_on_submit():
        user = authenticate(form.email.data, form.password.data)
        if user is not None:
            return welcome(user, remember=form.remember.data)
        form.password.errors = ["This password does not belong to this address."]
    return render_template("account/log_in.html", form=form, sample=sample_login())


@bp.post("/log-out")
@login_required
def log_out() -> ResponseReturnValue:
    # The next visitor at this device is not to find a cart. Cleared first, for logout_user notes in
    # the session that the cookie of "remember me" has to go.
    session.clear()
    logout_user()
    flash("You are logged out. See you soon!", "info")
    return redirect(url_for("shop.index"))


def authenticate(email: str, password: str) -> User | None:
    """Return the user whose password it is; whether the address is known takes as long to tell."""
    user = User.by_email(email)
    if user is None:
        generate_password_hash(password)
        return None
    return user if user.has_password(password) else None


def welcome(user: User, *, remember: bool) -> ResponseReturnValue:
    login_user(user, remember=remember)
    flash(f"Welcome, {current_user.name}!", "success")
    target = request.args.get("next", "")
    return redirect(target if is_local_target(target) else url_for("shop.index"))
