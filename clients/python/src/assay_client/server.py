"""Where the server is, and the credential it is shown. Neither is ever printed with its secret."""

from collections.abc import Callable
from urllib.parse import quote, urlsplit

# A token, or a function that gives the one that is good now: access tokens end after five minutes.
Token = str | Callable[[], str]


class Server:
    """An address such as https://assay.example.org, and who we are there."""

    def __init__(self, url: str, token: Token) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("The address of the server must begin with http:// or https://.")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("The address of the server may hold no user, password, query or fragment.")
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        self._prefix = parts.path.rstrip("/")
        self._token = token

    @property
    def renews_tokens(self) -> bool:
        """Whether asking again may bring another token."""
        return callable(self._token)

    def headers(self) -> dict[str, str]:
        """The credential, for one request."""
        token = self._token() if callable(self._token) else self._token
        return {"Authorization": f"Bearer {token}"}

    def address(self, path: str) -> str:
        """The full address of an absolute path of ours."""
        return f"{self.url}{path}"

    def socket_address(self, path: str) -> str:
        return f"ws{self.url.removeprefix('http')}{path}"

    def path_of(self, location: str) -> str:
        """The path a Location header names. Raises ValueError when it leads to another server."""
        parts = urlsplit(location)
        own = urlsplit(self.url)
        if (parts.scheme or own.scheme, parts.netloc or own.netloc) != (own.scheme, own.netloc):
            raise ValueError("The server named an address that is not its own.")
        return parts.path.removeprefix(self._prefix)

    def __repr__(self) -> str:
        return f"Server({self.url!r})"


def part(text: str) -> str:
    """A text as one part of a path."""
    # A part of dots alone would be taken for a step up in the path.
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")
