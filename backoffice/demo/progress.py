"""How far the entries have got: one calm line on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from xero_sync.models import SyncRecord, WebhookMessage
from xero_sync.models.choices import CLOSED_STATES, State

LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 120.0
WORDS = {
    State.SENDING: "sending",
    State.PENDING: "on their way",
    State.QUEUED: "queued",
    State.HELD: "waiting for their turn",
    State.UNKNOWN: "being looked for",
    State.FAILED: "refused",
}


class Progress:
    """Writes a line that is replaced by the next one, where that is possible."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._shown = ""

    def show(self, text: str) -> None:
        """Show a line, unless it is the one that is there."""
        if text == self._shown:
            return
        self._shown = text
        self._write(f"\r\033[K  {text}" if self._is_terminal else f"  {text}\n")

    def end(self) -> None:
        """Leave the last line standing."""
        if self._is_terminal and self._shown:
            self._write("\n")

    def _write(self, text: str) -> None:
        # Past Django's wrapper, which would end each line.
        self._stream.write(text, ending="")
        self._stream.flush()


def follow(progress: Progress, check: Callable[[], None]) -> bool:
    """Show the entries travel; tell whether all arrived before patience ran out."""
    gives_up_at = time.monotonic() + PATIENCE_SECONDS
    try:
        while True:
            check()
            is_done, text = _state_of_play()
            progress.show(text)
            if is_done or time.monotonic() > gives_up_at:
                return is_done
            time.sleep(LOOK_SECONDS)
    finally:
        progress.end()


def _state_of_play() -> tuple[bool, str]:
    states = Counter(SyncRecord.objects.values_list("state", flat=True))
    arrived = sum(states[state] for state in CLOSED_STATES)
    messages = WebhookMessage.objects.filter(event_type__contains=".write.").count()
    parts = [f"{arrived:>2} of {states.total()} entries in Xero"]
    parts += [
        f"{states[state]} {word}" for state, word in WORDS.items() if states[state]
    ]
    parts.append(f"webhooks: {messages}")
    return arrived == states.total(), " · ".join(parts)
