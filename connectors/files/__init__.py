"""Knowledge that lies in files: help center exports, pages, Markdown, plain text and PDF."""

from connectors.files.connector import FilesConnector

__all__ = ["FilesConnector"]
