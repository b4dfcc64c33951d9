"""The examples of the description are sent, and answered as it says.

`API_EXAMPLES=write pytest PATH` writes the answers into the file anew; read what
changed before you commit it.
"""

import json
import os
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings

from backoffice.api.description import examples
from tests.backoffice.api.description.committed import operations
from tests.backoffice.api.description.example_world import (
    as_documented,
    make_world,
    really,
)
from tests.xero_sync.commands.worlds import codat_on_a_port

ALL = [
    pytest.param(operation, example, id=f"{operation}-{example.name}")
    for operation, found in examples.all_examples().items()
    for example in found
]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """One for all examples; what one of them changes here is rolled back after it."""
    with (
        django_db_blocker.unblock(),
        transaction.atomic(),
        override_settings(),
        codat_on_a_port(settings) as codat,
    ):
        yield make_world(codat)
        transaction.set_rollback(True)


@pytest.mark.parametrize(("operation", "example"), ALL)
def test_an_example_is_answered_as_the_description_says(
    service, world, operation, example
):
    method, path, _ = operations()[operation]
    path = path.removeprefix("/api/v1/").format(**really(example.path, world))
    if example.query:
        path += "?" + urlencode(example.query)

    answer = service.call(method, path, really(example.body, world))

    assert answer.status_code == example.status, answer.content
    shown = as_documented(answer.json()) if answer.content else None
    if os.environ.get("API_EXAMPLES") == "write":
        write(operation, example.name, shown)
    else:
        assert shown == example.answer


def test_every_operation_has_an_example_that_succeeds():
    for operation in operations():
        found = examples.of_operation(operation)
        assert any(one.status < 300 for one in found), operation


def write(operation: str, name: str, answer: Any) -> None:
    """Keep an answer as the documented one."""
    content = json.loads(examples.FILE.read_text())
    for one in content[operation]:
        if one["name"] == name:
            one["answer"] = answer
    text = json.dumps(content, indent=2, ensure_ascii=False)
    examples.FILE.write_text(text + "\n")
