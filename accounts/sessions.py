"""Where the sign-ins of browsers are kept: Django's table, asked only for keys that can be in it."""

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Django's store; a cookie that is no key of ours (a NUL would break the database) is no session."""

    def _validate_session_key(self, key: str | None) -> bool:
        # 8: the least Django takes; 40: what its column holds
        return key is not None and 8 <= len(key) <= 40 and key.isascii() and key.isalnum()
