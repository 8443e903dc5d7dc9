"""Flask-Mailman: messages sent by a view to a real SMTP server."""

from __future__ import annotations

import email
import email.policy

import pytest
from aiosmtpd.controller import Controller
from flask_mailman import EmailMessage, EmailMultiAlternatives, Mail
from flask_mailman.message import BadHeaderError

from flask import Flask, render_template_string

pytestmark = pytest.mark.uses("an SMTP server")


class Postbox:
    """Keeps the envelopes an SMTP server is handed; refuses one address."""

    def __init__(self):
        self.envelopes = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == "nobody@example.org":
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.envelopes.append(envelope)
        return "250 OK"

    def messages(self):
        return [
            email.message_from_bytes(envelope.content, policy=email.policy.default)
            for envelope in self.envelopes
        ]


@pytest.fixture
def postbox(port):
    box = Postbox()
    # The controller asks its own port whether it is up, so it has to know it beforehand.
    server = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=30)
    server.start()
    box.port = port
    yield box
    server.stop()


@pytest.fixture
def app(postbox):
    app = Flask(__name__)
    app.config.update(
        MAIL_SERVER="127.0.0.1", MAIL_PORT=postbox.port, MAIL_DEFAULT_SENDER="shop@example.org"
    )
    app.testing = False
    Mail(app)

    @app.post("/order/<to>")
    def order(to):
        message = EmailMultiAlternatives("Grüße", "plain text", to=[to])
        html = render_template_string("<b>{{ to }}</b>", to=to)
        message.attach_alternative(html, "text/html")
        message.attach("list.csv", "a;b", "text/csv")
        return {"sent": message.send()}

    return app


def test_a_view_sends_a_message_with_html_and_attachment(app, postbox):
    assert app.test_client().post("/order/me@example.org").json == {"sent": 1}
    (message,) = postbox.messages()
    assert message["Subject"] == "Grüße"
    assert message["From"] == "shop@example.org"
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/csv"]
    assert message.get_body(("html",)).get_content().strip() == "<b>me@example.org</b>"
    assert postbox.envelopes[0].rcpt_tos == ["me@example.org"]


def test_many_messages_share_one_connection(app, postbox):
    with app.app_context():
        mail = app.extensions["mailman"]
        with mail.get_connection() as connection:
            for number in range(3):
                mail.send_mail(f"n{number}", "x", None, ["a@example.org"], connection=connection)
    assert [message["Subject"] for message in postbox.messages()] == ["n0", "n1", "n2"]


def test_a_refused_recipient_becomes_an_error_of_the_view(app, postbox):
    import smtplib

    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        app.test_client().post("/order/nobody@example.org")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert app.test_client().post("/order/nobody@example.org").status_code == 500
    assert postbox.envelopes == []


def test_a_line_break_in_a_header_is_refused(app, postbox):
    with app.app_context(), pytest.raises(BadHeaderError):
        EmailMessage("Subject\nBcc: all@example.org", "x", None, ["a@example.org"]).send()
    assert postbox.envelopes == []


def test_sending_outside_an_application_context_fails():
    with pytest.raises(RuntimeError, match="outside of application context"):
        EmailMessage("Subject", "x", "a@example.org", ["a@example.org"]).send()


def test_an_application_under_test_keeps_messages_in_an_outbox():
    app = Flask(__name__)
    app.testing = True
    mail = Mail(app)
    with app.app_context():
        mail.send_mail("Subject", "x", "a@example.org", ["b@example.org"])
        assert [message.subject for message in mail.outbox] == ["Subject"]
