"""What each role may do: one table, kept in the database as groups of Django's.

`manage.py roles` makes the groups what this table says. Staff get their rights from
roles alone, and nobody gives a role that may more than they may themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission, User
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from lending.audit import trail

SEES = frozenset(
    {
        *(f"lending.view_{one}" for one in ("company", "loan", "loanevent")),
        "lending.view_auditentry",
        *(
            f"xero_sync.view_{one}"
            for one in (
                "accountmapping",
                "accountsetup",
                "borrowerlink",
                "borrowernotice",
                "connection",
                "connectioncheckrun",
                "lenderaccount",
                "missingline",
                "partnerprogramme",
                "syncrecord",
                "xeroapp",
            )
        ),
    }
)
WORKS = frozenset(
    {
        *(f"lending.add_{one}" for one in ("company", "loan", "loanevent")),
        *(f"lending.change_{one}" for one in ("company", "loan")),
        *(
            f"xero_sync.change_{one}"
            for one in (
                "accountsetup",
                "borrowerlink",
                "borrowernotice",
                "connection",
                "lenderaccount",
                "syncrecord",
            )
        ),
    }
)
LETS_GO = frozenset({"xero_sync.off_board_connection"})
WIRES = frozenset(
    {
        *(f"backoffice.{may}_apiclient" for may in ("view", "change")),
        *(f"backoffice.{may}_apikey" for may in ("view", "add", "change")),
        *(
            f"backoffice.{may}_webhookendpoint"
            for may in ("view", "add", "change", "delete")
        ),
        *(f"backoffice.{may}_webhookdelivery" for may in ("view", "change")),
        *(
            f"xero_sync.view_{one}"
            for one in (
                "heartbeat",
                "lane",
                "ratescope",
                "webhookmessage",
                "writeattempt",
                "writerequest",
            )
        ),
        *(f"xero_sync.change_{one}" for one in ("partnerprogramme", "xeroapp")),
        "xero_sync.reveal_xeroapp",
    }
)
LETS_IN = frozenset(
    {"auth.view_group", *(f"auth.{may}_user" for may in ("view", "add", "change"))}
)


@dataclass(frozen=True)
class Role:
    """A role, in words and in permissions of Django's."""

    name: str
    words: str | Promise
    permissions: frozenset[str]


ROLES = {
    role.name: role
    for role in (
        Role("viewer", _("sees everything of the business and changes nothing"), SEES),
        Role("operator", _("also records, connects and settles"), SEES | WORKS),
        Role(
            "approver",
            _("also lets a borrower go, for good"),
            SEES | WORKS | LETS_GO,
        ),
        Role(
            "engineer",
            _("sees everything; makes keys and webhooks, sets up the Xero app"),
            SEES | WIRES,
        ),
        Role(
            "administrator",
            _("may do all of that, and says who may do what"),
            SEES | WORKS | LETS_GO | WIRES | LETS_IN,
        ),
    )
}


@transaction.atomic
def synchronise(*, by: str = "") -> list[str]:
    """Make the groups what the table says; return the names of those that differed."""
    differed = []
    for role in ROLES.values():
        group, _made = Group.objects.get_or_create(name=role.name)
        before = permissions_of(group)
        if before == role.permissions:
            continue
        group.permissions.set(_rows(role.permissions))
        changes = {
            "permissions_added": sorted(role.permissions - before),
            "permissions_taken": sorted(before - role.permissions),
        }
        trail.record("group.changed", group, by=by, after=changes)
        differed.append(role.name)
    return differed


def permissions_of(group: Group) -> frozenset[str]:
    """Return what a group may do, as `app.codename`."""
    named = group.permissions.values_list("content_type__app_label", "codename")
    return frozenset(f"{app}.{codename}" for app, codename in named)


def may_give(user: User, group: Group) -> bool:
    """Tell whether a person may do all that a role may, and so may give it."""
    return user.has_perms(permissions_of(group))


def has_no_more(user: User, than: User) -> bool:
    """Tell whether a person may do nothing that another may not."""
    if user.is_superuser:
        return than.is_superuser
    # One who is barred now has their rights again once they are not.
    granted = Permission.objects.filter(user=user) | Permission.objects.filter(
        group__user=user
    )
    named = granted.values_list("content_type__app_label", "codename")
    return than.has_perms({f"{app}.{codename}" for app, codename in named})


def _rows(permissions: Iterable[str]) -> list[Permission]:
    wanted = set(permissions)
    rows = Permission.objects.select_related("content_type")
    found = [
        one for one in rows if f"{one.content_type.app_label}.{one.codename}" in wanted
    ]
    if missing := wanted - {
        f"{one.content_type.app_label}.{one.codename}" for one in found
    }:
        raise LookupError(f"There is no permission {sorted(missing)}; migrate first.")
    return found
