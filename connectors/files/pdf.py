"""PDF files as documents, and a plain word about those that hold no text."""

from __future__ import annotations

from pathlib import Path

import pypdf
import pypdf.errors

from connectors.files.pages import Defaults, first_line
from connectors.findings import Finding, Unusable

_LOCKED = (
    "is protected by a password. Save a copy without protection (print it to PDF) and put that "
    "in its place."
)
_NO_TEXT = (
    "holds no text, only pictures of pages. Run text recognition over it (for example "
    "`ocrmypdf in.pdf out.pdf`) and put the result in its place."
)


def read_pdf(path: Path, name: str, defaults: Defaults) -> Finding:
    """The text of all pages in order, one paragraph or more per page. Raises OSError only."""
    try:
        with pypdf.PdfReader(path) as reader:
            if reader.is_encrypted and not reader.decrypt(""):
                return Unusable(document_id=name, reason=_LOCKED)
            pages = [page.extract_text().strip() for page in reader.pages]
            title = str((reader.metadata and reader.metadata.title) or "")
    except OSError:
        raise
    except (pypdf.errors.DependencyError, pypdf.errors.FileNotDecryptedError):
        return Unusable(document_id=name, reason=_LOCKED)
    except Exception as error:  # a damaged file breaks the parser in any of many ways
        return Unusable(
            document_id=name,
            reason=f"is not a PDF that can be read ({type(error).__name__}: {error}). Open it and "
            "save it again.",
        )
    text = "\n\n".join(page for page in pages if page)
    if not text:
        return Unusable(document_id=name, reason=_NO_TEXT)
    title = title.strip() or first_line(text)
    return defaults.document(name, title=title, body=text, media_type="text/plain")
