"""What servers load: ``gunicorn wsgi:app``."""

from typed_api import create_app

app = create_app()
