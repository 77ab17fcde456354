"""What pages say, by key: each can be translated, and is when it is shown."""

from collections.abc import Mapping

from django.utils.functional import Promise

Words = Mapping[str, str | Promise]
