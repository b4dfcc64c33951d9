"""What all processes share: the clock, leases, who lives, and the task queue.

Doors: `clock`, `run` (which start a process belongs to), `leases` (what one of them
holds), `heartbeats`, `throttles` (how often something may be done), `task_queue` (the
only module that knows django-q2), `redis_server` (whether it answers).
"""
