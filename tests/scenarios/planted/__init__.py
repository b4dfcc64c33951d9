"""Planted bugs: does the harness notice when the code is wrong?

Each bug is a change to a temporary copy of the code, with no switch for it in the code
itself. A change that no longer applies is a failure: the bug moves along with the code.
"""
