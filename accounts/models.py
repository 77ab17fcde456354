"""Who may do what: users, the teams that share, and the credentials that prove them."""

import uuid

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a user may do: look, examine, or run the desk."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"


class UserManager(BaseUserManager["User"]):
    """Creates users by e-mail; e-mails are stored in lower case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """A user who can sign in with `email` and `password`; an analyst unless `role` says otherwise.

        Raises ValueError without an e-mail.
        """
        if not email:
            raise ValueError("A user needs an e-mail address; it is the sign-in name.")
        if fields.get("role") == Role.ADMIN:
            fields = {"is_staff": True, "is_superuser": True} | fields
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """An admin: staff, superuser, role admin."""
        return self.create_user(email, password, **{"role": Role.ADMIN} | fields)


class User(AbstractBaseUser, PermissionsMixin):
    """An account; owns media, runs and topics."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.ANALYST)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_whatever_case")]

    def __str__(self) -> str:
        return self.name or self.email


class Team(models.Model):
    """People who see each other's media when it is shared with the team."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=150, unique=True)
    members = models.ManyToManyField(User, related_name="teams", blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class Credential(models.Model):
    """One proof of identity that can be taken back: a browser sign-in, a token family, an API key.

    Every JWT, session and socket names the credential it came from; revoking the row ends them all.
    `secret_sha256` is set for API keys only; the key itself is shown once and never stored.
    """

    class Kind(models.TextChoices):
        SESSION = "session", _("Browser")
        JWT = "jwt", _("Program")
        API_KEY = "api_key", _("API key")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="credentials")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=100, blank=True)
    secret_sha256 = models.CharField(max_length=64, null=True, blank=True, unique=True, editable=False)
    created = models.DateTimeField(default=timezone.now, editable=False)
    last_used = models.DateTimeField(null=True, blank=True)
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"


class SocketTicket(models.Model):
    """Lets one socket in, once, within 30 s; only the digest of the ticket is stored."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE)
    expires = models.DateTimeField(db_index=True)


class IdempotencyRecord(models.Model):
    """What a creating write was answered, so that the same write sent again is not done again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    status = models.IntegerField()
    body = models.TextField()  # as text: jsonb would sort the members
    headers = models.JSONField(default=dict)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_user_key")]
        indexes = [models.Index(fields=["created"], name="idempotency_created")]

    def __str__(self) -> str:
        return self.key
