"""The experts for files of any kind."""

from experts.files.document_text import document_text
from experts.files.file_type import FileType

__all__ = ["FileType", "document_text"]
