"""What training keeps is what is served, challenged and judged, whatever its version's number."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "resources" / "playbook"))

pytest.importorskip("mlflow")
pytest.importorskip("lightgbm")
pytest.importorskip("onnxmltools")
pytest.importorskip("optuna")
import challengers
import columns
import delay_model
import events
import feed
import numpy as np
import plan
import registry
import retrain
import train
from recipe import Recipe, keep, kept

import data

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def rows():
    log = events.build(feed.flights(1))
    return data.rows_of(log, feed.weather(1))


@pytest.fixture
def january(monkeypatch):
    """The split moved into January, by the plan alone."""
    monkeypatch.setattr(plan, "TUNE_FROM", "2013-01-14")
    monkeypatch.setattr(plan, "FIT_UNTIL", "2013-01-20")
    monkeypatch.setattr(plan, "TRAIN_UNTIL", "2013-01-29")


def test_a_refinement_that_gains_stays_and_one_that_does_not_goes(rows, january, monkeypatch):
    monkeypatch.setitem(delay_model.PARAMETERS, "n_estimators", 1)
    monkeypatch.setattr(train, "tuned", lambda rows: {"n_estimators": 60})
    monkeypatch.setattr(train, "GROUPS", {"nearly all": ("origin_", "city_", "leg_", "rate_")})
    table, recipe = train.refinements(rows)
    assert table["tuned"]["kept"]
    assert recipe.parameters == {"n_estimators": 60}
    assert not table["without nearly all"]["kept"]
    assert recipe.without == ()
    assert table["calibrated on the last weeks"]["kept"] == recipe.calibrated


def test_an_input_left_out_changes_no_answer(rows):
    model = Recipe({"n_estimators": 10}, without=("leg_", "temp_f")).fit(rows, "2013-01-25")
    some = rows.tail(300)
    p = model.probability(some)
    assert (model.probability(some.assign(leg_gap_min=1.0, temp_f=-40.0)) == p).all()
    assert (model.probability(some.assign(origin_delay_1h_min=600.0)) != p).any()


def test_a_calibrated_recipe_is_calibrated_in_the_bundle_too(rows, tmp_path):
    model = Recipe({"n_estimators": 10}, calibrated=True).fit(rows, "2013-01-28")
    assert model.slope > 1.5  # ten slow trees are timid
    delay_model.export(model, rows.tail(20)[list(columns.NAMES)], tmp_path / "v1")
    served = delay_model.Scorer(tmp_path / "v1").probability(rows.tail(300))
    assert np.abs(served - model.probability(rows.tail(300))).max() < 1e-3


def test_challengers_are_made_as_training_kept_it_and_judged_against_its_version(
    rows, tmp_path, monkeypatch
):
    (tmp_path / "tables").mkdir()
    rows.to_parquet(tmp_path / "tables" / "rows.parquet")
    one, two = (Recipe({"n_estimators": n}).fit(rows, "2013-01-25") for n in (3, 4))
    sample = rows.tail(20)[list(columns.NAMES)]
    versions = [registry.register(tmp_path, model, sample, {}, {}) for model in (one, two)]
    keep(tmp_path, Recipe({"n_estimators": 4}, ("leg_",)), versions[1])
    assert kept(tmp_path) == (Recipe({"n_estimators": 4}, ("leg_",)), 2)
    registry.promote(tmp_path, versions[0])  # the champion of a later day is another
    loaded = challengers.load(tmp_path)
    assert np.abs(loaded["p"] - two.probability(rows)).max() < 1e-3
    model = challengers.challenger(tmp_path, loaded, "2013-02-10")
    assert model.trees.n_estimators == 4
    assert "leg_" not in "".join(name for name in split_on(model))


def split_on(model: delay_model.Model) -> list[str]:
    """The inputs that the trees use."""
    used = model.trees.booster_.feature_importance()
    return [name for name, count in zip(columns.NAMES, used, strict=True) if count]


class Registry:
    """Aliases in memory, and what was asked of them."""

    def __init__(self) -> None:
        self.champion_, self.previous, self.samples, self.made = 0, 0, [], {}

    def register(self, home, model, sample, about, metrics):
        self.samples.append(list(sample.columns))
        return self.made.setdefault(model, len(self.made) + 8)

    def promote(self, home, version):
        if version != self.champion_:
            self.champion_, self.previous = version, self.champion_

    def roll_back(self, home):
        self.promote(home, self.previous)
        return self.champion_

    def champion(self, home):
        return Path(f"v{self.champion_}")


@pytest.mark.parametrize("said_yes", [(), plan.LATER[:1], plan.LATER[:3], plan.LATER])
def test_the_last_yes_serves_and_a_roll_back_is_drilled_even_when_all_said_no(
    rows, tmp_path, monkeypatch, said_yes
):
    fake = Registry()
    monkeypatch.setattr(retrain, "registry", fake)
    monkeypatch.setattr(retrain, "kept", lambda home: (Recipe(), 7))
    monkeypatch.setattr(challengers, "challenger", lambda home, rows, begin: begin)
    rows.attrs["sha256"] = "x"
    done = retrain.change_over(tmp_path, rows.assign(more=1), list(said_yes))
    wanted = fake.made[said_yes[-1]] if said_yes else 7
    assert done == {"last yes": wanted, "serves": wanted, "restored": 1}
    assert all(names == list(columns.NAMES) for names in fake.samples)


def test_stages_follow_the_plan_alone(rows, january):
    past = data.known(rows, plan.TRAIN_UNTIL)
    assert past["day"].max() <= "2013-01-28"
    assert plan.month_after(plan.LATER[-1]) == plan.END
    assert plan.TRIAL[0] in plan.LATER
    stages = Path(plan.__file__).parent.glob("*.py")
    dated = {
        f.name for f in stages if f.name not in ("plan.py", "trials.py") and "2013" in f.read_text()
    }
    assert not dated, "dates belong into plan.py"
