"""Accounts and their access tokens."""

from __future__ import annotations

import functools
import hashlib
import secrets
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import current_app, g, request
from flask.openapi import operation
from flask.params import Body, responds, typed
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Conflict, Unauthorized
from werkzeug.security import check_password_hash, generate_password_hash

from . import database as db
from . import schemas
from .version import v1

P = ParamSpec("P")
R = TypeVar("R")


def signed_in(view: Callable[P, R]) -> Callable[P, R]:
    """Reject requests without a valid token; above ``@typed``, before they are validated."""

    @functools.wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        g.account = _account_of_token()
        return view(*args, **kwargs)

    return checked


def _account_of_token() -> db.Account:
    given = request.authorization
    if given is not None and given.type == "bearer" and given.token:
        token = db.session().get(db.Token, _digest(given.token))
        if token is not None:
            return token.account
    raise _unauthorized("A valid token is needed.")


def _unauthorized(detail: str) -> Unauthorized:
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer"))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _make_token(account: db.Account) -> schemas.NewToken:
    token = secrets.token_urlsafe(32)
    session = db.session()
    session.add(db.Token(digest=_digest(token), account=account))
    session.commit()
    return schemas.NewToken(token, schemas.Account(account.id, account.name))


@v1.post("/accounts")
@operation(tags=["accounts"], security=[])
@responds(201, others={409: "The name is taken."})
def create_account(it: Body[schemas.Credentials]) -> schemas.NewToken:
    """Create an account and its first token."""
    method = current_app.config["PASSWORD_METHOD"]
    account = db.Account(name=it.name, password_hash=generate_password_hash(it.password, method))
    session = db.session()
    session.add(account)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"The name {it.name!r} is taken.") from None
    return _make_token(account)


@v1.post("/tokens")
@operation(tags=["accounts"], security=[])
@responds(201, others={401: "Name or password are wrong."})
def create_token(it: Body[schemas.Credentials]) -> schemas.NewToken:
    """Create another token for an account."""
    account = db.session().scalar(select(db.Account).where(db.Account.name == it.name))
    if account is None or not check_password_hash(account.password_hash, it.password):
        raise _unauthorized("Name or password are wrong.")
    return _make_token(account)


@v1.delete("/tokens/current")
@operation(tags=["accounts"])
@signed_in
@typed
def delete_token() -> tuple[None, int]:
    """Revoke the token sent with the request."""
    assert request.authorization is not None
    assert request.authorization.token is not None
    session = db.session()
    session.delete(session.get_one(db.Token, _digest(request.authorization.token)))
    session.commit()
    return None, 204


@v1.get("/accounts/me")
@operation(tags=["accounts"])
@signed_in
@typed
def show_account() -> schemas.Account:
    """Show the account that the token belongs to."""
    return schemas.Account(g.account.id, g.account.name)
