"""What a write may contain, read from Codat's options."""

import pytest

from tests.xero_sync.codat.builders import COMPANY, CONNECTION, CONNECTION_URL, read
from xero_sync.codat.write_models import Property

URL = f"{CONNECTION_URL}/options/bankAccounts"


def node(**changes):
    return {"type": "String", "displayName": "x", "required": False} | changes


def model_of(answer):
    return read(URL, answer, lambda c: c.get_write_model(COMPANY, CONNECTION, KIND))


KIND = "bankAccounts"


def test_a_model_tells_what_is_taken_and_what_must_be_there():
    choices = [{"value": "Debit", "type": "String"}, {"value": "Credit"}]
    model = model_of(
        node(
            type="Object",
            properties={
                "accountName": node(required=True),
                "accountType": node(options=choices),
                "sortCode": node(options=None),
            },
        )
    )

    assert model.properties["accountType"] == Property(False, ("Debit", "Credit"))
    assert model.required == {"accountName"}
    assert model.takes("accountType", "Credit")
    assert model.takes("sortCode", "anything")
    assert not model.takes("accountType", "Loan")
    assert not model.takes("nominalCode", "090")


@pytest.mark.parametrize("properties", [None, [], "x", {"accountName": None}])
def test_what_says_nothing_of_a_property_requires_nothing(properties):
    model = model_of(node(type="Object", properties=properties))

    assert model.required == set()
