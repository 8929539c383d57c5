"""Costs, trials and alarms; the alert rules under promtool; the manifests under their schema."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "playbook"))

pytest.importorskip("scipy")
pytest.importorskip("pandas")
import alarms
import decision
import numpy as np
import pandas as pd
import trials
from store import Gate

PLAYBOOK = Path(__file__).parents[2] / "resources" / "playbook"
RULES = (PLAYBOOK / "alerts.yml").read_text()


def found(name: str) -> str:
    """The path of a tool, or a visible skip."""
    path = shutil.which(name) or os.environ.get(name.upper().replace("-", "_"))
    if not path:
        pytest.skip(f"{name} is not installed")
    return path


def promtool(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [found("promtool"), "test", "rules", "alerts_test.yml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def test_every_alert_fires_when_it_should_and_not_before():
    done = promtool(PLAYBOOK)
    assert done.returncode == 0, done.stdout + done.stderr
    tests = yaml.safe_load((PLAYBOOK / "alerts_test.yml").read_text())["tests"]
    seen = {rule["alertname"] for test in tests for rule in test["alert_rule_test"] if "exp_alerts"}
    rules = yaml.safe_load(RULES)["groups"][0]["rules"]
    assert {rule["alert"] for rule in rules} == seen


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("> 1.1", "> 1.5"),
        ("on () group_left () sum", "sum"),
        ('on (hour) count_values("hour", hour())', "on () vector(1)"),
        (" >= 20", " >= 0"),
        ("weather_unit_gap > 0.5", "weather_unit_gap > 20"),
        ("absent(monitor_last_run_seconds) or ", ""),
        ('outcome!="answered"', 'outcome!="refused"'),
    ],
)
def test_a_rule_that_is_dead_or_deaf_fails_its_test(tmp_path, right, wrong):
    assert right in RULES
    (tmp_path / "alerts.yml").write_text(RULES.replace(right, wrong))
    shutil.copy(PLAYBOOK / "alerts_test.yml", tmp_path)
    assert promtool(tmp_path).returncode != 0


def test_rules_name_metrics_that_exist_and_the_bound_of_the_contract():
    pytest.importorskip("pandera")
    import contract

    code = "".join((PLAYBOOK / name).read_text() for name in ("server.py", "monitor.py"))
    for metric in re.findall(r"\b(?:model|weather|late|monitor)_\w+", RULES):
        assert metric in code, metric
    assert f"weather_unit_gap > {contract.UNIT_GAP}" in RULES


def test_the_manifests_are_valid_and_fit_together():
    documents = list(yaml.safe_load_all((PLAYBOOK / "kubernetes.yml").read_text()))
    deployment, service, scaler, budget = documents
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    selectors = (deployment["spec"]["selector"]["matchLabels"], service["spec"]["selector"])
    for selector in (*selectors, budget["spec"]["selector"]["matchLabels"]):
        assert selector.items() <= labels
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    server = (PLAYBOOK / "server.py").read_text()
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert f'@app.get("{container[probe]["httpGet"]["path"]}"' in server
    assert scaler["spec"]["minReplicas"] > budget["spec"]["minAvailable"]
    manifests = str(PLAYBOOK / "kubernetes.yml")
    command = [found("kubernetes-validate"), "--strict", "-k", "1.37", manifests]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout
    assert "Couldn't find schema" not in done.stdout + done.stderr


def test_the_threshold_is_where_both_acts_cost_the_same():
    for missed in (3.0, 6.0, 20.0):
        costs = decision.Costs(late_unprotected=missed)
        late = np.zeros(1_000_000)
        late[: round(costs.threshold * len(late))] = 1
        act, wait = (decision.per_thousand(late, x, costs) for x in (late == late, late != late))
        assert act == pytest.approx(wait, rel=1e-4)


def test_days_are_the_unit_of_the_interval():
    rng = np.random.default_rng(0)
    day = np.repeat(np.arange(30), 100)
    change = rng.normal(0, 1, 30)[day]
    _, low, high = decision.day_interval(change, day)
    rows = 2 * 1.96 * 1000 * change.std() / np.sqrt(len(change))
    assert high - low > 5 * rows


@pytest.mark.parametrize("value", [float("nan"), 2.0, -2.0])
def test_a_gate_holds_only_for_a_number_within_its_bounds(value):
    assert not Gate("x", value, -1, 1).held
    assert Gate("x", 1.0, -1, 1).held


def test_arms_are_stable_nested_and_as_planned():
    units = [f"u{i}" for i in range(20_000)]
    small, large = trials.treated(units, 0.05), trials.treated(units, 0.25)
    assert not (small & ~large).any()
    assert trials.sample_ratio(large, 0.25) > 0.001
    assert (trials.treated(units, 0.25) == large).all()
    other = trials.treated(units, 0.25, salt="other")
    assert abs((other & large).mean() - 0.0625) < 0.01


def test_an_aa_test_is_analysed_by_the_unit_of_assignment():
    rng = np.random.default_rng(0)
    day = np.repeat(np.arange(30), 200)
    value = rng.normal(0, 1, 30)[day] + rng.normal(0, 1, len(day))
    assert trials.false_alarms(value, day, by_unit=False, draws=300) > 0.5
    assert trials.false_alarms(value, day, by_unit=True, draws=300) < 0.1
    assert trials.false_alarms(value, np.arange(len(day)), by_unit=False, draws=300) < 0.1


def test_the_weekly_alarm_is_one_sided_and_quiet_by_chance():
    rng, fired = np.random.default_rng(0), 0
    p, day = rng.uniform(0, 0.4, 4000), np.repeat(np.arange(8), 500)
    for _ in range(100):
        fired += alarms.low_ratio(rng.random(4000) < p, p, day)[1] > 1.05
    assert fired <= 5
    assert alarms.low_ratio(rng.random(4000) < 0.4 * p, p, day)[1] < 1.05
    assert alarms.low_ratio(rng.random(4000) < 1.4 * p, p, day)[1] > 1.05


def test_a_lost_input_is_seen_in_the_hour_and_a_usual_gap_is_not():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({name: rng.normal(size=600) for name in alarms.INPUTS})
    rows["day"], rows["hour"] = np.repeat(["d1", "d2", "d3"], 200), np.tile([7, 8], 300)
    rows.loc[rows["hour"] == 7, "leg_gap_min"] = np.nan  # nothing has flown before seven
    bounds = alarms.null_bounds(alarms.null_rates(rows))
    assert not alarms.null_alarms(alarms.null_rates(rows), bounds).any()
    lost = rows.assign(leg_gap_min=np.nan)
    fired = alarms.null_alarms(alarms.null_rates(lost), bounds)
    assert fired.xs(8, level="hour").all()
    assert not fired.xs(7, level="hour").any()


def test_bounds_learn_after_the_longest_window_has_filled_and_reach_prometheus_by_the_hour():
    pytest.importorskip("mlflow")
    pytest.importorskip("pandera")
    import monitor

    bounds = pd.DataFrame({"rate_all_28d": 0.1, "leg_gap_min": 1.1}, index=range(24))
    bounds.loc[18:22, "leg_gap_min"] = 0.4
    asked = monitor.request_bounds(bounds.rename_axis("hour"))
    assert (asked["rate_all_28d"] == 0.1).all()
    # Departures of 18 to 22, asked for at 16 to 20 local time: 21 to 0 UTC in both offsets.
    assert asked["leg_gap_min"].dropna().index.tolist() == [0, 22, 23]
    rates = pd.DataFrame(
        {"rate_all_28d": [1.0, 0.0, 0.02]},
        pd.MultiIndex.from_tuples(
            [("2013-01-02", 8), ("2013-02-02", 8), ("2013-05-02", 8)], names=["day", "hour"]
        ),
    )
    assert monitor.learned(rates)["rate_all_28d"].tolist() == [pytest.approx(0.1)]


def test_days_assigned_are_analysed_as_days_and_flights_as_flights():
    rng = np.random.default_rng(0)
    day = np.repeat(np.arange(40), 100)
    arm = (rng.random(40) < 0.5)[day]
    value = rng.normal(0, 1, 40)[day] + rng.normal(0, 1, len(day))
    mean, low, high = trials.compare(value, arm, day)
    same, tight, wide = trials.compare(value, arm)
    assert mean == pytest.approx(same)
    assert high - low > 5 * (wide - tight)
    with pytest.raises(ValueError, match="both arms"):
        trials.compare(value, rng.random(len(day)) < 0.5, day)


def test_a_policy_never_run_is_judged_from_acts_logged_with_their_chance():
    rng = np.random.default_rng(0)
    units = [f"u{i}" for i in range(60_000)]
    worth = rng.random(60_000)
    logged, chance = trials.explored(units, worth > 0.8, 0.1)
    assert (logged != (worth > 0.8)).mean() == pytest.approx(0.1, abs=0.01)
    value = rng.normal(0, 0.1, 60_000) + np.where(logged, 1 - worth, worth)
    other = worth > 0.5
    truth = np.where(other, 1 - worth, worth).mean()
    assert trials.weighted(value, logged, chance, other) == pytest.approx(truth, abs=0.02)
    assert abs(value[logged == other].mean() - truth) > 0.02, "without chances it is wrong"


def test_few_decisions_a_day_are_judged_by_the_day(monkeypatch):
    rows = pd.DataFrame({name: np.zeros(240) for name in alarms.INPUTS})
    rows["day"], rows["hour"] = np.repeat([f"d{i}" for i in range(10)], 24), list(range(24)) * 10
    assert alarms.null_rates(rows).empty, "one an hour is too few"
    monkeypatch.setattr(alarms.plan, "HOURS", 24)
    bounds = alarms.null_bounds(alarms.null_rates(rows))
    assert not alarms.null_alarms(alarms.null_rates(rows), bounds).any()
    assert alarms.null_alarms(alarms.null_rates(rows.assign(temp_f=np.nan)), bounds).all()


def test_psi_is_none_for_the_same_and_large_for_another_distribution():
    rng = np.random.default_rng(0)
    a, b = pd.Series(rng.normal(size=5000)), pd.Series(rng.normal(size=5000))
    assert alarms.psi(a, b) < 0.02
    assert alarms.psi(a, b + 1) > 0.5
    assert alarms.psi(a, b.mask(b > 0)) > 0.5
