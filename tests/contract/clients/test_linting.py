"""The description passes the recommended rules of the two linters of the field."""

import json

from backoffice.api.description.pages import DESCRIPTION
from tests.contract.clients.tools import HERE, needs, run


@needs("npm")
def test_spectral_finds_nothing():
    rules = HERE / "spectral.yaml"

    done = run(
        "spectral", "lint", "--ruleset", rules, "--fail-severity=hint", DESCRIPTION
    )

    assert done.returncode == 0, done.stdout


@needs("npm")
def test_redocly_finds_nothing():
    rules = HERE / "redocly.yaml"

    done = run("redocly", "lint", "--config", rules, "--format=json", DESCRIPTION)

    # It says more before and after what it was asked for.
    found, _ = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])
    assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}, done.stdout
