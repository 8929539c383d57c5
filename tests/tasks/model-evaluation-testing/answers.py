"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
pd = pytest.importorskip("pandas")
stats = pytest.importorskip("scipy.stats")
pytest.importorskip("sklearn")


def sessions(assigned, log):
    from ab_test import by_user, compare

    one = np.ones(len(log))
    arms = by_user(assigned["user"], assigned["arm"], log["user"], log["clicked"], one)
    return compare(arms["A"], arms["B"]).p_value


def sessions_quick(assigned, log):
    both = log.merge(assigned, on="user").groupby("arm")["clicked"]
    return stats.ttest_ind(*(clicked for _, clicked in both)).pvalue


def peeking(a, b):
    from ab_test import any_time, compare

    return any_time(compare(a, b), 0.2)[2] < 0.05


def counts(control, treatment, planned=0.5):
    from ab_test import sample_ratio

    return sample_ratio([control, treatment], [planned, 1 - planned]) > 0.001


def threshold(y, score):
    from calibration import cheapest_cut

    return cheapest_cut(y, score, missed=50, false_alarm=1)[0]


def too_high(p, true_rate):
    from calibration import undo_sampling

    return undo_sampling(p, 0.5, true_rate)


def better(y, old, new, customer):
    from paired_bootstrap import paired_bootstrap

    return paired_bootstrap(lambda y, p: (y == p).mean(), y, old, new, customer, draws=300).better


def better_quick(y, old, new, customer):
    hits = ((guess == y).astype(float) for guess in (new, old))
    return stats.ttest_rel(*hits, alternative="greater").pvalue < 0.05


def late_labels(date):
    from forward_splits import forward_splits

    month = np.timedelta64(60, "D")
    return forward_splits(date, month, label_known=date + month)


def late_labels_quick(date):
    from sklearn.model_selection import TimeSeriesSplit

    return TimeSeriesSplit(5, gap=60).split(date)


def fair(y, flagged, group):
    from slices import group_gaps

    return group_gaps(y, flagged, group)[1].p_value < 0.05


def fair_quick(y, flagged, group):
    rates = [flagged[(group == g) & (y == 1)].mean() for g in "ab"]
    return abs(rates[0] - rates[1]) > 0.1


def shap(model, rows):
    from explain import shap_of_class

    return shap_of_class(model, rows).values


def shap_quick(model, rows):
    import shap as library

    return library.TreeExplainer(model).shap_values(rows)[1]


def columns(model, frame):
    return model.predict_proba(frame[model.feature_name_])[:, 1]


RIGHT = {
    "sessions": {"p_value": sessions},
    "peeking": {"stop": peeking},
    "counts": {"readable": counts},
    "threshold": {"threshold": threshold},
    "too-high": {"fix": too_high},
    "better": {"better": better},
    "late-labels": {"splits": late_labels},
    "fair": {"unfair": fair},
    "shap": {"positive": shap},
    "columns": {"predict": columns},
}
QUICK = {
    "sessions": {"p_value": sessions_quick},
    "peeking": {"stop": lambda a, b: stats.ttest_ind(a, b).pvalue < 0.05},
    "counts": {"readable": lambda a, b, planned=0.5: abs(a / (a + b) - planned) < 0.01},
    "threshold": {"threshold": lambda y, score: 1 / 51},
    "too-high": {"fix": lambda p, rate: p * rate / p.mean()},
    "better": {"better": better_quick},
    "late-labels": {"splits": late_labels_quick},
    "fair": {"unfair": fair_quick},
    "shap": {"positive": shap_quick},
    "columns": {"predict": lambda model, frame: model.predict_proba(frame)[:, 1]},
}
NEEDS = {"shap": ("shap", "xgboost"), "columns": ("lightgbm",)}
