"""The drain within the limits, on the real sandbox: `python -m tests.bench.limits`.

The sandbox enforces Codat's published limits: 1,000 requests in any minute, ten at a
time for a company, the daily quota, and no call before a Retry-After has elapsed. We
stay below with WRITEBACK_REQUESTS_PER_MINUTE, 900, and
WRITEBACK_ORGANISATION_PER_MINUTE, 50: the rate that these allow, with what is saved up
for a burst, is what the drain is held to. Looks at what is pending draw on the same
permits and count as requests made.
"""

import argparse
import sys

from tests.bench import setting
from tests.bench.figures import Bar, say, show, show_bars, title
from tests.processes.processes import free_port, wait_until

COMPANIES = 60
CODAT_PER_MINUTE = 1_000


def play(store: setting.Store, *, seconds: int, per_minute: int) -> tuple[Bar, bool]:
    """Drain against a sandbox; print; return the bar and whether a limit was broken."""
    port = free_port()
    log = store.directory / "sandbox.log"
    serve = ("manage.py", "codat_sandbox", "--port", str(port), "--api-key")
    codat = f"http://127.0.0.1:{port}"
    database = store.new()
    env = setting.environment(
        database,
        codat,
        WRITEBACK_REQUESTS_PER_MINUTE=str(per_minute),
        WRITEBACK_ORGANISATION_PER_MINUTE="50",
        WRITEBACK_POLL_SECONDS="15",
    )
    with setting.service(*serve, env["CODAT_API_KEY"], log=log, env=env):
        wait_until("the sandbox", lambda: "stand-in on" in log.read_text(), seconds=30)
        found = setting.child(
            "tests.bench.limited:drain", env, seconds=seconds, companies=COMPANIES
        )
    store.drop(database)
    rate = found["requests"] / found["seconds"] * 60
    share = found["busiest_minute"] / CODAT_PER_MINUTE
    rows = [
        ["seconds", f"{found['seconds']:.1f}"],
        ["requests made", f"{found['requests']:,}"],
        ["of them sends", f"{found['sends']:,}"],
        ["permits in that time", f"{found['allowed']:,.0f}"],
        ["requests a minute", f"{rate:,.0f}"],
        ["our limit a minute", f"{found['per_minute']:,}"],
        ["busiest minute, of Codat's 1,000", f"{share:.0%}"],
        ["answers 429", f"{found['refused']}"],
        ["rules broken in the sandbox", f"{len(found['violations'])}"],
    ]
    show(["", store.kind], rows)
    for violation in found["violations"][:5]:
        say(violation)
    ratio = found["requests"] / found["allowed"]
    is_broken = bool(found["violations"] or found["refused"] or share > 1)
    return Bar("requests made / permits", [ratio], 0.95), is_broken


def main(arguments: list[str] | None = None) -> int:
    """Drain within the limits on each store; 1 if too slow or a limit was broken."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.limits", description=__doc__
    )
    parser.add_argument(
        "--store", choices=setting.STORES, help="the database; both if none is named"
    )
    parser.add_argument(
        "--seconds", type=int, default=60, help="how long (default: %(default)s)"
    )
    parser.add_argument(
        "--per-minute",
        type=int,
        default=900,
        help="requests that we allow ourselves (default: %(default)s)",
    )
    given = parser.parse_args(arguments)
    setting.end_properly()
    is_met = True
    with setting.stores(*([given.store] if given.store else setting.STORES)) as stores:
        for store in stores:
            title(f"Limits on {store.kind}: {COMPANIES} companies, sandbox limits on")
            bar, is_broken = play(
                store, seconds=given.seconds, per_minute=given.per_minute
            )
            is_met &= show_bars([bar]) and not is_broken
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
