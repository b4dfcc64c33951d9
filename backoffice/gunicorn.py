"""Settings of gunicorn: `gunicorn -c python:backoffice.gunicorn backoffice.wsgi`.

Its logs hold no referrer, no query and nothing that opens a customer's pages.
"""

from gunicorn.config import Config
from gunicorn.glogging import Logger

from backoffice.log_redaction import Redacts


class RedactingLogger(Logger):
    """Writes what gunicorn writes, without customers' links."""

    def setup(self, cfg: Config) -> None:
        """Let every handler redact, those of a bad request's line as well."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.addFilter(Redacts())


logger_class = RedactingLogger
accesslog = "-"
# Address, method, path, status, bytes and milliseconds.
access_log_format = "%(h)s %(m)s %(U)s %(s)s %(B)s %(M)s"
worker_class = "backoffice.web.worker.Worker"
# Some to read large bodies, to be refused and for probes, beside those that wait for
# Django; see backoffice/web/bounds.py. A thread by itself holds no database connection.
threads = 80
# Clients of one process, slow ones included; the next wait to be taken in.
worker_connections = 1_000
keepalive = 5
# Whoever does nothing at all for so long is ended; a call to Codat may take 35 s.
timeout = 90
# What is under way when a stop comes may end.
graceful_timeout = 60
