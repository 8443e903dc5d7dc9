"""Run migrations on the database of the current application; Flask-Migrate calls this file."""

from typing import Any

from alembic import context
from flask import current_app

extension = current_app.extensions["migrate"]
metadata = extension.db.metadata
options: dict[str, Any] = extension.configure_args


def migrate(**where: Any) -> None:
    context.configure(target_metadata=metadata, **where, **options)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    # "flask db upgrade --sql" prints statements for the kind of database that is configured.
    migrate(dialect_name=extension.db.engine.dialect.name, literal_binds=True)
else:
    with extension.db.engine.connect() as connection:
        migrate(connection=connection)
