"""White space of every kind in a key, named with its place.

A key with a space in it looks right and is refused by Codat or Xero much later. It is
never mended here: whoever pasted it has to see that something else came along.
"""

import unicodedata
from collections.abc import Iterator
from itertools import groupby

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

# Separators, controls, and what has no width or cannot be seen.
UNSEEN = {"Zs", "Zl", "Zp", "Cc", "Cf", "Cs"}
# Fillers, which Unicode counts as letters, and the empty pattern of Braille.
BLANK_LETTERS = set("\u115f\u1160\u2800\u3164\uffa0")

NAMES: dict[str, Promise] = {
    " ": ngettext_lazy("a space", "%(count)d spaces", "count"),
    "\t": ngettext_lazy("a tab", "%(count)d tabs", "count"),
    "\n": ngettext_lazy("a line break", "%(count)d line breaks", "count"),
    "\u00a0": ngettext_lazy("a no-break space", "%(count)d no-break spaces", "count"),
    "\u202f": ngettext_lazy(
        "a narrow no-break space", "%(count)d narrow no-break spaces", "count"
    ),
    "\u200b": ngettext_lazy(
        "a zero-width space", "%(count)d zero-width spaces", "count"
    ),
    "\ufeff": ngettext_lazy("a byte order mark", "%(count)d byte order marks", "count"),
}
LINE_BREAKS = str.maketrans(dict.fromkeys("\r\x0b\x0c\x85\u2028\u2029", "\n"))


def found_in(text: str) -> list[str]:
    """Return each stretch of white space in a text, in words and with its place."""
    plain = text.replace("\r\n", "\n").translate(LINE_BREAKS)
    if plain and all(_is_unseen(one) for one in plain):
        return [_("nothing but white space")]
    return list(_stretches(plain))


def complaint(text: str, *, name: str) -> str | None:
    """Return the sentence that refuses a key with white space; None for a clean one.

    `name` is what the key is called, such as "The client id".
    """
    found = found_in(text)
    if not found:
        return None
    what = get_text_list(found, _("and"))
    return _(
        "%(name)s contains %(what)s. A key has no spaces of any kind: copy it again, "
        "without them."
    ) % {"name": name, "what": what}


def _is_unseen(one: str) -> bool:
    return one.isspace() or unicodedata.category(one) in UNSEEN or one in BLANK_LETTERS


def _stretches(text: str) -> Iterator[str]:
    start = 0
    for character, alike in groupby(text):
        count = len(list(alike))
        if _is_unseen(character):
            yield f"{_named(character, count)} {_place(start, count, len(text))}"
        start += count


def _named(character: str, count: int) -> str:
    if character in NAMES:
        return str(NAMES[character] % {"count": count})
    name = unicodedata.name(character, _("no name"))
    return ngettext(
        "an unseen character (U+%(code)04X, %(name)s)",
        "%(count)d unseen characters (U+%(code)04X, %(name)s)",
        count,
    ) % {"count": count, "code": ord(character), "name": name}


def _place(start: int, count: int, length: int) -> str:
    if start == 0:
        return _("at the beginning")
    if start + count == length:
        return _("at the end")
    return _("after character %(number)d") % {"number": start}
