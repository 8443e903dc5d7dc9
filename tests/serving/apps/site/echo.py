"""A view that looks at everything a request carries, so that nothing odd goes unread."""

from flask import Blueprint, jsonify, request, session, url_for

bp = Blueprint("echo", __name__)


@bp.route("/echo", defaults={"rest": ""}, methods=["GET", "POST"])
@bp.route("/echo/<path:rest>", methods=["GET", "POST"])
def echo(rest):
    return jsonify(
        path=request.path,
        full_path=request.full_path,
        rest=rest,
        url=[request.url, request.base_url, request.root_url, request.host],
        built=[url_for("index", _external=True, rest=rest), url_for(".echo", rest=rest)],
        args=request.args.to_dict(flat=False),
        values=request.values.to_dict(flat=False),
        form=request.form.to_dict(flat=False),
        files={name: file.filename for name, file in request.files.items()},
        body=len(request.get_data()),
        json=request.get_json(silent=True),
        cookies=request.cookies.to_dict(flat=False),
        session=dict(session),
        headers=list(request.headers.items()),
        accepts=[
            request.accept_mimetypes.best,
            request.accept_languages.best,
            request.accept_charsets.best,
            request.accept_encodings.best,
        ],
        type=[request.mimetype, request.mimetype_params, request.content_length],
        conditions=[
            str(request.if_modified_since),
            str(request.if_none_match),
            str(request.if_range),
            str(request.range),
            str(request.date),
        ],
        login=request.authorization and [request.authorization.type, request.authorization.token],
        client=[str(request.referrer), str(request.user_agent), request.remote_addr],
        pragma=[str(request.cache_control), str(request.pragma), request.max_forwards],
    )
