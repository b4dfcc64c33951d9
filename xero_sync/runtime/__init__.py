"""What all processes share: the clock, leases that one of them holds, the task queue.

Doors: `clock`, `leases`, `task_queue` (the only module that knows django-q2).
"""
