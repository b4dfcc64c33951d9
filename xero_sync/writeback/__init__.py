"""The write-back engine: each entry gets into Xero once, in order and balanced.

Doors, from an event to its entry: `planner`, `readiness` and `holds` (what keeps one
back), `lines` and `freezing` (what it will say), `engine` (claims, sends, stores and
looks), `inbox`, `due`, `sweep`, `reconsider` (a cause has gone), `feed_refusals`,
`decisions` (a person's, after a look at Codat), `alarms` (what may stand twice),
`transitions`, `budget`; `paced_client` for calls that are no entry, and `exchange`,
`refreshes`, `results` for writes that prepare the books; `names` compares companies'.
"""
