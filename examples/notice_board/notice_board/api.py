"""The JSON API under ``/api``.

Reading is open to everybody. To write, send a name and password by HTTP basic authentication, or
the session cookie of a browser that is logged in. Every error is an object
``{"error": {"code": 404, "name": "Not Found", "message": "..."}}``; invalid input adds
``"fields"``, one message each.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, abort, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import BadRequest, Unauthorized, UnsupportedMediaType

from . import models, notices, pictures
from .auth import check_login, current_user
from .forms import NoticeForm
from .models import Notice, User
from .pages import page_url

bp = Blueprint("api", __name__, url_prefix="/api")

MAX_PER_PAGE = 100


class InvalidFields(BadRequest):
    """Input that was understood but cannot be accepted; `fields` says why, field by field."""

    description = "Some fields are missing or not acceptable."

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__()
        self.fields = dict(fields)


def require_user() -> User:
    """Return who is asking, or answer 401."""
    login = request.authorization
    if login is None:
        user = current_user()
    elif login.type == "basic":
        user = check_login(login.username or "", login.password or "")
    else:
        user = None
    if user is None:
        raise Unauthorized(
            "Log in with the name and password of a registered user.",
            www_authenticate=WWWAuthenticate("basic", {"realm": "Notice board"}),
        )
    return user


def require_own_notice(notice_id: int) -> Notice:
    """Return the notice if the one who asks wrote it, or answer 401, 404 or 403."""
    user = require_user()
    notice = notices.notice_or_404(notice_id)
    if not notice.belongs_to(user):
        abort(403, "Only its author may change this notice.")
    return notice


def sent_json() -> object:
    """Return the request's JSON, or answer 400 or 415."""
    try:
        return request.get_json()
    except RecursionError:
        abort(400, "The JSON is nested too deeply.")


def validated(data: object, notice: Notice | None = None) -> NoticeForm:
    """Check the JSON of a notice; fields left out keep the value they have in `notice`."""
    if not isinstance(data, dict):
        abort(400, "Send a JSON object.")
    known = NoticeForm.from_notice(notice) if notice else NoticeForm()
    values = {"title": known.title, "body": known.body, "category": known.category}
    values.update((name, data[name]) for name in values if name in data)
    wrong = {name: "Send text." for name, value in values.items() if not isinstance(value, str)}
    if wrong:
        raise InvalidFields(wrong)
    form = NoticeForm.from_mapping(values)
    if not form.validate():
        raise InvalidFields(form.errors)
    return form


def as_json(notice: Notice) -> dict[str, object]:
    picture = notice.picture and url_for("pictures.show", name=notice.picture, _external=True)
    return {
        "id": notice.id,
        "title": notice.title,
        "body": notice.body,
        "category": notice.category,
        "author": notice.author,
        "created": notice.created.isoformat(),
        "changed": notice.changed.isoformat() if notice.changed else None,
        "picture": picture,
        "url": url_for("api.notice", notice_id=notice.id, _external=True),
    }


class NoticeList(MethodView):
    """``/api/notices``: all notices, newest first, and the place to post a new one."""

    def get(self) -> ResponseReturnValue:
        size = request.args.get("per_page", 20, type=int)
        page = notices.requested_page(notices.requested_filter(), min(max(size, 1), MAX_PER_PAGE))
        return {
            "notices": [as_json(notice) for notice in page.notices],
            "page": page.number,
            "pages": page.last,
            "total": page.total,
            "previous": page.previous and page_url(page.previous, external=True),
            "next": page.next and page_url(page.next, external=True),
        }

    def post(self) -> ResponseReturnValue:
        user = require_user()
        form = validated(sent_json())
        notice_id = models.create_notice(user, form.title, form.body, form.category)
        created = as_json(notices.notice_or_404(notice_id))
        return created, 201, {"Location": str(created["url"])}


class NoticeItem(MethodView):
    """``/api/notices/<number>``: one notice."""

    def get(self, notice_id: int) -> ResponseReturnValue:
        return as_json(notices.notice_or_404(notice_id))

    def put(self, notice_id: int) -> ResponseReturnValue:
        notice = require_own_notice(notice_id)
        return self.save(notice, validated(sent_json()))

    def patch(self, notice_id: int) -> ResponseReturnValue:
        notice = require_own_notice(notice_id)
        return self.save(notice, validated(sent_json(), notice))

    def delete(self, notice_id: int) -> ResponseReturnValue:
        notices.take_down(require_own_notice(notice_id))
        return "", 204

    def save(self, notice: Notice, form: NoticeForm) -> Response:
        models.update_notice(notice.id, form.title, form.body, form.category)
        return jsonify(as_json(notices.notice_or_404(notice.id)))


@bp.put("/notices/<int:notice_id>/picture")
def put_picture(notice_id: int) -> ResponseReturnValue:
    """Take the request body as the notice's new picture."""
    notice = require_own_notice(notice_id)
    content = request.get_data()
    if pictures.picture_kind(content) is None:
        raise UnsupportedMediaType(f"Send a {pictures.ACCEPTED} picture as the request body.")
    notices.replace_picture(notice, content)
    return as_json(notices.notice_or_404(notice_id))


bp.add_url_rule("/notices", view_func=NoticeList.as_view("notices"))
bp.add_url_rule("/notices/<int:notice_id>", view_func=NoticeItem.as_view("notice"))
