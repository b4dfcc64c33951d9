"""The write-back engine.

`planner` decides which entries an event needs; `holds` says what keeps one back;
`claims` takes the next ones under a lock and freezes their bytes and keys; `engine`
drives the HTTP exchanges; `results` stores what came back; `looks` and `unknown` find
out about what is under way; `decisions` are a person's acts; `sweep` finds what got
lost.
"""
