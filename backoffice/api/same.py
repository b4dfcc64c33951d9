"""Whether what is there under a natural key is what is being sent again."""

from collections.abc import Mapping

from backoffice.api.authentication import Caller
from backoffice.api.problems import Fault, Problem
from lending.models import Company, Loan

CODE = "reference_taken"


def same_or_conflict(
    existing: Company | Loan, content: Mapping[str, object], caller: Caller
) -> None:
    """Pass the same content.

    Raises:
        Problem: 422, naming the fields that differ; of a company that the key may not
            see it only says that the reference is taken.
    """
    company = existing if isinstance(existing, Company) else existing.company
    if not caller.may_see(company):
        raise _taken("reference: it is already in use; choose another.", ["reference"])
    differing = {
        field: (getattr(existing, field), given)
        for field, given in content.items()
        if getattr(existing, field) != given
    }
    if differing:
        words = "; ".join(
            f"{field} is {stored}, not {given}"
            for field, (stored, given) in differing.items()
        )
        raise _taken(
            f"reference: “{existing.reference}” is there with other content: {words}.",
            list(differing),
        )


def _taken(words: str, fields: list[str]) -> Problem:
    faults = [Fault(words, pointer=f"/{field}", code=CODE) for field in fields]
    return Problem(CODE, words, faults=faults)
