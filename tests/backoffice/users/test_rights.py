"""Nobody gives more than they have."""

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command

from backoffice.api_keys.rights import NEEDS
from backoffice.models import ApiKey, KeyScope
from backoffice.users import roles
from tests.backoffice.users.people import PASSWORD, make, signed_in
from tests.trail import entries

pytestmark = pytest.mark.django_db


def with_rights(name, *permissions):
    user = make(name)
    for one in permissions:
        app, codename = one.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return user


def change(client, user, **fields):
    form = {"username": user.username, "email": user.email, "is_active": "on"}
    page = f"/admin/auth/user/{user.pk}/change/"
    return client.post(page, {**form, **fields})


def key_form(*scopes):
    return {
        "new_client": "eve",
        "scopes": scopes,
        "which": "all",
        "requests_per_minute": "100",
    }


def test_who_may_change_users_makes_nobody_a_superuser_and_gives_no_role():
    root = make("root", is_superuser=True)
    eve = with_rights("eve", "auth.view_user", "auth.change_user")
    client = signed_in(eve)
    roles.synchronise()
    operator = Group.objects.get(name="operator")

    change(client, eve, is_superuser="on")
    refused = change(client, eve, groups=[operator.pk])
    assert "it may more than you may" in refused.content.decode()
    passwords = {"password1": "taken over by eve", "password2": "taken over by eve"}
    for answer in (
        change(client, root, email="eve@evil.example"),
        client.post(f"/admin/auth/user/{root.pk}/password/", passwords),
        client.post(
            f"/admin/auth/user/{root.pk}/reset-second-factor/", {"reason": "x"}
        ),
        client.post(f"/admin/auth/user/{root.pk}/unlock/", {"reason": "x"}),
    ):
        assert answer.status_code == 403

    eve.refresh_from_db()
    root.refresh_from_db()
    assert not eve.is_superuser
    assert not eve.groups.exists()
    assert root.email == ""
    assert root.check_password(PASSWORD)


def test_an_administrator_gives_every_role_and_is_no_superuser(ada):
    bert = make("bert")
    client = signed_in(ada)

    change(client, bert, groups=[one.pk for one in Group.objects.all()])
    change(client, bert, is_superuser="on", groups=[])

    bert.refresh_from_db()
    assert not bert.is_superuser
    told = entries("user.changed", about=bert)
    assert told[0].after["groups_added"] == sorted(roles.ROLES)
    assert told[1].after["groups_taken"] == sorted(roles.ROLES)


def test_one_administrator_does_not_change_who_may_more(ada):
    more = with_rights("max", "auth.delete_user")

    assert change(signed_in(ada), more).status_code == 403


def test_rights_of_who_is_barred_count_as_well(ada):
    root = make("root", is_superuser=True, is_active=False)

    assert change(signed_in(ada), root).status_code == 403


def test_nobody_bars_themselves(ada):
    answer = change(signed_in(ada), ada, is_active="")

    assert "You cannot bar yourself." in answer.content.decode()
    ada.refresh_from_db()
    assert ada.is_active


def test_new_rights_end_the_sessions_that_had_the_old_ones(ada):
    bert = make("bert", role="operator")
    his = signed_in(bert)

    change(signed_in(ada), bert, groups=[Group.objects.get(name="viewer").pk])

    assert his.get("/admin/").status_code == 302


def test_roles_are_changed_by_the_command_alone(ada):
    root = signed_in(make("root", is_superuser=True))
    group = Group.objects.get(name="viewer")

    assert root.get(f"/admin/auth/group/{group.pk}/change/").status_code == 200
    for page in (f"{group.pk}/change/", f"{group.pk}/delete/", "add/"):
        answer = root.post(f"/admin/auth/group/{page}", {"name": "x"})
        assert answer.status_code == 403
    assert (
        "lending.view_loan"
        in root.get(f"/admin/auth/group/{group.pk}/change/").content.decode()
    )


def test_the_command_says_what_each_role_may_and_mends_what_differs(capsys):
    call_command("roles")
    first = capsys.readouterr().out
    viewer = Group.objects.get(name="viewer")
    viewer.permissions.add(Permission.objects.get(codename="delete_user"))
    viewer.permissions.remove(Permission.objects.get(codename="view_loan"))

    call_command("roles")

    assert first.count("(changed)") == len(roles.ROLES)
    again = capsys.readouterr().out
    assert again.count("(changed)") == 1
    assert roles.permissions_of(viewer) == roles.ROLES["viewer"].permissions
    told = entries("group.changed", about=viewer)[-1].after
    assert told["permissions_taken"] == ["auth.delete_user"]
    assert told["permissions_added"] == ["lending.view_loan"]


def test_every_scope_says_what_its_giver_must_be_able_to_do():
    assert NEEDS.keys() == set(KeyScope.values)
    known = {
        f"{one.content_type.app_label}.{one.codename}"
        for one in Permission.objects.select_related("content_type")
    }
    for needed in NEEDS.values():
        assert needed
        assert known >= {*needed}


def test_whoever_may_make_keys_gives_no_scope_that_they_lack():
    client = signed_in(with_rights("eve", "backoffice.add_apikey"))
    page = "/admin/backoffice/apikey/add/"

    for scope in KeyScope.values:
        answer = client.post(page, key_form(scope))
        assert "is not one of the available choices" in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_an_engineer_makes_keys_that_read(capsys):
    client = signed_in(make("enzo", role="engineer"))
    page = "/admin/backoffice/apikey/add/"

    client.post(page, key_form(KeyScope.EVENTS_READ, KeyScope.EVENTS_WRITE))
    assert not ApiKey.objects.exists()
    client.post(page, key_form(KeyScope.EVENTS_READ, KeyScope.WEBHOOKS_ADMIN))

    assert ApiKey.objects.get().scopes == ["events:read", "webhooks:admin"]


def test_an_administrator_makes_keys_of_every_scope(ada):
    signed_in(ada).post("/admin/backoffice/apikey/add/", key_form(*KeyScope.values))

    assert ApiKey.objects.get().scopes == sorted(KeyScope.values)


def test_a_new_user_comes_in_and_sees_nothing_before_they_have_a_role(ada):
    form = {"username": "nils", "password1": PASSWORD, "password2": PASSWORD}

    signed_in(ada).post("/admin/auth/user/add/", {**form, "usable_password": "true"})

    nils = User.objects.get(username="nils")
    client = signed_in(nils)
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/lending/loan/").status_code == 403
