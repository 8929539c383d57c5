"""The faults of reloads: torn pairs, half files, models closed in use, bad models, lost races."""

from __future__ import annotations

import json
import threading

import pytest
from live_model import Live, current, point, publish, verified


class Model:
    """Scales, then multiplies: right only if both numbers are of one bundle."""

    def __init__(self, scale, weight):
        self.scale, self.weight, self.closed = scale, weight, False

    def __call__(self, x):
        if self.closed:
            raise RuntimeError("used after close")
        return x * self.scale * self.weight

    def close(self):
        self.closed = True


def bundle(k):
    """Scale k, weight 1000 / k: any pair from one bundle gives 1000 · x, any torn pair does not."""
    return {"scale.json": json.dumps(k).encode(), "weight.json": json.dumps(1000 // k).encode()}


def load(store, name):
    folder = verified(store, name)
    numbers = [json.loads((folder / f"{part}.json").read_text()) for part in ("scale", "weight")]
    return Model(*numbers)


def check(model):
    if model(1) != 1000:
        raise ValueError(f"probe row gives {model(1)}")


def live(store):
    return Live(lambda: current(store), lambda name: load(store, name), check, Model.close)


def test_it_serves_what_is_published_and_goes_back(tmp_path):
    first = publish(tmp_path, bundle(2))
    served = live(tmp_path)
    second = publish(tmp_path, bundle(5))
    assert served.name == first
    assert served.refresh()
    assert not served.refresh()
    assert served.name == second
    point(tmp_path, first)
    assert served.refresh()
    with served.use() as now:
        assert (now.name, now.model.scale, now.model(2)) == (first, 2, 2000)


def test_the_same_content_has_the_same_name(tmp_path):
    assert publish(tmp_path, bundle(2)) == publish(tmp_path, bundle(2))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["CURRENT", current(tmp_path)])


def damage(folder, file, text):
    (folder / file).write_text(text)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: damage(folder, "weight.json", "20"),  # another model's file
        lambda folder: damage(folder, "weight.json", ""),  # half written
        lambda folder: (folder / "scale.json").unlink(),
        lambda folder: damage(folder, "card.json", "{}"),  # a card that vouches for nothing
        lambda folder: (folder / "card.json").unlink(),
    ],
)
def test_a_damaged_bundle_is_not_served(tmp_path, harm):
    first = publish(tmp_path, bundle(2))
    served = live(tmp_path)
    second = publish(tmp_path, bundle(5))
    harm(tmp_path / second)
    assert not served.refresh()
    assert served.name == first
    assert isinstance(served.fault, (ValueError, OSError))
    with pytest.raises((ValueError, OSError)):
        point(tmp_path, second)


@pytest.mark.parametrize("name", ["../x", "", "/etc", "CURRENT", "0" * 15 + "/"])
def test_current_can_name_only_a_bundle(tmp_path, name):
    with pytest.raises(ValueError, match="no name"):
        verified(tmp_path, name)


def test_a_model_that_fails_the_check_is_closed_told_and_not_loaded_again(tmp_path):
    publish(tmp_path, bundle(2))
    made = []
    served = Live(
        lambda: current(tmp_path),
        lambda name: made.append(load(tmp_path, name)) or made[-1],
        check,
        Model.close,
    )
    publish(tmp_path, {**bundle(2), "weight.json": b"7"})  # whole, but wrong
    assert not any(served.refresh() for _ in range(5))
    assert len(made) == 2
    assert made[1].closed
    assert "probe row gives 14" in str(served.fault)
    publish(tmp_path, bundle(5))
    assert served.refresh()
    assert served.fault is None


def test_a_store_that_fails_for_a_while_is_asked_again(tmp_path):
    publish(tmp_path, bundle(2))
    time, down = [0.0], [False]

    def fetch(name):
        if down[0]:
            raise OSError("timeout")
        return load(tmp_path, name)

    served = Live(lambda: current(tmp_path), fetch, check, clock=lambda: time[0], patience=60)
    second = publish(tmp_path, bundle(5))
    down[0] = True
    assert not served.refresh()
    down[0] = False
    assert not served.refresh()
    time[0] = 61.0
    assert served.refresh()
    assert (served.name, served.fault) == (second, None)


def test_a_lost_store_keeps_the_old_model(tmp_path):
    publish(tmp_path, bundle(2))
    served = live(tmp_path)
    (tmp_path / "CURRENT").unlink()
    assert not served.refresh()
    assert isinstance(served.fault, FileNotFoundError)
    publish(tmp_path, bundle(5))
    assert served.refresh()


def test_the_first_model_must_be_good(tmp_path):
    publish(tmp_path, {**bundle(2), "weight.json": b"7"})
    with pytest.raises(ValueError, match="probe row"):
        live(tmp_path)


def test_a_model_in_use_is_closed_after_its_last_request(tmp_path):
    publish(tmp_path, bundle(2))
    served = live(tmp_path)
    with served.use() as one:
        with served.use() as two:
            publish(tmp_path, bundle(5))
            assert served.refresh()
            assert two.model is one.model
            assert two.model(1) == 1000
        assert one.model(1) == 1000
    assert one.model.closed


def test_a_request_that_raises_lets_go(tmp_path):
    publish(tmp_path, bundle(2))
    served = live(tmp_path)
    with pytest.raises(KeyError), served.use() as now:
        raise KeyError
    publish(tmp_path, bundle(5))
    served.refresh()
    assert now.model.closed


def test_under_fire_every_answer_is_right_and_all_old_models_are_closed(tmp_path):
    publish(tmp_path, bundle(2))
    made = []
    served = Live(
        lambda: current(tmp_path),
        lambda name: made.append(load(tmp_path, name)) or made[-1],
        check,
        Model.close,
    )
    stop, wrong, count = threading.Event(), [], [0]

    def client():
        while not stop.is_set():
            try:
                with served.use() as now:
                    scaled = 3 * now.model.scale
                    answer = scaled * now.model.weight
                    if now.model.closed or answer != 3000:
                        wrong.append(answer)
                count[0] += 1
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=client) for _ in range(4)]
    threads += [threading.Thread(target=lambda: [served.refresh() for _ in range(30)])]
    for thread in threads:
        thread.start()
    for k in (5, 4, 8, 10, 2, 20, 25, 40):
        publish(tmp_path, bundle(k))
        served.refresh()
    stop.set()
    for thread in threads:
        thread.join(10)
    assert not wrong
    assert count[0] > 10
    served.refresh()
    assert served.name == current(tmp_path)
    assert [model.closed for model in made].count(False) == 1


def test_told_what_to_serve():
    closed = []

    def check(model):
        if model == "bad model":
            raise ValueError("bad")

    live = Live("v1", lambda name: f"{name} model", check, closed.append)
    with live.use() as old:
        assert live.swap("v2")
        assert (old.model, live.name, closed) == ("v1 model", "v2", [])
    assert closed == ["v1 model"]
    assert not live.swap("bad")
    assert (live.name, str(live.fault)) == ("v2", "bad")
    assert live.swap("v1")
    assert live.fault is None


def test_a_swap_that_failed_may_be_tried_at_once():
    broken = [True]

    def load(name):
        if name == "v2" and broken.pop():
            raise OSError("no such file yet")
        return name

    live = Live("v1", load)
    assert not live.swap("v2")
    broken.append(False)
    assert live.swap("v2")
