"""What a form brought: texts, and files with their bytes."""

from __future__ import annotations

from typing import Any, TypeAlias

from litestar.datastructures import UploadFile
from litestar.params import MultipartBody

from newsletter.service.import_articles import Handed

#: A form with files; a field that stands there more than once is a list.
FileForm: TypeAlias = MultipartBody[dict[str, Any]]


def read_texts(form: dict[str, Any]) -> dict[str, str]:
    """Give the fields that hold text."""
    return {name: value for name, value in form.items() if isinstance(value, str)}


def read_files(form: dict[str, Any], name: str) -> list[Handed]:
    """Give the files of one field; a field left empty brings a file without a name."""
    value = form.get(name)
    uploads = value if isinstance(value, list) else [value]
    return [
        Handed(name=upload.filename, content=upload.file.read())
        for upload in uploads
        if isinstance(upload, UploadFile) and upload.filename
    ]
