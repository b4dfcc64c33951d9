"""Whether the back office lives, and whether it is ready to be sent work.

What counts as late or silent is in `xero_sync/monitoring/health.py`.
"""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from backoffice import storing
from lending.db import guards
from xero_sync.monitoring import health
from xero_sync.runtime import redis_server
from xero_sync.runtime.clock import database_now


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer as long as the process does."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 503 where nothing can be stored; report the rest as degraded.

    Degraded is a 200: the web can serve, somebody has to look at the workers, at a
    server that `unreachable` names, or at who took the guard off `unguarded` tables.
    """
    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if pending:
            return JsonResponse({"status": "migrations are missing"}, status=503)
        if fault := storing.fault():
            return JsonResponse({"status": fault}, status=503)
        work = health.background_health(now=database_now())
        unguarded = guards.missing(connection)
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    unreachable = ["redis"] if redis_server.is_gone() else []
    status = "degraded" if work.is_late or unreachable or unguarded else "ok"
    return JsonResponse(
        {
            "status": status,
            "worker_last_seen": work.worker_last_seen,
            "processes": work.last_seen,
            "silent": work.silent,
            "oldest_due_seconds": work.oldest_due_seconds,
            "unreachable": unreachable,
            "unguarded": unguarded,
        }
    )
