"""Rules about secrets."""

from __future__ import annotations

import re

from mlskill.model import Skill
from mlskill.rules.rule import Problem, Problems, rule
from mlskill.rules.texts import readable, text

# Formats that their issuers document and scan for; each alternative is named for the message.
_KEYS = {
    "AWS access key": r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    "GitHub token": r"gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    "GitLab token": r"glpat-[A-Za-z0-9_-]{20}",
    "Anthropic key": r"sk-ant-[a-z]{3,5}\d\d-[A-Za-z0-9_-]{80,200}",
    "OpenAI key": r"sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}"
    r"|sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}",
    "Hugging Face token": r"hf_[A-Za-z]{34}",
    "npm token": r"npm_[A-Za-z0-9]{36}",
    "PyPI token": r"pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,250}",
    "Google API key": r"AIza[A-Za-z0-9_-]{35}",
    "Slack token": r"xox[abprs]-\d{9,15}-[A-Za-z0-9-]{20,100}",
    "Stripe key": r"[sr]k_live_[A-Za-z0-9]{24,99}",
    "SendGrid key": r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
    "private key": r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----\s{1,40}[A-Za-z0-9+/]{24}"
    r"(?![^-]{0,200}\.\.)",
}
_GROUPS = {f"k{number}": name for number, name in enumerate(_KEYS)}
# Without one of these there is no key; a search for words is many times faster than the pattern.
_MARKS = (
    *(b"AKIA", b"ASIA", b"AIza", b"SG.", b"T3BlbkFJ", b"_live_", b"ghp_", b"gho_", b"ghu_"),
    *(b"ghs_", b"ghr_", b"github_pat_", b"glpat-", b"hf_", b"npm_", b"pypi-", b"sk-ant-"),
    *(b"sk-proj-", b"sk-svcacct-", b"sk-admin-"),
    *(b"xox", b"PRIVATE KEY-----"),
)
# What people write for a key when they show how one looks.
_EXAMPLE = re.compile(
    r"example|your|dummy|fake|placeholder|redacted|test|x{4}|(.)\1{4}|123456|abcdef|a1b2c3|012345|\.\.\.",
    re.IGNORECASE,
)


@rule("warning", exact=False)
def secret_key(skill: Skill) -> Problems:
    """A file holds what looks like a real key, token or private key."""
    raw = [(document.path, document.source.raw) for document in skill.documents]
    raw += [(asset.path, asset.data or b"") for asset in skill.assets if readable(asset)]
    paths = [path for path, data in raw if any(mark in data for mark in _MARKS)]
    if not paths:
        return
    alternatives = "|".join(f"(?P<k{n}>{key})" for n, key in enumerate(_KEYS.values()))
    pattern = re.compile(rf"(?<![A-Za-z0-9_-])(?:{alternatives})")
    for source in filter(None, (text(skill, path) for path in paths)):
        for match in pattern.finditer(source.text):
            # Zeros are in every key of OpenSSH, as AAAA.
            key = match[0].partition("-----\n")[2].replace("A", "") or match[0]
            if not _EXAMPLE.search(key):
                kind = _GROUPS[match.lastgroup or "k0"]
                end = match.start() + len(match[0].partition("\n")[0])
                advice = "withdraw it, and have the reader set it in the environment"
                message = f"looks like a real {kind}; {advice}"
                yield Problem(source.path, match.start(), end, message)
