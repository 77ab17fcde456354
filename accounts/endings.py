"""What ends every sign-in of a user at once: a new password, and being switched off."""

from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts import credentials
from accounts.models import User


class EndEverySignIn:
    """Registered as a password validator: Django tells those of every change, wherever it was made."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Any password will do for this one."""

    def get_help_text(self) -> str:
        return "A new password ends every sign-in and every API key of the account."

    def password_changed(self, password: str, user: User | None = None) -> None:
        """Ends every session, token family, API key and socket of the user."""
        if user is not None:
            credentials.revoke_all(user)


@receiver(post_save, sender=User)
def _end_when_switched_off(sender: object, instance: User, *, created: bool, **_: object) -> None:
    # `live` refuses inactive users anyway; without this their old tokens would work again after
    # somebody switches the account back on.
    if not created and not instance.is_active:
        credentials.revoke_all(instance)
