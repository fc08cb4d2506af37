"""The experts for files of any kind."""

from experts.files.file_type import FileType

__all__ = ["FileType"]
