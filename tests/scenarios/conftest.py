"""What the tests of the schedules share: a migrated database for their processes."""

import pytest

from tests.scenarios.database import MIGRATED
from tests.scenarios.planted.copies import keep_migrated


@pytest.fixture(scope="package", autouse=True)
def migrated(tmp_path_factory):
    """Migrate once: no planted bug is in a migration."""
    file = tmp_path_factory.mktemp("scenarios") / "migrated.sqlite3"
    keep_migrated(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MIGRATED, str(file))
        yield
