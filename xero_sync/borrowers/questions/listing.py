"""The questions, in the order in which they are asked."""

from xero_sync.borrowers.questions.asking import Question
from xero_sync.borrowers.questions.bank import Bank
from xero_sync.borrowers.questions.fee import Fee
from xero_sync.borrowers.questions.lender import Lender
from xero_sync.borrowers.questions.supplier import Supplier
from xero_sync.borrowers.questions.tax import Tax

QUESTIONS: tuple[Question, ...] = (Lender(), Bank(), Fee(), Tax(), Supplier())


def named(name: str) -> Question | None:
    """Return the question of a name, if there is one."""
    return next((one for one in QUESTIONS if one.name == name), None)
