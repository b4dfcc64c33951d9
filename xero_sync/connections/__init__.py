"""A borrower's connection to Codat: adopted, followed, switched, let go.

Doors: `adopting`, `onboarding`, `status`, `switches`, `offboarding`, `daily_check`;
`backfill` reads what posting keeps back, `backfill_wording` says it to the lender;
`alerts` says what needs an operator, `stray_wording` what is held after a restore.
"""
