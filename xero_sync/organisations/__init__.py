"""Which Xero organisation a connection leads to, and what if it is another one.

Door: `changes`.
"""
