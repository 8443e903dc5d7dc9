"""Entry point for WSGI servers: ``gunicorn wsgi:app``, started in this folder."""

from notice_board import create_app

app = create_app()

if __name__ == "__main__":
    app.run(debug=True)
