"""What is done in the back office itself, as the trail says it."""

from django.utils.translation import gettext_lazy as _

from lending.audit import wording

wording.register(
    {
        "user.signed_in": _("Signed in."),
        "user.signed_out": _("Signed out."),
        "user.sign_in_failed": _("Tried in vain to sign in."),
        "user.locked": _("Was locked for a while: too many wrong passwords."),
        "user.unlocked": _("Let try again to sign in."),
        "user.session_ended": _("A session ended."),
        "user.second_factor_set_up": _("Set up a second factor."),
        "user.second_factor_passed": _("Showed the second factor."),
        "user.second_factor_failed": _("Showed a wrong code."),
        "user.recovery_codes_made": _("Made new recovery codes."),
        "user.recovery_code_used": _("Used up a recovery code."),
        "user.second_factor_reset": _("Took the second factor away."),
        "user.password_set": _("Set the password."),
        "user.created": _("Made the user."),
        "user.changed": _("Changed the user."),
        "group.changed": _("Changed what the role may do."),
        "company.exported": _("Exported everything that is held about the company."),
        "encryption.resealed": _("Encrypted the secrets anew under the first key."),
        "retention.erased": _("Erased what had been kept for long enough."),
        "api_key.made": _("Made a key of the API."),
        "api_key.revoked": _("Revoked the key."),
        "api_client.on": _("Switched the client on."),
        "api_client.off": _("Switched the client off: none of its keys is accepted."),
        "endpoint.made": _("Made a webhook endpoint."),
        "endpoint.changed": _("Changed the endpoint."),
        "endpoint.secret_changed": _("Gave the endpoint a new secret."),
        "endpoint.enabled": _("Enabled the endpoint."),
        "endpoint.disabled": _("Disabled the endpoint."),
        "endpoint.deleted": _("Deleted the endpoint."),
        "endpoint.tested": _("Sent the endpoint a test."),
        "endpoint.replayed": _("Sent the endpoint messages once more."),
    }
)
