"""The questions about a borrower's accounts, each in a module of its own.

`listing` has them in their order: a further question is a module and a line there.
`asking` says what a question is; `books` reads what there is to choose from.
"""
