"""The notice board behind one proxy: ``gunicorn wsgi:app``, started in this folder."""

from notice_board import create_app
from werkzeug.middleware.proxy_fix import ProxyFix

app = create_app({"SESSION_COOKIE_SECURE": True})

# One proxy in front, which sets each of these headers itself: nothing a visitor sends is believed.
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
