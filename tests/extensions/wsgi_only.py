"""Tests that need a WSGI server by their nature, each with its reason; `--asgi` leaves them out."""

from __future__ import annotations

SOCKET = "Flask-Sock takes its socket from the environ of a WSGI server"

WSGI_ONLY = {
    "test_flask_sock::test_messages_go_to_and_fro_with_the_session_at_hand": SOCKET,
    "test_flask_sock::test_a_blueprint_has_sockets_too": SOCKET,
    "test_flask_sock::test_the_request_is_torn_down_when_the_client_leaves": SOCKET,
    "test_flask_sock::test_under_gunicorn": SOCKET,
}
