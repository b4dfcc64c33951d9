"""What can happen to the answer of a write: the sandbox's faults, and their values."""

ANSWERS = [
    ("lose_reply_before", {}),
    ("lose_reply_after", {}),
    ("lose_reply_after", {"times": 4}),
    ("late_landing", {"seconds": 540, "times": 9}),
    ("error_before", {}),
    ("error_after", {}),
    ("bad_json", {}),
    ("busy", {"retry_after": 90}),
    ("in_progress", {}),
]
