"""The board itself: reading, writing, changing and taking down notices."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from . import models, pictures
from .auth import current_user, logged_in_user, login_required
from .forms import NoticeForm, clean_line
from .models import Notice, NoticeFilter, NoticePage

bp = Blueprint("notices", __name__)

MAX_SEARCH_LENGTH = 100
LAST_PAGE = 100_000


def requested_filter(author_id: int | None = None) -> NoticeFilter:
    """Read the search words and the category from the query string."""
    category = request.args.get("category", "")
    return NoticeFilter(
        search=clean_line(request.args.get("q"))[:MAX_SEARCH_LENGTH],
        category=category if category in models.CATEGORIES else "",
        author_id=author_id,
    )


def requested_page(wanted: NoticeFilter, size: int) -> NoticePage:
    """Fetch the page that ``?page=`` asks for; a page past the end is a 404."""
    number = request.args.get("page", 1, type=int)
    if not 1 <= number <= LAST_PAGE:
        abort(404)
    page = models.list_notices(wanted, number, size)
    if number > page.last:
        abort(404)
    return page


def notice_or_404(notice_id: int) -> Notice:
    notice = models.find_notice(notice_id)
    if notice is None:
        abort(404)
    return notice


def own_notice(notice_id: int) -> Notice:
    """Return the notice if the current user wrote it, else stop with 404 or 403."""
    notice = notice_or_404(notice_id)
    if not notice.belongs_to(current_user()):
        abort(403)
    return notice


@bp.get("/")
def index() -> ResponseReturnValue:
    wanted = requested_filter()
    page = requested_page(wanted, current_app.config["NOTICES_PER_PAGE"])
    return render_template("notices/index.html", page=page, wanted=wanted)


@bp.get("/people/<name>")
def person(name: str) -> ResponseReturnValue:
    author = models.find_user_by_name(name)
    if author is None:
        abort(404)
    wanted = requested_filter(author.id)
    page = requested_page(wanted, current_app.config["NOTICES_PER_PAGE"])
    return render_template("notices/person.html", author=author, page=page, wanted=wanted)


@bp.get("/notices/<int:notice_id>")
def show(notice_id: int) -> ResponseReturnValue:
    return render_template("notices/show.html", notice=notice_or_404(notice_id))


@bp.route("/notices/new", methods=["GET", "POST"])
@login_required
def create() -> ResponseReturnValue:
    form = NoticeForm.from_mapping(request.form)
    if request.method == "POST":
        content = checked_picture(form)
        if form.validate():
            picture = pictures.save_picture(content) if content else None
            notice_id = models.create_notice(
                logged_in_user(), form.title, form.body, form.category, picture
            )
            flash("Your notice is on the board.", "success")
            return redirect(url_for(".show", notice_id=notice_id))
    return render_template("notices/form.html", form=form), 422 if form.errors else 200


@bp.route("/notices/<int:notice_id>/edit", methods=["GET", "POST"])
@login_required
def edit(notice_id: int) -> ResponseReturnValue:
    notice = own_notice(notice_id)
    form = NoticeForm.from_notice(notice)
    if request.method == "POST":
        form = NoticeForm.from_mapping(request.form)
        content = checked_picture(form)
        if form.validate():
            models.update_notice(notice.id, form.title, form.body, form.category)
            if content or "remove_picture" in request.form:
                replace_picture(notice, content)
            flash("Your changes are saved.", "success")
            return redirect(url_for(".show", notice_id=notice.id))
    status = 422 if form.errors else 200
    return render_template("notices/form.html", form=form, notice=notice), status


@bp.route("/notices/<int:notice_id>/delete", methods=["GET", "POST"])
@login_required
def delete(notice_id: int) -> ResponseReturnValue:
    notice = own_notice(notice_id)
    if request.method == "GET":
        return render_template("notices/delete.html", notice=notice)
    take_down(notice)
    flash(f"“{notice.title}” is taken down.", "info")
    return redirect(url_for(".index"))


def checked_picture(form: NoticeForm) -> bytes | None:
    """Return the uploaded picture, or note beside its field why it can't be used."""
    try:
        return pictures.read_upload(request.files.get("picture"))
    except pictures.NotAPicture:
        form.errors["picture"] = f"Choose a {pictures.ACCEPTED} picture."
        return None


def replace_picture(notice: Notice, content: bytes | None) -> None:
    models.set_picture(notice.id, pictures.save_picture(content) if content else None)
    pictures.remove_picture(notice.picture)


def take_down(notice: Notice) -> None:
    models.delete_notice(notice.id)
    pictures.remove_picture(notice.picture)
