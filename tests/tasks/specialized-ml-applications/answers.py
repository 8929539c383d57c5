"""Two answers to each request: the right one, with the pieces, and the quick one."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
pytest.importorskip("pandas")
pytest.importorskip("scipy")


def horizon(history, horizon):
    days = history[-24 * 21 :].reshape(-1, 24)
    shape = (days - days.mean(axis=1, keepdims=True)).mean(axis=0)
    return shape[np.arange(horizon) % 24] + days[-2:].mean()


def stock(sales, stock, missed, left_over):
    from censored_demand import demand

    return demand(sales, stock).order(missed, left_over)


def stock_quick(sales, stock, missed, left_over):
    return int(np.quantile(sales, missed / (missed + left_over)))


def add_up(total, parts, total_error, part_errors):
    weight = part_errors**2 / (total_error**2 + (part_errors**2).sum())
    parts = parts + (total - parts.sum(axis=1))[:, None] * weight
    return parts.sum(axis=1), parts


def add_up_quick(total, parts, total_error, part_errors):
    return total, parts * (total / parts.sum(axis=1))[:, None]


def ties(scores, relevant, k):
    from ranking import by_row, ranking

    return ranking(by_row(scores), by_row(relevant), k).recall.mean()


def ties_quick(scores, relevant, k):
    top = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    hits = np.take_along_axis(relevant, top, axis=1).sum(axis=1)
    some = relevant.sum(axis=1) > 0
    return (hits[some] / relevant[some].sum(axis=1)).mean()


def popularity(popular, personal, clicks, shown, k, weighted=True):
    from ranking import by_row, ranking

    weight = dict(enumerate(1 / shown)) if weighted else None
    first, second = (
        ranking(by_row(scores), by_row(clicks), k, weight).recall.mean()
        for scores in (popular, personal)
    )
    return "popular" if first > second else "personal"


def judge(judge, human):
    from judge import corrected

    seen = corrected(judge, human)
    return seen.low, seen.high


def judge_quick(judge, human):
    reach = 2 * judge.std() / len(judge) ** 0.5
    return judge.mean() - reach, judge.mean() + reach


def entities(gold, guess):
    from entity_score import entity_f1

    return entity_f1(gold, guess)["all"]


def entities_quick(gold, guess):
    pairs = [(a, b) for x, y in zip(gold, guess, strict=True) for a, b in zip(x, y, strict=True)]
    hit = sum(a == b != "O" for a, b in pairs)
    return 2 * hit / max(sum((a != "O") + (b != "O") for a, b in pairs), 1)


def copies(pictures):
    from near_copies import groups

    burst = groups(pictures)
    return burst < 0.25 * (burst.max() + 1)


def copies_quick(pictures):
    return np.random.default_rng(0).random(len(pictures)) < 0.2


def alerts(frame, today, late):
    from alert_budget import within_budget

    columns = (frame[name] for name in ("score", "fraud", "day"))
    seen = within_budget(*columns, 20, late=late, today=today, entity=frame["card"])
    return seen.precision


def alerts_quick(frame, today, late):
    return frame.sort_values("score").groupby("day").tail(20)["fraud"].mean()


def audit(alerted, checked, fraud):
    from alert_budget import missed

    rest = (checked == 1) & (alerted == 0)
    return missed(
        int(fraud[alerted == 1].sum()), int(rest.sum()), int(fraud[rest].sum()),
        int((alerted == 0).sum()),
    ).recall  # fmt: skip


RIGHT = {
    "horizon": {"forecast": horizon},
    "stock": {"order": stock},
    "add-up": {"reconcile": add_up},
    "ties": {"recall": ties},
    "popularity": {"better": popularity},
    "judge": {"rate": judge},
    "entities": {"f1": entities},
    "copies": {"split": copies},
    "alerts": {"precision": alerts},
    "audit": {"recall": audit},
}
QUICK = {
    "horizon": {"forecast": lambda history, horizon: history[-24:]},
    "stock": {"order": stock_quick},
    "add-up": {"reconcile": add_up_quick},
    "ties": {"recall": ties_quick},
    "popularity": {"better": lambda *given: popularity(*given, weighted=False)},
    "judge": {"rate": judge_quick},
    "entities": {"f1": entities_quick},
    "copies": {"split": copies_quick},
    "alerts": {"precision": alerts_quick},
    "audit": {"recall": lambda alerted, checked, fraud: fraud[alerted == 1].sum() / fraud.sum()},
}
