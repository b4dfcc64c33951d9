"""What borrowers get from us: links, sittings, consents, mails, and the words for them.

Doors: `connecting`, `consents`, `links`, `link_requests`, `notices`, `line_notices`,
`account_notices`, `consent_notices`, `sittings` (who opened a link), `tasks` (how far a
borrower is), `answering` and `saving` (their answers about the accounts), `foreseeing`
(what these lead to), `wishes` (what they want done at Codat); `wording`, `outcomes`,
`refusals`, `remarks`, `feed_wording`, `scope_words` and `posting_words` have the
sentences of their pages.
"""
