"""What the trail holds, as tests ask for it."""

from django.db.models import Model

from lending.models import AuditEntry


def entries(verb: str = "", *, about: Model | None = None) -> list[AuditEntry]:
    """What was done, in order: acts whose verb begins so, or on one object."""
    rows = AuditEntry.objects.about(about) if about else AuditEntry.objects.all()
    return list(rows.filter(verb__startswith=verb).order_by("pk"))


def verbs(verb: str = "", *, about: Model | None = None) -> list[str]:
    """The verbs of what was done, in order."""
    return [one.verb for one in entries(verb, about=about)]
