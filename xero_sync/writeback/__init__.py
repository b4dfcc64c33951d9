"""The write-back engine: each entry gets into Xero once, in order and balanced.

Doors, from an event to its entry: `planner`, `readiness` and `holds` (what keeps one
back), `lines` and `freezing` (what it will say), `engine` (claims, sends, stores and
looks), `inbox`, `due`, `sweep`, `reconsider` (a cause has gone), `choice_looks` and
`lost_choices` (what is gone of a choice, before the next write), `push_looks` and
`strays` (what stands at Codat that we do not know, before the first write after a
start), `stray_marks` and `stray_decisions` (whose it is, by its marks and by a person's
word), `feed_refusals`,
`decisions` (a person's, after a look at Codat), `alarms` (what may stand twice),
`transitions`, `budget`, `backpressure`; `paced_client` for calls that are no entry,
`refreshes` for what is read afresh. `setups` and `setup_matching` for what prepares
the books, `mappings` and `feed_states` for what comes of it; `names` compares
companies'.
"""
