"""What the stand-in remembers, kept in a file from one run to the next.

What was on its way when it stopped arrives when it starts again. Logs, webhooks under
way, armed faults and the counted calls are not kept.
"""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

from xero_sync.sandbox import connections, pushes, refreshes
from xero_sync.sandbox.state import World

KEPT = (
    "companies",
    "connections",
    "organisations",
    "pushes",
    "pulls",
    "keys",
    "returning",
    "magic_met",
)


def save(world: World, path: Path) -> None:
    """Write what is remembered; the file changes as a whole or not at all."""
    kept = pickle.dumps({name: getattr(world, name) for name in KEPT})
    if path.exists() and path.read_bytes() == kept:
        return
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(kept)
    new.replace(path)


def load(world: World, path: Path) -> None:
    """Remember what was saved, if anything was."""
    if not path.exists():
        return
    # The file is the sandbox's own, and lies among the data of whoever runs it.
    kept = pickle.loads(path.read_bytes())  # noqa: S301
    for name in KEPT:
        setattr(world, name, kept[name])
    world.count_active()
    _go_on(world)


def _go_on(world: World) -> None:
    for push in world.pushes.values():
        if push.status == "Pending":
            world.later(0, partial(pushes.carry_out, world, push))
    for pull in world.pulls.values():
        if pull.status in refreshes.RUNNING:
            world.later(0, partial(refreshes.finish_pull, world, pull))
    for connection_id in world.returning:
        world.later(0, partial(connections.give_again, world, connection_id))
