"""Names of companies compared: what is equal, and what a person may mean alike."""

import re
import unicodedata

from rapidfuzz import fuzz, utils

# Names at least this alike are offered to a person; only equal ones decide.
ALIKE = 80
# What a company is by law says nothing of who it is.
_LEGAL_FORMS = """
    ltd limited plc llp lp inc incorporated corp corporation co company llc gmbh ag
    kg bv nv sa sas sasu sarl eurl snc spa srl sl pty group groupe holding holdings
    uk gb france the and
"""
LEGAL_FORMS = frozenset(_LEGAL_FORMS.split())
# What a financier's name says of its trade, in the words of both languages.
_TRADE = """
    invoice invoices finance financial financing fin inv funding factoring factors
    factor capital credit commercial cash cashflow lending loans trade receivables
    discounting solutions services affacturage financement finances facture factures
    credits
"""
TRADE = frozenset(_TRADE.split())
# EIF for Example Invoice Finance; a longer word is a name of its own.
ACRONYM_CHARACTERS = range(2, 5)
# Invoice, Finance or Factoring, Capital or Commercial: more would be any short word.
TRADE_INITIALS = frozenset("ifc")


def plain(name: str) -> str:
    """Return a name without case and punctuation; equal ones are the same name."""
    return " ".join(utils.default_process(name).split())


def folded(text: str) -> str:
    """Return a text without case, accents and punctuation, to search in."""
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(one for one in apart if not unicodedata.combining(one))
    return plain(bare)


def likeness(name: str, wanted: str) -> float:
    """Tell how much alike two names are, of 100; 0 if they are not near.

    Legal forms do not count, nor do the words of the trade beside the same first word,
    and initials may stand for a name: each is only ever a candidate for a person.
    """
    whole: float = fuzz.token_sort_ratio(plain(name), plain(wanted))
    ours, theirs = _core(wanted), _core(name)
    if not ours or not theirs:
        return whole if whole >= ALIKE else 0
    bare: float = fuzz.token_sort_ratio(" ".join(theirs), " ".join(ours))
    best = max(whole, bare)
    if best >= ALIKE:
        return best
    is_same_brand = bool(_brand(ours)) and _brand(theirs) == _brand(ours)
    return ALIKE if is_same_brand or _is_acronym(theirs, wanted) else 0


def _core(name: str) -> list[str]:
    words = re.findall(r"\w+", folded(name))
    return [word for word in words if word not in LEGAL_FORMS] or words


def _brand(words: list[str]) -> set[str]:
    """Return the words of a name that are none of the trade's."""
    return {word for word in words if word not in TRADE}


def _is_acronym(words: list[str], wanted: str) -> bool:
    """Tell whether words are initials that may stand for a name: EIF, E.I.F., EFL."""
    if len(words) > 1 and any(len(word) > 1 for word in words):
        return False
    short, ours = "".join(words), folded(wanted).split()
    if len(short) not in ACRONYM_CHARACTERS:
        return False
    whole = "".join(word[0] for word in ours)
    bare = "".join(word[0] for word in _core(wanted))
    return short in {whole, bare} or (
        short[0] == ours[0][0] and set(short[1:]) <= TRADE_INITIALS
    )
