"""Staff and their roles: their pages, how they come in, and who came in, on the trail.

There are four ways in, and none beside them:

- Staff: a password of 12 characters or more that is neither common nor made of our own
  words (`passwords.py`), then a code of an app, which counts once, or one of 10
  recovery codes. Passwords never run out. Everybody shows both, whatever they may do.
- Services: an API key of 256 random bits (`backoffice/api_keys`), narrowed by scopes
  and companies; it opens nothing of the admin.
- Borrowers: a link of 256 random bits (`xero_sync/borrowers/links.py`), mailed to them,
  opens their own company's pages alone. It is one factor, as their mailbox is, and
  opens for `CUSTOMER_LINK_DAYS`, however often, until it is revoked.
- Codat: each message is signed, and not older than five minutes.

Guessing: 10 failures lock a name, and an address, for 15 minutes; to go on guessing
does not prolong that, so that nobody is kept out for ever, and an administrator lets a
name try again at once. An address may try 20 times a minute, and 2 passwords are looked
at together in a process. After each wrong code the next wait doubles. From one address
a new link can be asked for 30 times a minute.

Sessions of staff end after 60 minutes in which nothing was done and after 12 hours,
within what NIST SP 800-63B-4 allows for two factors; sittings of borrowers after 30
minutes and 12 hours. Anybody may have any number of them at once: staff see theirs and
end them. New roles, a new password and a second factor that is taken away end the
others. Before a dangerous act whoever has not shown who they are for 15 minutes does so
anew.
"""
