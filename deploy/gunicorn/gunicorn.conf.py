"""Settings of gunicorn, read by ``gunicorn -c gunicorn.conf.py``."""

import os

# Only the proxy, on the same machine, has to reach it; a socket file needs no port.
bind = "unix:/run/board/board.sock"
# Who may connect: the group of the socket's folder.
umask = 0o007

# Twice the processors and one more is the usual start; measure, then change.
workers = int(os.environ.get("WEB_CONCURRENCY", 2 * (os.cpu_count() or 1) + 1))
worker_class = "gthread"
threads = 8

# A worker that is silent for so long is replaced; requests under way at a stop get so long to end.
timeout = 30
graceful_timeout = 30
# A little longer than the proxy keeps its own idle connections.
keepalive = 75

# Workers are replaced from time to time, not all at once, which bounds any leak.
max_requests = 10_000
max_requests_jitter = 1_000

# The heartbeat of the workers goes to a file; one on a disk may stall, one in memory doesn't.
worker_tmp_dir = "/dev/shm"

# gunicornc, the tool that would speak to it, is not used here.
control_socket_disable = True

accesslog = "-"
