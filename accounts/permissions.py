"""Who may do what, by role. Everything not opened on purpose needs a sign-in."""

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.models import Credential, Role, User


def may_examine(user: User) -> bool:
    """Whether `user` may upload, run and cancel; viewers may only look."""
    return user.is_authenticated and user.role != Role.VIEWER


class CanExamine(BasePermission):
    """Looking is for every signed-in user; changing anything is for analysts and admins."""

    message = "Your role (viewer) may look, but not upload, run or cancel. Ask an admin for the role analyst."
    code = "viewer_may_not"

    def has_permission(self, request: Request, view: object) -> bool:
        user = request.user
        if not isinstance(user, User):
            return False
        return request.method in SAFE_METHODS or may_examine(user)


class IsStaff(BasePermission):
    """Admins only."""

    message = "Only admins may do this."
    code = "admins_only"

    def has_permission(self, request: Request, view: object) -> bool:
        return isinstance(request.user, User) and request.user.is_staff


class NotByAPIKey(BasePermission):
    """Keys are made and ended by people: a stolen key must not be able to make itself a successor."""

    message = "An API key cannot manage API keys; sign in instead."
    code = "not_by_api_key"

    def has_permission(self, request: Request, view: object) -> bool:
        return not (isinstance(request.auth, Credential) and request.auth.kind == Credential.Kind.API_KEY)
