"""Blocks of other languages than Python."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlskill.checkers import CHECKERS, check

TEXTS = [
    ("json", '{"a": [1, null]}', 0),
    ("json", '{"a": 1,\n 2}', 2),
    ("json", '{"a": NaN}', 1),
    ("json", '{"a": 1, "a": 2}', 1),
    ("json", "[" * 100_000, 1),
    ("jsonc", '{"a": "// no", /* b\n */ "b": [1,], // c\n}', 0),
    ("jsonc", '{"a": 1,,}', 1),
    ("jsonl", '{"a": 1}\n\n[2]\n', 0),
    ("jsonl", '{"a": 1}\n[2\n', 2),
    ("yaml", "a: 1\n---\nb: [1, 2]\n", 0),
    ("yaml", "a: 1\nb:\n  c: 1\n  c: 2\n", 4),
    ("yaml", "a: 1\n b: 2\n", 2),
    ("yaml", "a: &x [1]\nb: *x\n<<: {a: 1}\n", 0),
    ("yaml", "a: \x01\n", 1),
    ("toml", "[a]\nb = 1\n", 0),
    ("toml", "[a]\nb = \n", 2),
    ("ini", "[a]\nb = %x\n", 0),
    ("ini", "[a]\nb = 1\nb = 2\n", 3),
    ("xml", "\n<a><b/></a>", 0),
    ("xml", "<a>\n<b></a>", 2),
    ("csv", 'a,b\n1,"x\ny"\n', 0),
    ("csv", "a,b\n1\n", 2),
    ("diff", "--- a\n+++ b\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n", 0),
    ("diff", "--- a\n+++ b\n@@ -1,2 +1,3 @@\n x\n-y\n+z\n", 3),
    ("diff", "-old\n+new\n", 0),
    ("diff", "nothing", 1),
    ("dockerfile", "ARG V\nFROM a:$V\nRUN x \\\n  # c\n  && y\nCOPY <<E /f\nBLA x\nE\nCMD x\n", 0),
    ("dockerfile", "FROM a:1\nRUNN x\n", 2),
    ("dockerfile", "RUN x\n", 1),
]


@pytest.mark.parametrize(("language", "text", "line"), TEXTS)
def test_check(
    language: str, text: str, line: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no tool is installed
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    got = check(language, text)
    assert got.by
    assert (bool(got.message), got.line) == (bool(line), line or 1)


@pytest.mark.parametrize("language", ["bash", "js", "sql", "hcl", "promql"])
def test_a_tool_that_is_absent_is_told(
    language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    for module in ("sqlglot", "hcl2", "promql_parser"):
        monkeypatch.setitem(sys.modules, module, None)
    got = check(language, "x")
    assert got.by == ""
    assert got.message.endswith("is not installed")


KINDS = [
    ("kubernetes-validate", "apiVersion: v1\nkind: Pod\n", "kubernetes-validate", "yaml"),
    ("check-jsonschema", "on: push\njobs: {}\n", "check-jsonschema github-workflows", "yaml"),
    ("check-jsonschema", "services: {a: {}}\n", "check-jsonschema compose-spec", "yaml"),
    ("promtool", "groups: [{name: a, rules: []}]\n", "promtool", "yaml"),
    ("hadolint", "FROM a\n", "hadolint", "dockerfile"),
]


@pytest.mark.skipif(os.name == "nt", reason="makes a command of a shell script")
@pytest.mark.parametrize(("name", "text", "by", "language"), KINDS)
def test_a_schema_is_used_where_its_tool_is(
    name: str, text: str, by: str, language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    command = tmp_path / name
    for script, fault in (("exit 0", False), ("echo 'ERROR: replicas'; exit 1", True)):
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(0o755)
        got = check(language, text)
        assert ("replicas" in got.message) is fault
        assert fault or got.by == by
    command.unlink()
    assert name in check(language, text).by or language == "dockerfile"


@pytest.mark.skipif(os.name == "nt", reason="makes a command of a shell script")
def test_a_missing_schema_of_kubernetes_own_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    command = tmp_path / "kubernetes-validate"
    command.write_text('#!/bin/sh\necho "WARN Couldn\'t find schema"\n')
    command.chmod(0o755)
    gone = "a: 1\n---\napiVersion: autoscaling/v2beta2\nkind: HorizontalPodAutoscaler\n"
    assert (check("yaml", gone).message, check("yaml", gone).line) == (
        "WARN Couldn't find schema",
        3,
    )
    custom = check("yaml", "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\n")
    assert custom.by == "yaml (no schema for serving.kserve.io/v1beta1)"


@given(
    st.sampled_from(sorted(set(CHECKERS) - {"bash", "sh", "shell", "javascript", "js"})), st.text()
)
def test_any_text_is_judged(language: str, text: str) -> None:
    got = check(language, text)
    assert got.by or got.message
    assert 1 <= got.line <= text.count("\n") + len(text.splitlines()) + 2
