"""The trail of what was done: who acts (`origin`), writing it, putting it in words.

Doors: `trail.record` writes an entry, `wording` holds the sentence of each verb and
`origin.acting` says for whom and from where something is done.
"""
