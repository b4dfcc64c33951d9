"""Settings of how staff sign in that no installation chooses."""

from datetime import timedelta

_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {
        "NAME": "backoffice.users.passwords.LongEnough",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]

AUTHENTICATION_BACKENDS = [
    # The first one says no to what is locked, before a password is looked at.
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
# Whoever goes on guessing must not keep the owner out for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "backoffice.origin.address_of"
AXES_USERNAME_CALLABLE = "backoffice.users.sign_in.counted_as"
AXES_LOCKOUT_CALLABLE = "backoffice.users.sign_in.locked"
# The trail and our log tell of it, without what was typed.
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

# Else they would be in a cookie of their own, which is not bound to the host.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
