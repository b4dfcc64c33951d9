"""The examples of the description are sent, and answered as it says.

`API_EXAMPLES=write pytest tests/backoffice/api/test_examples.py` writes the answers
into the file anew; read what changed before you commit it.
"""

import json
import os
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from backoffice.api import examples
from tests.backoffice.api.description import operations
from tests.builders import make_company, make_event, make_loan

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*\+00:00")
CURSOR = re.compile(r"cursor=[\w%-]+")

ALL = [
    pytest.param(operation, example, id=f"{operation}-{example.name}")
    for operation, found in examples.all_examples().items()
    for example in found
]


@pytest.fixture
def world(db):
    """What the examples speak of."""
    acme = make_company(reference="acme")
    drawn = make_loan(reference="loan-1", company=acme, invoice_number="INV-1")
    make_loan(reference="loan-2", company=acme, invoice_number="INV-2")
    make_event(loan=drawn, external_id="loan-1:drawdown", recorded_by="api:loan-system")


@pytest.mark.parametrize(("operation", "example"), ALL)
def test_an_example_is_answered_as_the_description_says(
    service, world, operation, example
):
    method, path, _ = operations()[operation]
    path = path.removeprefix("/api/v1/").format(**example.path)
    if example.query:
        path += "?" + urlencode(example.query)

    answer = service.call(method, path, example.body)

    assert answer.status_code == example.status, answer.content
    shown = without_what_differs(answer.json())
    if os.environ.get("API_EXAMPLES") == "write":
        write(operation, example.name, shown)
    else:
        assert shown == example.answer


def test_every_operation_has_an_example_that_succeeds():
    for operation in operations():
        found = examples.of_operation(operation)
        assert any(one.status < 300 for one in found), operation


def without_what_differs(content: Any) -> Any:
    """Put one id and one moment in the place of all."""
    text = json.dumps(content)
    text = UUID.sub("019c8f5e-6c1a-7d3b-9a41-2f6f0d6c1e55", text)
    text = MOMENT.sub("2026-03-31T09:00:00+00:00", text)
    return json.loads(CURSOR.sub("cursor=WyJhZnRlciJd", text))


def write(operation: str, name: str, answer: Any) -> None:
    """Keep an answer as the documented one."""
    content = json.loads(examples.FILE.read_text())
    for one in content[operation]:
        if one["name"] == name:
            one["answer"] = answer
    text = json.dumps(content, indent=2, ensure_ascii=False)
    examples.FILE.write_text(text + "\n")
