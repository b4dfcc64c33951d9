"""The database role that the running product connects with, on PostgreSQL.

One role owns the tables and migrates; the other can neither take a guard off nor
alter, truncate or drop anything: what it may do is granted here, and no more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from lending.db.append_only import AppendOnly
from lending.db.guards import table_guards
from lending.exceptions import LendingError

NAME = re.compile(r"[A-Za-z_][\w-]{0,62}", re.ASCII)
# Which migrations there were is for their owner to say.
MIGRATIONS = "django_migrations"
ABOUT = """
SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolreplication,
       rolname = current_user,
       ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = oid),
       EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid)
  FROM pg_roles WHERE rolname = %s
"""
TABLES = """
SELECT relname, pg_has_role(current_user, relowner, 'USAGE') FROM pg_class
 WHERE relkind IN ('r', 'p') AND relnamespace = current_schema::regnamespace
"""


class RoleUnfit(LendingError):
    """The role cannot be the one that the product runs with."""

    field = "role"


@dataclass(frozen=True)
class Granted:
    """In how many tables a role may only read and add rows, and change them."""

    added_to: int
    changed: int


@transaction.atomic
def grant(connection: BaseDatabaseWrapper, role: str) -> Granted:
    """Let a role do what the running product does, and take whatever else it had.

    The present role owns the tables. It is to be repeated after each migration that
    made a table, and changes nothing when it is.

    Raises:
        RoleUnfit: the database has no roles, or not this one; it has rights that no
            grant limits; or it is not the present role that owns the tables.
    """
    if connection.vendor != "postgresql":
        raise RoleUnfit("Only PostgreSQL has roles; a SQLite file has one owner.")
    if not NAME.fullmatch(role):
        raise RoleUnfit("A role's name has letters, digits, _ and - only.")
    with connection.cursor() as cursor:
        _refuse_unfit(cursor, role)
        cursor.execute(TABLES)
        owned = dict(cursor.fetchall())
        if not all(owned.values()):
            raise RoleUnfit("Run this as the role that migrates: it owns the tables.")
        cursor.execute("SELECT current_database(), current_schema")
        database, schema = cursor.fetchone()
        guarded = {
            one.table
            for one in table_guards()
            # An erasure is an update; the guard lets no other one pass.
            if isinstance(one, AppendOnly) and not one.erases
        }
        added_to = sorted(owned.keys() & guarded)
        changed = sorted(owned.keys() - guarded - {MIGRATIONS})
        everything = f'IN SCHEMA "{schema}"'
        for statement in (
            # Before PostgreSQL 15 everybody may make tables in this schema.
            f'REVOKE CREATE ON SCHEMA "{schema}" FROM PUBLIC, "{role}"',
            f'REVOKE CREATE ON DATABASE "{database}" FROM PUBLIC, "{role}"',
            f'REVOKE ALL ON ALL TABLES {everything} FROM PUBLIC, "{role}"',
            f'REVOKE ALL ON ALL SEQUENCES {everything} FROM PUBLIC, "{role}"',
            f'GRANT CONNECT ON DATABASE "{database}" TO "{role}"',
            f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"',
            f'GRANT USAGE, SELECT ON ALL SEQUENCES {everything} TO "{role}"',
            f'GRANT SELECT ON "{MIGRATIONS}" TO "{role}"',
            f'GRANT SELECT, INSERT ON {_listed(added_to)} TO "{role}"',
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON {_listed(changed)} TO "{role}"',
        ):
            cursor.execute(statement)
    return Granted(len(added_to), len(changed))


def _refuse_unfit(cursor: CursorWrapper, role: str) -> None:
    cursor.execute(ABOUT, [role])
    found = cursor.fetchone()
    if found is None:
        raise RoleUnfit(
            f'There is no such role. Make it first: CREATE ROLE "{role}" LOGIN '
            "PASSWORD '...'"
        )
    is_mighty, is_ours, memberships, owns = found
    if is_mighty:
        raise RoleUnfit(
            "It is a superuser, or may make roles, replicate or pass over policies: "
            "no grant limits it."
        )
    if is_ours:
        raise RoleUnfit("It is the role that owns the tables.")
    if memberships:
        raise RoleUnfit(
            f"It is a member of {', '.join(memberships)}, and may do what that may: "
            "REVOKE that first."
        )
    if owns:
        raise RoleUnfit("It owns tables itself; give them to the role that migrates.")


def _listed(tables: Sequence[str]) -> str:
    return ", ".join(f'"{one}"' for one in tables)
