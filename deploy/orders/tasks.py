"""Background work of the orders: ``celery -A tasks worker --beat``.

The database says what there is to do, the queue only says it sooner. For a queue in Redis may lose
a job: a worker takes it off the list first, writes down that it has it next, and may die between.
So from time to time the workers look for orders that were forgotten.
"""

from __future__ import annotations

import os

import psycopg
from celery import Celery

JOB_SECONDS = int(os.environ.get("JOB_SECONDS", "60"))

# Few at a time, and none twice in a row: the queue may be long because there is much to do.
FORGOTTEN = """
update orders set queued = now() where id in (
    select id from orders where fulfilled = 0 and queued < now() - %s * interval '1 s'
    order by queued limit 20 for update skip locked
) returning id
"""

celery = Celery("orders", broker=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))
celery.conf.update(
    # A job leaves the queue when it is done, not when it begins: a worker may die over it.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # What a dead worker had taken comes back after so long; no job may take longer than that.
    broker_transport_options={"visibility_timeout": JOB_SECONDS},
    broker_connection_retry_on_startup=True,
    # Nobody asks for results.
    task_ignore_result=True,
    beat_schedule={
        "remember": {
            "task": "tasks.remember",
            "schedule": JOB_SECONDS,
            "options": {"expires": JOB_SECONDS},
        }
    },
)


@celery.task(autoretry_for=(psycopg.OperationalError,), retry_backoff=1, max_retries=10)
def fulfil(number: str) -> None:
    """Fulfil an order. It may be asked for twice, so doing it again must do no harm."""
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as connection:
        connection.execute(
            "update orders set fulfilled = fulfilled + 1 where id = %s and fulfilled = 0",
            (number,),
        )


@celery.task(autoretry_for=(psycopg.OperationalError,), retry_backoff=1, max_retries=10)
def remember() -> None:
    """Queue some orders anew that should have been fulfilled by now."""
    with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as connection:
        forgotten = connection.execute(FORGOTTEN, (3 * JOB_SECONDS,)).fetchall()
    for (number,) in forgotten:
        fulfil.delay(str(number))
