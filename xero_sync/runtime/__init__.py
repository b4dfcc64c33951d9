"""What all processes share: the clock, leases, who lives, and the task queue.

Doors: `clock`, `run` (which start a process belongs to), `leases` (what one of them
holds), `heartbeats`, `throttles` (how often a page may be asked), `task_queue` (the
only module that knows django-q2).
"""
