"""How fast it is, measured: `python -m tests.bench`, or one bench by its name.

- `push`: the drain beside what one would write instead, against a stub at 0 and 50 ms.
- `limits`: the drain against the sandbox with its limits on.
- `history`: the cost of an event after ten thousand and after a million others.
- `recording`: the service that records an event beside bare inserts of the same rows.
- `api`: posting an event over the API beside the framework's bare create view.

Each bench starts children (`child`) on scratch databases of its own under .data/bench,
or PostgreSQL databases named bench_*, and takes everything away again. What is timed
happens in a child: `pushers` and `tasks` for `push`, `limited`, `past`, `recorders`.
Only ratios taken in one run mean anything: the stub, the database and the contestant
share the machine, and a busy machine shifts all figures.
"""
