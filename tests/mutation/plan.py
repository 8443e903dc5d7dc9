"""Which modules are mutated, and which tests have to notice it, the likeliest first."""

from __future__ import annotations

TARGETS = [
    "flask/pipeline",
    "flask/routing",
    "flask/doors",
    "flask/wrappers.py",
    "flask/ctx.py",
    "flask/sessions.py",
]
EXCLUDED = {
    "flask/pipeline/conductor.py": "its generated twin, _conductor_sync.py, is mutated",
}
FIRST = {
    "flask/pipeline": (
        "tests/pipeline",
        "tests/test_app.py",
        "tests/test_blueprints.py",
        "tests/test_signals.py",
        "tests/sansio",
        "tests/test_asynchronous.py",
    ),
    "flask/pipeline/response.py": ("differential:response_objects",),
    "flask/pipeline/urls.py": ("tests/test_helpers.py", "differential:urls"),
    "flask/routing/links.py": ("tests/rendering/test_rendering_links.py",),
    "flask/routing": ("tests/routing", "tests/differential/test_werkzeug_map.py"),
    "flask/routing/building.py": ("tests/test_helpers.py", "differential:urls"),
    "flask/doors/wsgi.py": ("tests/pipeline", "tests/test_app.py"),
    "flask/doors/plain_asgi.py": (
        "tests/asgi/test_asgi_plain.py",
        "tests/asgi/test_asgi_small_bodies.py",
    ),
    "flask/doors/body.py": ("tests/asgi/test_asgi_small_bodies.py",),
    "flask/doors/on_loop.py": ("tests/asgi/test_asgi_on_loop.py",),
    "flask/doors": (
        "tests/asgi/test_asgi_lifespan.py",
        "tests/asgi/test_asgi_scope.py",
        "tests/asgi/test_asgi_sync_plan.py",
        "tests/asgi/test_asgi_threads.py",
        "tests/asgi/test_asgi_faults.py",
        "tests/asgi/test_asgi_plain.py",
    ),
    "flask/wrappers.py": (
        "tests/test_wrappers.py",
        "differential:request_objects",
        "differential:response_objects",
        "tests/asgi/test_asgi_small_bodies.py",
    ),
    "flask/ctx.py": (
        "tests/test_ctx.py",
        "tests/test_globals.py",
        "differential:kept_contexts",
        "tests/asgi/test_asgi_plain.py",
    ),
    "flask/sessions.py": ("tests/test_sessions.py", "differential:session_interfaces"),
}
"""By the beginning of a file's path."""

ALWAYS = (
    "differential:generated",
    "differential:hooks",
    "differential:errors",
    "differential:",
    "tests/test_streams.py",
    "tests/test_testing.py",
)


def tests_for(path: str) -> tuple[str, ...]:
    """The tests for a file below ``src``, in the order in which they run."""
    first = [tests for beginning, tests in FIRST.items() if path.startswith(beginning)]
    return (*(test for tests in first for test in tests), *ALWAYS)
