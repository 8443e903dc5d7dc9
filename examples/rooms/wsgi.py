"""What servers import: `uvicorn wsgi:app`."""

from rooms import create_app

app = create_app()
