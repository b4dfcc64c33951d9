"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")

_django = get_wsgi_application()

# Not before Django is set up.
from backoffice.web.bounds import Bounded  # noqa: E402

application = Bounded(_django)
