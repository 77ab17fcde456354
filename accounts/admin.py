"""Users, teams and credentials for admins."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import credentials
from accounts.models import Credential, Role, Team, User


class NewUserForm(AdminUserCreationForm):
    """A new user, by e-mail."""

    class Meta:
        model = User
        fields = ("email", "name", "role")
        field_classes: dict[str, Any] = {}

    def clean_email(self) -> str:
        """E-mails are stored in lower case."""
        return str(self.cleaned_data["email"]).strip().lower()


class ChangedUserForm(UserChangeForm):
    """An existing user. The last admin stays one: nobody could make another."""

    def clean(self) -> dict[str, Any]:
        """Refuses to take role or activity of the last admin; who signed in is never deleted anyway."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        stays = cleaned.get("role") == Role.ADMIN and cleaned.get("is_active")
        admins = User.objects.filter(is_superuser=True, is_active=True)
        if not stays and not admins.exclude(pk=self.instance.pk).exists():
            raise ValidationError(f"{self.instance.email} is the last active admin. Make another one first.")
        return cleaned


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Users. The role decides who may open this admin."""

    form = ChangedUserForm
    add_form = NewUserForm
    ordering = ("email",)
    list_display = ("email", "name", "role", "is_active", "last_login", "created")
    list_filter = ("role", "is_active", "teams")
    search_fields = ("email", "name")
    filter_horizontal = ()
    readonly_fields = ("last_login", "created")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("What they may do", {"fields": ("role", "is_active")}),
        ("Dates", {"fields": ("last_login", "created")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "role", "usable_password", "password1", "password2")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Saves the user; admins are staff, and nobody else is."""
        obj.email = obj.email.strip().lower()
        obj.is_staff = obj.is_superuser = obj.role == Role.ADMIN
        super().save_model(request, obj, form, change)


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    """Teams and their members."""

    list_display = ("name", "created")
    search_fields = ("name",)
    filter_horizontal = ("members",)


@admin.register(Credential)
class CredentialAdmin(admin.ModelAdmin):
    """Everything that lets somebody in: to look at, and to end."""

    list_display = ("user", "kind", "name", "created", "last_used", "expires", "revoked")
    list_filter = ("kind",)
    list_select_related = ("user",)
    search_fields = ("user__email", "name")
    actions = ("revoke",)
    ordering = ("-created",)

    @admin.action(description="End the selected credentials, with their sockets")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        """Ends every selected credential."""
        for credential in queryset:
            credentials.revoke(credential)
        self.message_user(request, "Ended. Open sockets close within 5 seconds.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Credentials are made by signing in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Credential | None = None) -> bool:
        """Credentials are ended, never edited."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Credential | None = None) -> bool:
        """What let somebody in stays on record."""
        return False
