"""Multipart forms with a file, received straight into the store while they arrive."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import BaseParser, DataAndFiles

from accounts.problems import Problem
from analysis.connections import let_go
from analysis.uploads.incoming import Incoming, Received, refuse_size
from analysis.uploads.multipart import Malformed, Part, boundary_of, parts
from analysis.uploads.names import display_name
from analysis.uploads.places import require_space

MAX_FIELD_BYTES = 64 * 1024
# What a form may hold beside its file: fields, headers and boundaries.
_AROUND_BYTES = 1024 * 1024


class ReceivedFile(UploadedFile):
    """A file that lies in the incoming folder. Closing it removes it, unless it was kept."""

    def __init__(self, incoming: Incoming, filename: str) -> None:
        self.received: Received = incoming.finish()
        self.said_name = filename
        self.sha256 = self.received.sha256
        self._incoming = incoming
        super().__init__(name=display_name(filename), size=self.received.size_bytes)

    def close(self) -> None:
        """Called by Django at the end of the request."""
        self._incoming.discard()


class MediaFormParser(BaseParser):
    """Fields and exactly one file, called `file_field`."""

    media_type = "multipart/form-data"
    file_field = "file"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> "DataAndFiles[QueryDict, MultiValueDict[str, ReceivedFile]]":
        """Reads the whole form. Raises UploadRefused, Malformed, ValidationError; leaves no file then."""
        announced = int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        refuse_size(announced - _AROUND_BYTES)
        require_space(announced)
        boundary = boundary_of(media_type or "")
        let_go()
        fields = QueryDict(mutable=True)
        files: dict[str, ReceivedFile] = {}
        try:
            _read(parts(stream, boundary), fields, files, file_field=self.file_field)
        except BaseException:
            for file in files.values():
                file.close()
            raise
        return DataAndFiles(fields, MultiValueDict({name: [file] for name, file in files.items()}))


def _read(
    form: Iterable[Part], fields: QueryDict, files: dict[str, ReceivedFile], *, file_field: str
) -> None:
    for part in form:
        if part.name in fields or part.name in files:
            raise ValidationError({part.name: ["Send this field once."]})
        if part.filename is None:
            fields[part.name] = _text(part)
        elif part.name != file_field:
            raise ValidationError({part.name: [f"Only the field called {file_field} may hold a file."]})
        else:
            files[part.name] = _receive(part)


def _receive(part: Part) -> ReceivedFile:
    incoming = Incoming()
    try:
        for chunk in part.chunks:
            incoming.write(chunk)
        return ReceivedFile(incoming, part.filename or "")
    except BaseException:
        incoming.discard()
        raise


def _text(part: Part) -> str:
    value = bytearray()
    for chunk in part.chunks:
        value += chunk
        if len(value) > MAX_FIELD_BYTES:
            raise Problem(413, "too_large", f"The field {part.name[:100]!r} is longer than 64 KB.")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"The field {part.name[:100]!r} is not UTF-8 text.") from error
