r"""mojibake: UTF-8 that was read as Windows-1252 or Latin-1 and saved again.

Each byte of a character has become a character of its own: an emoji has become four. What could
be that is decoded back, and counts only if the bytes are exact UTF-8 of characters that exist and
the sequence is none that people write: "é…”" ends a French quotation, and is also three bytes of a
Chinese character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category

from mlskill.hidden import foreign

# Windows-1252 as the web knows it: its five holes are the control characters of the same number.
_BYTES = {bytes([n]).decode("cp1252", "ignore") or chr(n): n for n in range(0x80, 0x100)}
# Latin-1 leaves 0x80 to 0x9F what they are.
_BYTES.update((chr(n), n) for n in range(0x80, 0xA0))

_FOLLOW = "".join(re.escape(char) for char, byte in _BYTES.items() if byte < 0xC0)
_TWO = f"[\u00c2-\u00df][{_FOLLOW}]"
_THREE = f"[\u00e0-\u00ef][{_FOLLOW}]{{2}}"
# A no-break space at the end of an emoji's bytes is often a plain one by the time it is seen.
_FOUR = f"\u00f0[\u0178\x9f][{_FOLLOW}][{_FOLLOW} ]|[\u00f0-\u00f4][{_FOLLOW}]{{3}}"
_START = re.compile(f"[\u00c2-\u00f4][{_FOLLOW}]")  # a plain class is found many times faster
_RUN = re.compile(f"(?:{_FOUR}|{_THREE}|{_TWO})+")
_SEQUENCE = re.compile(f"{_FOUR}|{_THREE}|{_TWO}")

# What may stand after a letter in text that is as it should be: "VOILÀ »", "“MANHÔ", "à…”".
_PUNCTUATION = frozenset("\u00a0«»‹›‘’“”‚„–—…•·™®©°ºª¹²³¡¿´¨¸¯¶§ ")
_QUOTING = frozenset("«»‹›‘’“”‚„…'\"([¿¡")


def mojibake(text: str) -> Iterator[tuple[int, int, str]]:
    r"""Each run of mojibake in `text`: its start, its end, and what it was before.

    >>> list(mojibake("## ðŸ§\u00a0 Modules, donâ€™t, cafÃ©"))
    [(3, 7, '🧠'), (20, 23, '’'), (29, 31, 'é')]
    >>> list(mojibake("«\u00a0jusqu’à\u00a0», “MANHÔ, l’été…”, ÄÖÜ…"))
    []
    """
    start = _START.search(text) if _START.search(foreign(text)) else None
    while start is not None:
        match = _RUN.match(text, start.start())
        repaired = None if match is None else _decoded(match[0])
        if match is not None and repaired is not None and _sure(match):
            twice = next(mojibake(repaired), None)  # saved wrongly two times
            if twice is not None and twice[:2] == (0, len(repaired)):
                repaired = twice[2]
            yield (*match.span(), repaired)
        start = _START.search(text, start.start() + 1 if match is None else match.end())


def _decoded(run: str) -> str | None:
    """What the bytes of `run` are in UTF-8; None when they are not, or no character has them."""
    raw = bytes(0xA0 if char == " " else _BYTES[char] for char in run)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return None
    return None if any(category(char) in ("Cn", "Co", "Cs") for char in text) else text


def _sure(match: re.Match[str]) -> bool:
    """Whether nobody would have written these characters on purpose."""
    text, run = match.string, match[0]
    before = text[match.start() - 1 : match.start()] or " "
    after = text[match.end() : match.end() + 1] or " "
    sequences = _SEQUENCE.findall(run)
    plain = all(_PUNCTUATION.issuperset(sequence[1:]) for sequence in sequences)
    if any(len(sequence) > 2 for sequence in sequences):
        mark = run.startswith("ï»¿")  # a byte-order mark
        return mark or not plain or (run[0] == "â" and before.isspace())
    if len(sequences) > 1:
        return not plain or "Ã‚Â" in run
    lead, follow = run[0], run[1]
    if lead in "ÂÃ" and not plain:
        return True
    if lead == "Â":
        return not (before.isupper() or before in _QUOTING)
    if lead == "Ã":
        alone = before.isspace() and follow not in _QUOTING
        return alone or before.islower() or after.islower()
    # Of other letters only those of Latin alphabets, within a word of small letters.
    return lead in "ÄÅÆ" and (before.islower() or (after.islower() and not follow.isspace()))
