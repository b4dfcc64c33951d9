"""The product's settings, with a web that can be made to die at chosen moments."""

from backoffice.settings import *  # noqa: F403
from backoffice.settings import LOGGING
from backoffice.settings import MIDDLEWARE as OURS

ROOT_URLCONF = "tests.processes.web"
MIDDLEWARE = ["tests.processes.web.die_before_answer", *OURS]
# The cluster says there which of its processes does what.
LOGGING["loggers"] = {"django-q": {"level": "INFO"}}
