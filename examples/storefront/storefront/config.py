"""Default settings.

Override them in ``instance/config.py`` or by an environment variable with the prefix
``FLASK_``, for instance ``FLASK_PRODUCTS_PER_PAGE=24``.
"""

from __future__ import annotations


class Config:
    SITE_NAME = "The Windowsill"
    SITE_MOTTO = "Potted plants, and what they need"

    # Left empty, a random key is made on first start and kept in the instance folder.
    SECRET_KEY = ""
    SESSION_COOKIE_SAMESITE = "Lax"
    REMEMBER_COOKIE_SAMESITE = "Lax"
    PASSWORD_HASH_METHOD = "scrypt"

    # A relative path is below the instance folder. For PostgreSQL:
    # postgresql+psycopg://user:password@host/database
    SQLALCHEMY_DATABASE_URI = "sqlite:///storefront.sqlite3"

    # With several server processes, the place where they tell each other of changed stock,
    # for instance redis://localhost:6379/0. One process needs none.
    REDIS_URL = ""

    # Behind TLS set this: plain requests are then sent on to https, and cookies stay there.
    FORCE_HTTPS = False

    PRODUCTS_PER_PAGE = 12
    ORDERS_PER_PAGE = 20
    MAX_CONTENT_LENGTH = 256 * 1024
