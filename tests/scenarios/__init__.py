"""Seeded simulation of the real code against the sandbox, in one process.

A schedule is made from a seed and from nothing else: a small world (one or two
borrowers with their loans), a script of acts (events recorded, faults, waits, crashes,
frozen workers, webhooks gone wrong, a connection cut and linked again, a person's
decisions), and then a settling phase without faults in which everything must come to
rest. Planner, engine, unknown resolver, webhook view, inbox and sweeper are the real
ones; only the clock, the wire and the database's commit belong to the harness. After
each schedule `invariants` compares the sandbox's books with what was recorded.

- `python -m tests.scenarios --seed N` replays one schedule and tells its story,
- `python -m tests.scenarios --from 1 --count 10000 --jobs 2` runs many,
- `python -m tests.scenarios.planted --search [NAME]` searches a seed for each planted
  bug: a change to a temporary copy of the code that the harness must notice.

`clock` time and randomness · `database` one migrated SQLite in memory, restored between
schedules · `crashes` where a process can die · `wire` the way to the sandbox, watched ·
`world` and `borrowers` what there is · `acts` and `script` what happens · `person` who
answers truthfully what waits for a person · `books` and `invariants` what must hold ·
`schedule` the whole run.
"""
