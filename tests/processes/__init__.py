"""The product as it runs in production, and somebody who kills its processes.

A run starts the sandbox, the web (gunicorn), the cluster (`qcluster`) and, for its
second half, `push_drain --loop`: real processes with a database of their own, each
restarted by a supervisor as systemd would do it. A load records events through the web
and repeats what got no answer; meanwhile a killer, drawing from a seeded generator,
sends SIGKILL to the cluster or one of its children, to the drain, to the web between
commit and answer, restarts PostgreSQL and empties Redis. In the end everything must
settle, and the books in the sandbox, read over HTTP, must hold each event once, in
order, with the predicted balances.

    python -m tests.processes --kills 200 [--store sqlite|postgres] [--seed N]

- `stores`: where a run keeps its things; its own PostgreSQL and Redis for restarts.
- `processes`: start, find and kill; `crew`: the processes of a run, supervised.
- `load`: the events; `killer`: the deck of kills; `play`: a whole run.
- `borrowers`: what needs Django: it arranges and judges, in a process of its own.
- `settings`, `web`: the product's settings and addresses, plus places to die at.
"""
