"""Addresses of the borrowers' pages."""

from django.urls import path

from xero_sync.portal import (
    connecting,
    entries,
    entry,
    feed,
    home,
    opening,
    organisations,
    posting,
    preview,
    questions,
    sharing,
)

urlpatterns = [
    path("connect/", entry.entry, name="customer-entry"),
    # Codat's portal has this one; it stands before what looks like a token.
    path("c/return/", connecting.back_from_xero, name="customer-return"),
    path("c/return/mail/", connecting.mail_after_return, name="customer-return-mail"),
    # In a sitting: no address holds a token.
    path("c/my/", home.home, name="customer-home"),
    path("c/my/preview/", preview.preview, name="customer-preview"),
    path("c/my/posting/", posting.posting, name="customer-posting"),
    path("c/my/leave/", home.leave, name="customer-leave"),
    path("c/my/connect/", connecting.connect, name="customer-connect"),
    path("c/my/disconnect/", connecting.disconnect, name="customer-disconnect"),
    path("c/my/organisation/", organisations.answer, name="customer-organisation"),
    path("c/my/organisations/", organisations.choose, name="customer-organisations"),
    path("c/my/feed/", feed.feed, name="customer-feed"),
    path("c/my/accounts/", questions.overview, name="customer-accounts"),
    path("c/my/accounts/check/", questions.check, name="customer-check"),
    path(
        "c/my/accounts/progress/",
        questions.progress,
        name="customer-accounts-progress",
    ),
    path("c/my/accounts/<slug:name>/", questions.question, name="customer-question"),
    path("c/my/entries/", entries.entries, name="customer-entries"),
    path("c/my/entries.csv", entries.entries_file, name="customer-entries-file"),
    path("c/my/share/", sharing.share, name="customer-share"),
    # The link itself.
    path("c/<str:token>/", opening.open_link, name="customer"),
    path("c/<str:token>/renew/", opening.renew, name="customer-renew"),
]
