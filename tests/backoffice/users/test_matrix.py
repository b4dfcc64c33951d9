"""Each address of the admin, for each role: who sees it, who acts, and what it did."""

import hashlib
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from backoffice import storing
from backoffice.users import roles
from lending.models import Company, Loan
from tests.backoffice.admin.rows import make_evidence
from tests.backoffice.trail.acts import ACTS
from tests.backoffice.trail.conftest import numbers as numbers
from tests.backoffice.users import matrix
from tests.backoffice.users.matrix import ALL, MODELS, STANDARD
from tests.backoffice.users.people import make, signed_in
from tests.marks import more
from tests.trail import verbs
from tests.xero_sync.commands.conftest import codat as codat

pytestmark = pytest.mark.django_db
ROLES = sorted(ALL)
WRITABLE = [name for name, pages in MODELS.items() if pages.add | pages.change]
READ_ONLY = [name for name in MODELS if name not in WRITABLE]
LEAST_FIRST = ("operator", "approver", "engineer", "administrator")
# What comes with being signed in, and tells nothing of what was done.
OF_SESSIONS = {"backoffice.staffsession", "sessions.session", "axes.accessattempt"}
PROJECT_WIDE = {
    # As in `urls.py`: name, and what holds it.
    "background": "the overview's details; see below",
    "codat-webhook": "a signature; tests/xero_sync/webhooks",
    "healthz": "tells nothing",
    "metrics": "a token; tests/backoffice/test_metrics.py",
    "readyz": "tells what a supervisor asks",
}


# What counts the call at Codat that it makes, and changes nothing else.
CALLS_CODAT = {"xero_sync_lenderaccount_connect"}


def admin_names():
    (found,) = [
        one
        for one in get_resolver().url_patterns
        if getattr(one, "namespace", "") == "admin"
    ]
    return {name for name in found.reverse_dict if isinstance(name, str)}


@pytest.fixture
def everybody():
    """A browser for each role, one for staff without any, and a stranger's."""
    roles.synchronise()
    people = {role: signed_in(make(role, role=role)) for role in ROLES}
    return people | {"staff": signed_in(make("staff")), "stranger": Client()}


def stored():
    """All that is stored, but for who is signed in."""
    digest = hashlib.sha256()
    for model in apps.get_models():
        if model._meta.label_lower not in OF_SESSIONS:
            rows = model._default_manager.order_by("pk").values_list()
            digest.update(repr(list(rows)).encode())
    return digest.hexdigest()


def is_refused(answer, role):
    if role == "stranger":
        return answer.status_code == 302 and "/admin/login/" in answer.url
    return answer.status_code == 403


def test_every_address_of_the_admin_is_classified():
    assert admin_names() == matrix.names()


def test_every_other_address_is_classified_as_well():
    others = {
        one.name
        for one in get_resolver().url_patterns
        if getattr(one, "name", None) is not None
    }

    assert others == PROJECT_WIDE.keys()


def test_the_roles_of_the_table_are_those_of_the_product():
    assert roles.ROLES.keys() == ALL


@pytest.mark.parametrize("model", [*WRITABLE, *more(*READ_ONLY)])
def test_the_pages_of_a_model_open_for_those_who_may_see_it(model, everybody):
    make_evidence()
    pages = MODELS[model]
    app, _, name = model.rpartition("_")
    row = apps.get_model(app, name).objects.first()
    key = row.pk if row else 1
    may = {
        "changelist": pages.see,
        "change": pages.see,
        "history": pages.see,
        "add": pages.add,
        "delete": matrix.NOBODY,
    }
    assert may.keys() == {*STANDARD}
    before = stored()

    wrong = []
    for page, allowed in may.items():
        arguments = () if page in {"changelist", "add"} else (key,)
        url = reverse(f"admin:{model}_{page}", args=arguments)
        for role, client in everybody.items():
            refused = is_refused(client.get(url), role)
            if refused == (role in allowed):
                wrong.append(("GET", page, role))
            # What is posted is nonsense: who may is told so, and nothing is stored.
            can_post = pages.change if page == "change" else allowed
            refused = is_refused(client.post(url, {"x": "\x00"}), role)
            if refused == (role in can_post):
                wrong.append(("POST", page, role))

    assert wrong == []
    assert stored() == before


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_done_by_those_who_may_and_by_nobody_else(name, everybody, codat):
    act = ACTS[name]
    obj = act.on(codat)
    model, _, action = name.rpartition(".")
    label = model.replace(".", "_")
    allowed = MODELS[label].acts[action]
    url = reverse(f"admin:{label}_{action}", args=(obj.pk,))
    before = stored()

    for role, client in everybody.items():
        if role not in allowed:
            assert is_refused(client.get(url), role), role
            assert is_refused(client.post(url, act.typed), role), role
    assert stored() == before

    # The one of them who may least.
    who = next(
        role
        for role in ("operator", "approver", "engineer", "administrator")
        if role in allowed
    )
    everybody[who].post(url, act.typed)
    assert act.leaves in verbs(act.leaves)


@pytest.mark.parametrize("role", [*ROLES, "staff"])
def test_nobody_finds_by_autocomplete_what_they_may_not_see(role, everybody):
    make_evidence()
    asked = {"app_label": "lending", "model_name": "loan", "field_name": "company"}

    answer = everybody[role].get(reverse("admin:autocomplete"), asked)

    assert (answer.status_code == 200) == (role in ALL)


@pytest.mark.parametrize("role", [*ROLES, "staff", "stranger"])
def test_a_password_is_set_by_administrators_alone(role, everybody):
    user = User.objects.get(username="staff")
    url = reverse("admin:auth_user_password_change", args=(user.pk,))
    form = {"password1": "quite another phrase", "password2": "quite another phrase"}

    everybody[role].post(url, {**form, "usable_password": "true"})

    user.refresh_from_db()
    assert user.check_password("quite another phrase") == (role == "administrator")


def test_no_get_changes_anything(everybody, codat):
    """Each page is asked for while the database refuses every write."""
    make_evidence()
    codat.ready()
    client = signed_in(make("root", is_superuser=True))
    urls = [*pages_with_rows()]

    storing.look_again()
    failed = {}
    with read_only():
        for url in urls:
            try:
                answer = client.get(url)
            except DatabaseError as exc:
                failed[url] = str(exc)
                continue
            if answer.status_code >= 500:
                failed[url] = answer.status_code

    storing.look_again()
    # It tries a write of its own, takes it back, and tells that there can be none.
    assert failed == {"/readyz": 503}
    assert len(urls) > 150


def pages_with_rows():
    others = {"login", "logout", "view_on_site", "app_list"}
    for name in sorted(admin_names() - others - CALLS_CODAT):
        model = next((one for one in MODELS if name.startswith(f"{one}_")), None)
        row = None
        if model:
            app, _, label = model.rpartition("_")
            row = apps.get_model(app, label).objects.first()
        for arguments in ((), (row.pk if row else 1,)):
            try:
                yield reverse(f"admin:{name}", args=arguments)
            except NoReverseMatch:
                continue
    company, loan = Company.objects.first(), Loan.objects.first()
    yield from ("/healthz", "/readyz", "/connect/", "/admin/background/")
    yield f"/admin/lending/loanevent/add/?loan={loan.pk}"
    yield f"/admin/lending/loan/add/?company={company.pk}"


@contextmanager
def read_only():
    """A database that refuses writes."""
    if connection.vendor == "sqlite":
        run("PRAGMA query_only = ON")
        yield
        run("PRAGMA query_only = OFF")
        return
    # It can be taken back only together with the savepoint that it was said in.
    with transaction.atomic():
        run("SET TRANSACTION READ ONLY")
        yield
        transaction.set_rollback(True)


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_overview_is_for_staff_and_its_details_for_those_with_a_role(everybody):
    for role, client in everybody.items():
        overview, details = client.get("/admin/"), client.get("/admin/background/")
        assert is_refused(overview, role) == (role == "stranger")
        assert is_refused(details, role) == (role not in ALL)
