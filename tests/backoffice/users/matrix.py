"""Who may see and do what at each address: the table that the tests go through.

An address that is added and not classified here fails them. Those of the API stand in
`api/framework/test_access.py`, those of the borrowers in `portal/test_roles.py`.
"""

from dataclasses import dataclass, field

ALL = frozenset({"viewer", "operator", "approver", "engineer", "administrator"})
WORK = frozenset({"operator", "approver", "administrator"})
LET_GO = frozenset({"approver", "administrator"})
WIRE = frozenset({"engineer", "administrator"})
ADMIN = frozenset({"administrator"})
NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Pages:
    """The pages of a model, by role; nobody deletes anything."""

    see: frozenset[str] = ALL
    add: frozenset[str] = NOBODY
    change: frozenset[str] = NOBODY
    acts: dict[str, frozenset[str]] = field(default_factory=dict)


def acts(who: frozenset[str], *names: str) -> dict[str, frozenset[str]]:
    return dict.fromkeys(names, who)


MODELS = {
    "lending_company": Pages(
        add=WORK,
        change=WORK,
        acts=acts(
            WORK,
            "connect",
            "customer-link",
            "mail-customer-link",
            "revoke-customer-links",
        ),
    ),
    "lending_loan": Pages(add=WORK, change=WORK, acts=acts(WORK, "close")),
    "lending_loanevent": Pages(add=WORK, acts=acts(WORK, "reverse")),
    "lending_auditentry": Pages(),
    "auth_user": Pages(
        see=ADMIN,
        add=ADMIN,
        change=ADMIN,
        acts=acts(ADMIN, "reset-second-factor", "unlock"),
    ),
    "auth_group": Pages(see=ADMIN),
    "xero_sync_connection": Pages(
        acts=acts(
            WORK,
            "confirm-organisation",
            "replace-organisation",
            "read-now",
            "switch-on",
            "switch-off",
            "feeds-on",
            "feeds-off",
            "mark-demo",
            "unmark-demo",
            "disconnect",
            "let-go-on",
            "pushes-anothers",
            "pushes-ours",
        )
        | acts(LET_GO, "off-board")
    ),
    "xero_sync_lenderaccount": Pages(
        acts=acts(
            WORK,
            "connect",
            "give-feed",
            "look",
            "start-date",
            "rename",
            "balance",
            "disconnect",
            "close",
        )
    ),
    "xero_sync_missingline": Pages(),
    "xero_sync_accountmapping": Pages(),
    "xero_sync_accountsetup": Pages(acts=acts(WORK, "try-again")),
    "xero_sync_connectioncheckrun": Pages(),
    "xero_sync_borrowerlink": Pages(acts=acts(WORK, "revoke")),
    "xero_sync_borrowernotice": Pages(acts=acts(WORK, "send-again")),
    "xero_sync_syncrecord": Pages(
        acts=acts(
            WORK,
            "settle-alarm",
            "send-again",
            "not-in-xero",
            "link-by-hand",
            "cancel",
        )
    ),
    "xero_sync_writerequest": Pages(see=WIRE),
    "xero_sync_writeattempt": Pages(see=WIRE),
    "xero_sync_webhookmessage": Pages(see=WIRE),
    "xero_sync_heartbeat": Pages(see=WIRE),
    "xero_sync_ratescope": Pages(see=WIRE),
    "xero_sync_lane": Pages(see=WIRE),
    "xero_sync_partnerprogramme": Pages(
        acts=acts(
            WIRE,
            "type",
            "ask-for-feeds",
            "drop-feeds",
            "prepare",
            "reopen",
            "step",
            "withdraw",
            "not-eligible",
            "eligible",
            "review",
            "scopes-changed",
        )
    ),
    "xero_sync_xeroapp": Pages(
        acts=acts(
            WIRE,
            "register",
            "links",
            "keys",
            "reveal",
            "pasted",
            "enable",
            "disable",
            "look",
            "approve-feeds",
            "withdraw-feeds",
            "feeds-on",
            "feeds-off",
        )
    ),
    "backoffice_apiclient": Pages(see=WIRE, change=WIRE),
    "backoffice_apikey": Pages(see=WIRE, add=WIRE, acts=acts(WIRE, "revoke")),
    "backoffice_webhookendpoint": Pages(
        see=WIRE,
        add=WIRE,
        change=WIRE,
        acts=acts(
            WIRE, "enable", "test", "replay", "rotate-secret", "disable", "remove"
        ),
    ),
    "backoffice_webhookdelivery": Pages(see=WIRE, acts=acts(WIRE, "replay")),
}
# What belongs to no model, with its reason.
OTHERS = {
    "index": "what each role sees of it is on it",
    "login": "for everybody",
    "logout": "one's own",
    "password_change": "one's own",
    "password_change_done": "one's own",
    "second-factor": "one's own",
    "staff-sessions": "one's own",
    "autocomplete": "asks for the right to view the model; see below",
    "jsi18n": "Django's words",
    "view_on_site": "leads nowhere: no model has a page outside",
    "app_list": "a part of the overview",
    "auth_user_password_change": "as to change a user; see below",
    "xero_sync_partnerprogramme_report": "as to view the programme",
}
STANDARD = ("changelist", "history", "delete", "change", "add")


def names() -> set[str]:
    """All names of addresses in the admin that the table knows."""
    of_models = {
        f"{model}_{page}"
        for model, pages in MODELS.items()
        for page in (*STANDARD, *pages.acts)
    }
    return of_models | OTHERS.keys()
