"""Entry point for WSGI servers: ``gunicorn --threads 50 wsgi:app``, started in this folder."""

from storefront import create_app

app = create_app()
