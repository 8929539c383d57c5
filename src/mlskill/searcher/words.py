"""What a text says, word by word: the same reading for what is searched and for what is asked."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator, Set

_STOP = """
a about above after again all almost already also although always am among an and another any
anybody anyone anything anyway are aren around as ask asked asks at auf away back be became
because become been before being below best better between both but by call came can cannot come
comes como con could couldn dans das de dem den der des did didn die do does doesn doing don done
down du during each ein eine einer either el else es est et ever every everybody everyone
everything exactly few for from fur further gave get gets getting give given gives go goes going
gone good got had hadn has hasn have haven having he help her here hers him his how however i if
in instead into is isn ist it its itself just keep kept kind know la las last le least les less
let like likes ll look looks los lot made make makes making many may maybe me mean might mine mit
more most much must my myself ne need needs never next nicht no nobody none nor not nothing now of
off often ok okay on once one ones only onto or other others our ours out over own para pas per
perhaps please pls por pour put que qui quite rather re really right said same say says see seem
seems seen shall she should shouldn show shows since so some somebody someone something somewhere
still such sur take taken takes tell than thanks that the their theirs them then there these they
thing things think this those though through thus to together told too took toward try trying two
un und under une until up upon us use used uses using ve very via von want wanted wants was wasn
way we well went were weren what when where whether which while who whole whom whose why wie will
with within without won would wouldn y yes yet you your yours yourself zu
"""
STOP = frozenset(_STOP.split())
"""Words that say nothing about the subject, in English and the commonest of four neighbours."""

MOST_CHARACTERS = 20_000
"""Of a longer question only this much is read."""

MOST_PHRASES = 12
"""Of a longer question the first phrases are compared."""

_PHRASE = re.compile(r"[.!?;:,]\s+|[\n。！？；，、：]+|\s+[-–—]\s+")
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# "quantise" and "quantize" meet; so do "rise" and "rize", which harms nobody.
_SPELLING = re.compile(r"is(?=(?:e|es|ed|er|ers|ing|ation|ations)$)")
_NUMERONYM = re.compile(r"([a-z])([0-9]{1,2})([a-z])")
_LETTERS = string.ascii_lowercase + string.digits


def words(text: str) -> Iterator[str]:
    """The words of `text` in lower case and one spelling; an identifier is also its parts.

    >>> list(words("torch.compile: RandomForest quantised"))
    ['torch', 'compile', 'randomforest', 'random', 'forest', 'quantized']
    """
    text = unicodedata.normalize("NFKC", text)
    for match in _WORD.finditer(text):
        word = match[0]
        yield plain(word)
        if not (word.islower() or word.isupper() or word.isdigit()):
            parts = _CAMEL.findall(word)
            if len(parts) > 1:
                yield from (plain(part) for part in parts if len(part) > 1)


def plain(word: str) -> str:
    """`word` in lower case, without accents, and in the American spelling."""
    word = word.lower()
    if not word.isascii():
        split = unicodedata.normalize("NFD", word)
        word = "".join(c for c in split if not unicodedata.combining(c))
    return _SPELLING.sub("iz", word)


def asked(query: str) -> list[str]:
    """The different words of a question that say what it is about, in its order."""
    found = dict.fromkeys(words(query[:MOST_CHARACTERS]))
    return [w for w in found if w not in STOP and (len(w) > 1 or not w.isascii())]


def phrases(query: str) -> list[str]:
    """The whole of a question, and each of its phrases: a long one speaks of more than one thing.

    >>> phrases("It was fine. Since Monday all of the answers are late, and nobody knows why.")[1:]
    ['It was fine', 'Since Monday all of the answers are late', 'and nobody knows why']
    >>> phrases("Why are all of the answers late?")
    ['Why are all of the answers late?']
    """
    query = query[:MOST_CHARACTERS]
    parts = [part.strip(" .!?") for part in _PHRASE.split(query)]
    said = [part for part in parts if len(part) > 40 or (len(part) > 3 and len(part.split()) > 2)]
    wide = [part for part in parts if part and ord(part[0]) > 0x2E00 and len(part) > 3]
    parts = [part for part in dict.fromkeys([*said, *wide]) if part != query.strip(" .!?")]
    return [query, *parts][: MOST_PHRASES + 1]


def meant(word: str, known: Set[str]) -> list[str]:
    """The known words that an unknown one may stand for: one typo away, or its long form.

    >>> meant("k8s", {"kubernetes"}), meant("recieve", {"receive", "relieve"})
    (['kubernetes'], ['receive'])
    """
    if short := _NUMERONYM.fullmatch(word):
        first, size, last = short[1], int(short[2]) + 2, short[3]
        return sorted(w for w in known if len(w) == size and w[0] == first and w[-1] == last)
    near = (sorted(w for w in some if len(w) > 3 and w in known) for some in _typos(word))
    return next((words for words in near if words), [])


def nearby(word: str) -> tuple[str, list[str]]:
    """What to look for when `word` is unknown: a GLOB pattern, or else the forms it may mean."""
    if short := _NUMERONYM.fullmatch(word):
        return f"{short[1]}{'?' * int(short[2])}{short[3]}", []
    swapped, made = _typos(word)
    return "", sorted(swapped | made)


def _typos(word: str) -> tuple[set[str], set[str]]:
    """What `word` becomes when two neighbours swap; when a letter goes, comes or changes."""
    if len(word) < 4 or not word.isascii() or not word.isalpha() or len(word) > 30:
        return set(), set()
    cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    made = {a + b[1:] for a, b in cuts if b} | {a + c + b for a, b in cuts for c in _LETTERS}
    made |= {a + c + b[1:] for a, b in cuts if b for c in _LETTERS}
    return swapped, made
