"""SQLite under web and worker together: our settings wait, Django's defaults fail."""

from tests.marks import thorough
from tests.processes import chosen
from tests.processes.play import begin, crew
from tests.processes.processes import wait_until

WRITERS = 8
SECONDS = 8


def write(seconds: int, settings: str = "") -> tuple[int, int, list[str]]:
    """Let eight processes write beside the cluster and a drain for a while.

    Returns:
        Events recorded, events refused because the database was locked, and what the
        logs of all processes say of locks.
    """
    with crew("sqlite", settings=settings) as found:
        loans = begin(found, borrowers=WRITERS, loans=1)
        cluster = found.start("cluster")
        wait_until("workers", lambda: cluster.members("worker"), seconds=60)
        found.start("drain")
        begun = [found.let("write", own[0], str(seconds)) for own in loans]
        counted = [found.answer(one) for one in begun]
        return (
            sum(one["commits"] for one in counted),
            sum(one["locked"] for one in counted),
            found.quarrels(),
        )


@thorough
def test_eight_writers_and_the_cluster_never_find_the_database_locked():
    chosen.sqlite_only()

    commits, locked, quarrels = write(SECONDS)

    assert (locked, quarrels) == (0, [])
    assert commits >= WRITERS


@thorough
def test_with_djangos_default_options_they_do():
    chosen.sqlite_only()

    _, locked, _ = write(SECONDS, "tests.processes.default_sqlite")

    assert locked > 0
