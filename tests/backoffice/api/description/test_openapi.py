"""The description: what the code says, complete, and readable without the network."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command

from backoffice.api.description.pages import DESCRIPTION
from backoffice.api.framework import refusals
from backoffice.api.framework.problem_codes import all_codes
from lending.exceptions import LendingError
from tests.backoffice.api.description.committed import description, followed, operations
from xero_sync.codat.exceptions import WritebackBlocked

ROOT: Path = settings.BASE_DIR


def test_the_committed_description_is_what_the_code_says(tmp_path):
    made = tmp_path / "openapi.yaml"

    call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)

    assert made.read_text() == DESCRIPTION.read_text(), (
        "manage.py spectacular --validate --fail-on-warn "
        "--file backoffice/api/description/openapi.yaml"
    )


def test_it_is_served_to_everybody(client):
    answer = client.get("/api/v1/schema/")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/yaml"
    assert answer.content == DESCRIPTION.read_bytes()


def test_the_page_takes_everything_from_this_host(client):
    page = client.get("/api/v1/docs/").content.decode()

    sources = re.findall(r"""(?:src|href)="([^"]+)""", page)
    assert len(sources) >= 3
    assert all(one.startswith(("/static/", "/api/v1/docs/?")) for one in sources)
    script = client.get("/api/v1/docs/?script=").content.decode()
    assert '"/api/v1/schema/"' in script
    assert '"validatorUrl": null' in script


@pytest.mark.parametrize("operation", operations())
def test_an_operation_says_all_there_is_to_know(operation):
    method, path, shown = operations()[operation]

    scope = shown["security"][0]["bearerKey"][0]
    assert shown["summary"]
    assert f"Scope: `{scope}`." in shown["description"]
    assert {"400", "401", "403", "406", "429", "500"} <= set(shown["responses"])
    names = [one["name"] for one in shown.get("parameters", [])]
    assert ("Idempotency-Key" in names) == (method in {"POST", "PUT", "PATCH"})
    assert ("404" in shown["responses"]) or "{" not in path
    for one in shown.get("parameters", []):
        assert one["schema"].keys() & {"pattern", "enum", "format", "type"}
        assert one["in"] == "path" or one["description"]


def test_a_fault_is_always_a_problem_document():
    for name, answer in description()["components"]["responses"].items():
        assert name.startswith("Refused")
        assert list(answer["content"]) == ["application/problem+json"]


def codes_in_code() -> Iterator[str]:
    """What the code of the API raises: by name, and through our services."""
    for path in (ROOT / "backoffice").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name("Problem"), args=[ast.Constant(code), *_]):
                    yield code
    yield from refusals.CODES.values()
    for base in (LendingError, WritebackBlocked):
        for kind in [base, *subclasses(base)]:
            yield getattr(kind, "code", "") or kind.default_code


def subclasses(base: type) -> Iterator[type]:
    for one in base.__subclasses__():
        yield one
        yield from subclasses(one)


def test_every_code_that_can_be_raised_is_explained():
    raised = set(codes_in_code())

    assert len(raised) > 30
    assert raised - set(all_codes()) == set()


def test_the_type_of_a_problem_leads_to_its_explanation(service, client):
    problem = service.get("loans/nothing").json()
    assert problem["type"] == "http://testserver/api/v1/problems/not_found"

    page = client.get(problem["type"].removeprefix("http://testserver"))

    assert "There is no such resource, or the key may not see it." in (
        page.content.decode()
    )
    assert client.get("/api/v1/problems").status_code == 200
    unknown = client.get("/api/v1/problems/unheard_of")
    assert unknown.status_code == 404
    assert unknown.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("page", ["schema/", "docs/", "problems"])
def test_a_page_that_is_only_read_names_its_methods(client, page):
    answer = client.post(f"/api/v1/{page}")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_each_answer_says_what_it_is():
    for name, (_method, _path, shown) in operations().items():
        for status, answer in shown["responses"].items():
            assert followed(answer)["description"], f"{name} {status}"


def test_each_example_has_a_label_of_its_own():
    for name, (_method, _path, shown) in operations().items():
        places = [*shown.get("parameters", [])]
        for one in [shown.get("requestBody", {}), *shown["responses"].values()]:
            places += one.get("content", {}).values()
        for place in places:
            examples = place.get("examples", {}).values()
            labels = [one["summary"] for one in examples]
            assert len(set(labels)) == len(labels), name
            assert all(labels), name


def test_each_tag_is_explained():
    explained = {one["name"] for one in description()["tags"] if one["description"]}

    used = {tag for _, _, shown in operations().values() for tag in shown["tags"]}
    assert used == explained


def is_number(text: str) -> bool:
    """Whether YAML 1.2 takes it for one, in whichever way it is written."""
    bases = {"0o": 8, "0x": 16}
    try:
        int(text[2:], bases[text[:2]]) if text[:2] in bases else float(text)
    except ValueError:
        return False
    return True


def test_text_is_no_number_to_any_reader_of_yaml():
    plain = [
        token.value
        for token in yaml.scan(DESCRIPTION.read_text())
        if isinstance(token, yaml.ScalarToken) and token.plain
    ]

    for value in plain:
        # What PyYAML, which knows YAML 1.1, takes for text, YAML 1.2 has to as well.
        if isinstance(yaml.safe_load(value), str):
            assert not is_number(value), value
    assert "090" not in plain


def test_an_item_of_a_batch_has_a_type():
    items = description()["components"]["schemas"]["BatchBody"]["properties"]["events"]

    assert items["items"] == {"$ref": "#/components/schemas/BatchItem"}
