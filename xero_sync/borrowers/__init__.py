"""What borrowers get from us: links, consents, mails, and the words for them.

Doors: `connecting`, `consents`, `links`, `link_requests`, `notices`, `line_notices`;
`wording`, `outcomes` and `remarks` have the sentences of their pages.
"""
