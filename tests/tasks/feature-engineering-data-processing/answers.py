"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
pytest.importorskip("sklearn")


def as_of(asked, facts):
    from point_in_time import as_of as join

    return join(asked, facts, key="user", at="at", event="event", known="known")["value"]


def as_of_quick(asked, facts):
    left = asked.reset_index(drop=True).reset_index().sort_values("at")
    both = [left, facts.sort_values("event")]
    out = pd.merge_asof(*both, left_on="at", right_on="event", by="user")
    return out.sort_values("index")["value"]


def zones(flights, weather):
    from point_in_time import as_of as join
    from point_in_time import utc

    flights = flights.assign(at=utc(flights["departs"], "America/New_York", doubled="earlier"), k=0)
    now = pd.Timedelta(0)
    weather = weather.assign(k=0)
    return join(flights, weather, key="k", at="at", event="time", known=None, delay=now)["temp"]


def zones_quick(flights, weather):
    at = flights["departs"].dt.tz_localize("UTC").to_frame("time").sort_values("time")
    return pd.merge_asof(at, weather, on="time")["temp"]


def last_three(orders):
    ordered = orders.sort_values("time").groupby("customer")["amount"]
    return ordered.transform(lambda a: a.shift().rolling(3, min_periods=1).mean())[orders.index]


def last_three_quick(orders):
    ordered = orders.sort_values("time").groupby("customer")["amount"]
    return ordered.transform(lambda a: a.rolling(3, min_periods=1).mean())[orders.index]


def logistic(encoder):
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    columns = make_column_transformer((encoder, ["postcode"]), remainder="passthrough")
    return make_pipeline(columns, LogisticRegression())


def zip_codes():
    from sklearn.preprocessing import TargetEncoder

    return logistic(TargetEncoder(cv=5))


def zip_codes_quick():
    from sklearn.preprocessing import TargetEncoder

    class Naive(TargetEncoder):
        def fit_transform(self, rows, y):
            return self.fit(rows, y).transform(rows)

    return logistic(Naive())


def train(frame, y):
    from xgboost import XGBClassifier

    dtype = pd.CategoricalDtype(sorted(frame["city"].unique()))
    model = XGBClassifier(n_estimators=20, n_jobs=1, enable_categorical=True)
    return model.fit(frame.astype({"city": dtype}), y), dtype


def predict(model, frame):
    known = frame["city"].where(frame["city"].isin(model[1].categories)).astype(model[1])
    return model[0].predict_proba(frame.assign(city=known))[:, 1]


def codes(frame):
    return frame.assign(city=frame["city"].astype("category").cat.codes.astype(int))


def train_quick(frame, y):
    from xgboost import XGBClassifier

    return XGBClassifier(n_estimators=20, n_jobs=1).fit(codes(frame), y)


def too_good(frame, y):
    from leak_probe import leaks

    lines = leaks(frame[:1500], y[:1500], frame[1500:], y[1500:], entity="user")
    return {line.split()[0] for line in lines if "alone" in line and "order" not in line}


def too_good_quick(frame, y):
    numbers = frame.select_dtypes("number")
    return {name for name in numbers if abs(numbers[name].corr(pd.Series(y))) > 0.5}


def skew(trained, served):
    from feature_skew import skew as compare

    return {found.column for found in compare(trained, served, "id")}


def skew_quick(trained, served):
    a, b = trained.set_index("id").sort_index(), served.set_index("id").sort_index()
    return {n for n in a if not np.allclose(a[n], b[n], equal_nan=True)}


def features(events, users):
    joined = events.join(users, on="user", how="left", maintain_order="left")
    return joined.select("v").collect().to_series().to_numpy()


def features_quick(events, users):
    return events.join(users, on="user", how="left").collect()["v"].to_numpy()


class Counter:
    def __init__(self):
        from window_features import Windows

        self.windows = Windows(3600)

    def add(self, card, time, name, arrival):
        from window_features import Event

        self.windows.add(card, Event(time, name, 1.0), arrival)

    def count(self, card, now):
        return self.windows.read(card, now).number


class QuickCounter:
    def __init__(self):
        self.times = {}

    def add(self, card, time, name, arrival):
        times = self.times.setdefault(card, set())
        times.add((time, name))
        self.times[card] = {t for t in times if t[0] >= time - 3600}

    def count(self, card, now):
        return sum(t[0] >= now - 3600 for t in self.times.get(card, ()))


def seconds(times):
    if times.dt.tz is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    return times.dt.as_unit("s").astype("int64").to_numpy()


RIGHT = {
    "as-of": {"join": as_of},
    "zones": {"join": zones},
    "last-three": {"feature": last_three},
    "zip-codes": {"model": zip_codes},
    "new-category": {"train": train, "predict": predict},
    "too-good": {"suspects": too_good},
    "skew": {"differing": skew},
    "polars-order": {"features": features},
    "stream-count": {"Counter": Counter},
    "epoch": {"seconds": seconds},
}
QUICK = {
    "as-of": {"join": as_of_quick},
    "zones": {"join": zones_quick},
    "last-three": {"feature": last_three_quick},
    "zip-codes": {"model": zip_codes_quick},
    "new-category": {
        "train": train_quick,
        "predict": lambda model, frame: model.predict_proba(codes(frame))[:, 1],
    },
    "too-good": {"suspects": too_good_quick},
    "skew": {"differing": skew_quick},
    "polars-order": {"features": features_quick},
    "stream-count": {"Counter": QuickCounter},
    "epoch": {"seconds": lambda times: times.astype("int64").to_numpy() // 10**9},
}
NEEDS = {"new-category": ("xgboost",), "polars-order": ("polars",)}
