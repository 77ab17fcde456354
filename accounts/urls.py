"""Addresses of accounts: pages and REST."""

from django.urls import URLPattern, URLResolver, path

from accounts import api, api_docs, pages

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", pages.sign_in, name="sign-in"),
    path("sign-out/", pages.sign_out, name="sign-out"),
    path("account/", pages.account, name="account"),
    path("account/name/", pages.change_name, name="account-name"),
    path("account/password/", pages.change_password, name="account-password"),
    path("account/keys/", pages.make_key, name="account-keys"),
    path("account/credentials/<uuid:credential_id>/revoke/", pages.revoke, name="account-revoke"),
    path("api/v1/schema/", api_docs.SchemaView.as_view(), name="api-schema"),
    path("api/v1/docs/", api_docs.docs, name="api-docs"),
    path("api/v1/auth/token/", api.TokenView.as_view()),
    path("api/v1/auth/token/refresh/", api.TokenRefreshView.as_view()),
    path("api/v1/auth/token/blacklist/", api.TokenBlacklistView.as_view()),
    path("api/v1/auth/ws-ticket/", api.TicketView.as_view()),
    path("api/v1/auth/api-keys/", api.APIKeysView.as_view()),
    path("api/v1/auth/api-keys/<uuid:key_id>/", api.APIKeyView.as_view()),
]
