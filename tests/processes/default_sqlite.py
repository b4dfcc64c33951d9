"""The product's settings, but SQLite as Django opens it by default."""

from tests.processes.settings import *  # noqa: F403
from tests.processes.settings import DATABASES

DATABASES["default"]["OPTIONS"] = {}
