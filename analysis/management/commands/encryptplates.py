"""`manage.py encryptplates`: puts plates that were kept in the clear, or under another key, under the key."""

from django.core.management.base import BaseCommand, CommandError

from analysis.plate_keys import is_keyed
from analysis.resealing import reseal


class Command(BaseCommand):
    """May be run again, and while the desk is at work."""

    help = (
        "Encrypt the plates of footage events, searches and watchlists of before there was a key for plates."
    )

    def handle(self, *args: object, **options: object) -> None:
        if not is_keyed():
            raise CommandError(
                "There is no key for plates: set ASSAY_ENCRYPT_PLATES or ASSAY_PLATE_KEY first."
            )
        done = reseal()
        self.stdout.write(f"{done.sealed} plates and searches encrypted, {done.before} were so before.")
        if done.unreadable:
            self.stdout.write(f"{done.unreadable} were encrypted with another key and cannot be read.")
