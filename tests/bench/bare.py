"""The least that Django REST framework does to create one row: a model and a view."""

from django.db import connection as database
from django.db import models
from django.urls import path
from rest_framework import generics, serializers

from backoffice.urls import urlpatterns as ours


class Note(models.Model):
    """As many columns as an event has; no rule, no index but its own."""

    external_id = models.CharField(max_length=64)
    kind = models.CharField(max_length=20)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    value_date = models.DateField()
    description = models.CharField(max_length=200, blank=True)

    class Meta:
        app_label = "backoffice"

    def __str__(self) -> str:
        return self.external_id


class NoteSerializer(serializers.ModelSerializer):
    """All fields, as the framework makes them."""

    class Meta:
        model = Note
        fields = "__all__"


class Notes(generics.CreateAPIView):
    """`POST /bare/notes`, for anybody."""

    authentication_classes: list = []
    permission_classes: list = []
    serializer_class = NoteSerializer


urlpatterns = [*ours, path("bare/notes", Notes.as_view())]


def create_table() -> None:
    """Make the table that the view writes to."""
    with database.schema_editor() as editor:
        editor.create_model(Note)
