import pytest
from django.core.cache import cache

from tests.backoffice.users import people


@pytest.fixture(autouse=True)
def fresh_counts():
    """Nobody has tried before."""
    cache.clear()


@pytest.fixture
def second_factor(settings):
    """As in production: nobody passes without."""
    settings.STAFF_SECOND_FACTOR = True


@pytest.fixture
def bert(db):
    return people.make()


@pytest.fixture
def ada(db):
    return people.make("ada", role="administrator")


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    """Passwords are stretched in earnest, which would make each test wait."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
