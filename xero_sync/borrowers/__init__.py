"""What borrowers get from us: links, consents, mails, and the words for them.

Doors: `connecting`, `consents`, `links`, `notices`, `line_notices`.
"""
