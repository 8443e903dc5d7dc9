"""Flask-Limiter: limits counted in memory and in Redis."""

from __future__ import annotations

import time

import pytest
import redis
from flask_limiter import Limiter, RequestLimit
from flask_limiter.errors import RateLimitExceeded
from flask_limiter.util import get_remote_address
from limits.errors import ConfigurationError

import flask


def by_key() -> str:
    return flask.request.headers.get("X-Key", "nobody")


def create_app(storage: str, **settings: object) -> flask.Flask:
    app = flask.Flask(__name__)
    app.config.update(settings)
    limiter = Limiter(
        get_remote_address,
        app=app,
        default_limits=["5 per hour"],
        storage_uri=storage,
        headers_enabled=True,
    )

    @app.get("/default")
    def default():
        return "ok"

    @app.get("/strict")
    @limiter.limit("1 per minute", error_message="one a minute")
    def strict():
        return "ok"

    @app.get("/second")
    @limiter.limit("1 per second", override_defaults=True)
    def second():
        return "ok"

    @app.get("/keyed")
    @limiter.limit("2 per hour", key_func=by_key)
    def keyed():
        return "ok"

    @app.get("/free")
    @limiter.exempt
    def free():
        return "ok"

    @app.get("/unless")
    @limiter.limit("1 per hour", exempt_when=lambda: by_key() == "staff")
    def unless():
        return "ok"

    @app.route("/methods", methods=["GET", "POST"])
    @limiter.limit("1 per hour", methods=["POST"])
    def methods():
        return "ok"

    @app.get("/failures/<int:code>")
    @limiter.limit("1 per hour", deduct_when=lambda response: response.status_code == 400)
    def failures(code: int):
        return "answer", code

    @app.get("/inside")
    def inside():
        with limiter.limit("1 per hour", scope="inside"):
            return "ok"

    shared = limiter.shared_limit("2 per hour", scope="shared")

    @app.get("/shared/one")
    @shared
    def one():
        return "ok"

    @app.get("/shared/two")
    @shared
    def two():
        return "ok"

    api = flask.Blueprint("api", __name__, url_prefix="/api")

    @api.get("/a")
    def a():
        return "ok"

    @api.get("/b")
    def b():
        return "ok"

    limiter.limit("1 per day")(api)
    app.register_blueprint(api)
    return app


@pytest.fixture(params=["memory", "redis"])
def storage(request: pytest.FixtureRequest) -> str:
    return "memory://" if request.param == "memory" else request.getfixturevalue("redis_url")


@pytest.fixture
def app(storage: str) -> flask.Flask:
    return create_app(storage)


def statuses(app: flask.Flask, *paths: str, **headers: str) -> list[int]:
    client = app.test_client()
    return [client.get(path, headers=headers).status_code for path in paths]


def test_default_limit_holds_for_each_view(app: flask.Flask) -> None:
    assert statuses(app, *["/default"] * 6) == [200] * 5 + [429]


def test_limit_of_a_view_and_its_message(app: flask.Flask) -> None:
    assert statuses(app, "/strict", "/strict") == [200, 429]
    assert "one a minute" in app.test_client().get("/strict").text


def test_clients_are_told_apart_by_address(app: flask.Flask) -> None:
    assert statuses(app, "/strict", "/strict") == [200, 429]
    other = app.test_client().get("/strict", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert other.status_code == 200


def test_clients_are_told_apart_by_a_key_of_ones_own(app: flask.Flask) -> None:
    assert statuses(app, *["/keyed"] * 3, **{"X-Key": "a"}) == [200, 200, 429]
    assert statuses(app, "/keyed", **{"X-Key": "b"}) == [200]


def test_window_passes(app: flask.Flask) -> None:
    deadline = time.monotonic() + 30
    for awaited in (429, 200):
        while (status := statuses(app, "/second")[0]) != awaited and time.monotonic() < deadline:
            time.sleep(0.01)
        assert status == awaited


def test_headers_tell_what_is_left(app: flask.Flask) -> None:
    client = app.test_client()
    first = client.get("/default").headers
    assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"]) == ("5", "4")
    assert int(first["X-RateLimit-Reset"]) > time.time()
    for _ in range(5):
        last = client.get("/default")
    assert last.headers["X-RateLimit-Remaining"] == "0"
    assert 0 < int(last.headers["Retry-After"]) <= 3600


def test_exempt_view_has_no_limit(app: flask.Flask) -> None:
    assert statuses(app, *["/free"] * 8) == [200] * 8


def test_exempt_client_has_no_limit(app: flask.Flask) -> None:
    assert statuses(app, "/unless", "/unless") == [200, 429]
    assert statuses(app, "/unless", **{"X-Key": "staff"}) == [200]


def test_limit_for_some_methods(app: flask.Flask) -> None:
    client = app.test_client()
    assert [client.post("/methods").status_code for _ in range(2)] == [200, 429]
    assert client.get("/methods").status_code == 200


def test_only_some_answers_count(app: flask.Flask) -> None:
    paths = ["/failures/200", "/failures/200", "/failures/400", "/failures/400"]
    assert statuses(app, *paths) == [200, 200, 400, 429]


def test_limit_inside_a_view(app: flask.Flask) -> None:
    assert statuses(app, "/inside", "/inside") == [200, 429]


def test_shared_limit(app: flask.Flask) -> None:
    assert statuses(app, "/shared/one", "/shared/two", "/shared/one") == [200, 200, 429]


def test_limit_of_a_blueprint(app: flask.Flask) -> None:
    assert statuses(app, "/api/a", "/api/a", "/api/b") == [200, 429, 200]


def test_error_handler_knows_the_limit(app: flask.Flask) -> None:
    def explain(error: RateLimitExceeded):
        return {"limit": str(error.limit.limit), "told": error.description}, 429

    app.register_error_handler(429, explain)
    client = app.test_client()
    client.get("/strict")
    assert client.get("/strict").json == {"limit": "1 per 1 minute", "told": "one a minute"}


def test_unknown_pages_do_not_count(app: flask.Flask) -> None:
    assert statuses(app, *["/nowhere"] * 7) == [404] * 7


def test_breach_is_told_to_a_callback(storage: str) -> None:
    app = flask.Flask(__name__)
    breaches: list[str] = []

    def tell(limit: RequestLimit) -> flask.Response:
        breaches.append(limit.key)
        return flask.make_response("slow down", 429)

    limiter = Limiter(get_remote_address, app=app, storage_uri=storage, on_breach=tell)
    app.get("/")(limiter.limit("1 per hour")(lambda: "ok"))
    client = app.test_client()
    assert [client.get("/").text for _ in range(2)] == ["ok", "slow down"]
    assert len(breaches) == 1


def test_limits_can_be_switched_off(storage: str) -> None:
    assert statuses(create_app(storage, RATELIMIT_ENABLED=False), *["/strict"] * 3) == [200] * 3


def test_two_servers_count_together_in_redis(redis_url: str) -> None:
    apps = [create_app(redis_url) for _ in range(2)]
    assert statuses(apps[0], "/strict") == [200]
    assert statuses(apps[1], "/strict") == [429]
    with redis.Redis.from_url(redis_url) as server:
        assert server.keys("LIMITS:*")


def test_lost_redis_is_an_error_or_falls_back_to_memory() -> None:
    lost = "redis://127.0.0.1:1/0"
    assert statuses(create_app(lost), "/strict") == [500]
    fallback = create_app(
        lost, RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True, RATELIMIT_SWALLOW_ERRORS=True
    )
    assert statuses(fallback, "/strict", "/strict") == [200, 429]


def test_unknown_storage_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        create_app("drawer://")


def test_command_lists_the_limits(run_command, tmp_path) -> None:
    (tmp_path / "app.py").write_text(PROGRAM)
    done = run_command("flask", "limiter", "limits")
    assert done.returncode == 0, done.stderr
    assert "7 per 1 hour" in done.stdout


PROGRAM = """
import flask
from flask_limiter import Limiter
app = flask.Flask(__name__)
limiter = Limiter(lambda: "me", app=app, storage_uri="memory://")
app.get("/listed")(limiter.limit("7 per hour")(lambda: ""))
"""
