"""A borrower's connection to Codat: adopted, followed, switched, let go.

Doors: `adopting`, `onboarding`, `status`, `switches`, `offboarding`, `daily_check`;
`alerts` says what needs an operator.
"""
