"""The alerts parse, ask only for what is told, and fire in promtool where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml")

PIECES = Path(__file__).parents[2] / "resources" / "pieces"
TEXT = (PIECES / "model_alerts.yml").read_text(encoding="utf-8")
RULES = [rule for group in yaml.safe_load(TEXT)["groups"] for rule in group["rules"]]
PROMTOOL = shutil.which("promtool")
promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")


def test_every_expression_parses():
    parser = pytest.importorskip("promql_parser")
    for rule in RULES:
        parser.parse(rule["expr"])


def test_every_alert_has_a_test_in_which_it_fires():
    text = (PIECES / "model_alerts_test.yml").read_text(encoding="utf-8")
    cases = [case for test in yaml.safe_load(text)["tests"] for case in test["alert_rule_test"]]
    fires = {case["alertname"] for case in cases if case["exp_alerts"]}
    assert fires == {rule["alert"] for rule in RULES}


def run(folder):
    command = [str(PROMTOOL), "test", "rules", "model_alerts_test.yml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


@promtool
def test_alerts_fire_when_they_should():
    assert run(PIECES).returncode == 0


@promtool
def test_unequal_labels_make_a_dead_alert_that_only_the_test_finds(tmp_path):
    dead, count = re.subn(r"on \(model\) group_left sum", "sum", TEXT)
    assert count == 1
    (tmp_path / "model_alerts.yml").write_text(dead)
    shutil.copy(PIECES / "model_alerts_test.yml", tmp_path)
    checked = subprocess.run([str(PROMTOOL), "check", "rules", "model_alerts.yml"], cwd=tmp_path)
    assert checked.returncode == 0
    assert "got:[]" in run(tmp_path).stderr.replace(" ", "").replace("\n", "")
