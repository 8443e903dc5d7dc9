"""Default settings.

Override them in ``instance/config.py`` or by an environment variable with the prefix
``FLASK_``, for instance ``FLASK_NOTICES_PER_PAGE=12``.
"""

from __future__ import annotations

from datetime import timedelta


class Config:
    SITE_NAME = "Linden Square"
    SITE_MOTTO = "The neighbourhood notice board"

    # Left empty, a random key is made on first start and kept in the instance folder.
    SECRET_KEY = ""
    SESSION_COOKIE_SAMESITE = "Lax"
    PERMANENT_SESSION_LIFETIME = timedelta(days=30)
    PASSWORD_HASH_METHOD = "scrypt"

    # Relative paths are below the instance folder.
    DATABASE = "notice_board.sqlite3"
    UPLOAD_FOLDER = "uploads"

    # The largest request body, a picture included; anything bigger gets the 413 page.
    MAX_CONTENT_LENGTH = 4 * 1024 * 1024
    PICTURE_CACHE_SECONDS = 30 * 24 * 60 * 60

    NOTICES_PER_PAGE = 9
