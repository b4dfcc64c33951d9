"""Staff for the tests, with passwords, codes and browsers of their own."""

from django.contrib.auth.models import Group, User
from django.test import Client
from django_otp.oath import totp

from backoffice.models import Authenticator
from backoffice.users import roles

PASSWORD = "a long enough phrase"
LOGIN, CODE_PAGE, SESSIONS = (
    "/admin/login/",
    "/admin/second-factor/",
    "/admin/sessions/",
)


def make(name="bert", *, role="", password=PASSWORD, **options):
    user = User.objects.create_user(name, password=password, is_staff=True, **options)
    if role:
        if not Group.objects.filter(name=role).exists():
            roles.synchronise()
        user.groups.add(Group.objects.get(name=role))
    return user


def sign_in(client, name="bert", password=PASSWORD, **options):
    return client.post(LOGIN, {"username": name, "password": password}, **options)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def code_of(user, *, ahead=0):
    """What the app on a person's phone shows, perhaps a step or two ahead."""
    device = Authenticator.objects.filter(user=user).latest("pk")
    return f"{totp(device.key, drift=ahead):06d}"


def set_up(client, user):
    """Go through the set-up page; return the recovery codes."""
    client.post(CODE_PAGE, {"begin": ""})
    answer = client.post(CODE_PAGE, {"code": code_of(user)})
    return answer.context["codes"]
