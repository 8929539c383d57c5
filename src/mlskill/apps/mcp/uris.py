"""URIs: how a file of a skill is named to a client, and what a client's name means."""

from __future__ import annotations

from urllib.parse import quote, unquote

SCHEME = "skill://"
INDEX = "skill://index.json"
"""The list of skills that clients read which were made before the extension was settled."""


def uri(place: str, path: str = "") -> str:
    """The URI of the file or folder at `path` of the skill at `place`.

    >>> uri("acme/refunds", "a b/ü.md"), uri("acme")
    ('skill://acme/refunds/a%20b/%C3%BC.md', 'skill://acme')
    """
    return SCHEME + quote(f"{place}/{path}" if path else place, errors="replace")


def path_of(uri: str) -> str:
    """Place and path that `uri` names; empty where it is none of ours.

    >>> path_of("skill://acme/refunds/a%20b.md"), path_of("file:///etc/passwd")
    ('acme/refunds/a b.md', '')
    """
    return unquote(uri[len(SCHEME) :]) if uri.startswith(SCHEME) else ""
