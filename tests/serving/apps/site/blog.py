from flask import Blueprint, url_for

bp = Blueprint("blog", __name__, url_prefix="/blog")

POSTS = {1: "First post", 2: "Second post"}


@bp.route("/")
def index():
    return [{"title": title, "url": url_for(".show", number=n)} for n, title in POSTS.items()]


@bp.route("/<int:number>")
def show(number):
    return POSTS.get(number, "No post"), 200 if number in POSTS else 404
