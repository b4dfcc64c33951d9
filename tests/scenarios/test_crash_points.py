"""A process can be made to die at every named point, and what it left is mended."""

import json

import pytest

from tests.marks import on_any_database
from tests.scenarios.planted.copies import ROOT, run_code

# A schedule keeps to a SQLite of its own.
pytestmark = on_any_database
POINTS_AND_WHAT_LEADS_THERE = {
    "planning": "record()",
    "claim": "record(), sweep",
    "send": "record(), sweep",
    "store": "record(), sweep",
    "intake": "record(), sweep, on",
    "inbox": "record(), sweep, on",
    "look": "record(), sweep, on",
    "refresh": "record('invoice_payment'), sweep, on",
    "sweep": "record(), asleep, on",
    "connection": "Act('cut', {'who': 0, 'status': 'Deauthorized'}), sweep, on",
}
PLAY = """
import json
from tests.scenarios.runs import prepare
prepare()
from tests.scenarios.acts import Act
from tests.scenarios.crashes import POINTS
from tests.scenarios.schedule import run

def record(kind="drawdown"):
    given = {"who": 0, "loan": 0, "kind": kind, "amount": "100.00", "days_ago": 0}
    return Act("record", given)

sweep, on = Act("sweep"), Act("go_on", {"seconds": 600})
asleep = Act("crash", {"at": "claim: committed, not sent", "time": 1}, (sweep,))
leads = %s
told = {}
for at in POINTS:
    inner = eval("(" + leads[at.partition(":")[0]] + ",)")
    lost = Act("fault", {"kind": "lose_reply_after", "match": "transfers"})
    acts = [record(), lost] if at.startswith("look") else []
    acts += [Act("pace", {"push": 30, "refresh": 1})]
    acts += [Act("crash", {"at": at, "time": 1}, inner)]
    verdict = run(1, acts)
    told[at] = [verdict.deaths, verdict.broken]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told():
    return json.loads(run_code(ROOT, PLAY % repr(POINTS_AND_WHAT_LEADS_THERE)))


def test_every_point_kills_and_everything_settles_afterwards(told):
    alive = [at for at, (deaths, _) in told.items() if at not in deaths]
    broken = {at: words for at, (_, words) in told.items() if words}

    assert len(told) >= 20
    assert alive == []
    assert broken == {}
