"""Django's development server, with room for many callers at the same moment."""

from django.contrib.staticfiles.management.commands.runserver import Command as Static
from django.core.servers.basehttp import WSGIServer


class PatientServer(WSGIServer):
    """Lets callers wait for their turn, where Django's own resets the eleventh."""

    request_queue_size = 512


class Command(Static):
    """`manage.py runserver`."""

    server_cls = PatientServer
