# SPDX-License-Identifier: Apache-2.0
"""The measuring itself: turns, medians, goals and exit codes. No test here asserts a time."""

import gc
import json

import pytest

from bench.rounds import Figure, Samples, interleave, rate, run


def counted(calls: list[str], name: str, value: float):
    def measure() -> float:
        calls.append(name)
        return value

    return measure


def outcome(monkeypatch, capsys, figures, *arguments):
    monkeypatch.setattr("sys.argv", ["bench", *arguments])
    with pytest.raises(SystemExit) as ended:
        run("A title", lambda: figures)
    return ended.value.code, capsys.readouterr().out


def test_measures_take_turns_and_none_is_always_first():
    calls: list[str] = []
    samples = interleave({name: counted(calls, name, 1.0) for name in "abc"}, rounds=4)
    assert "".join(calls) == "abcbcacababc"
    assert {name: len(values) for name, values in samples.by_name.items()} == dict.fromkeys(
        "abc", 4
    )
    assert gc.isenabled()


def test_the_collector_comes_back_after_a_failure():
    def fail() -> float:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        interleave({"fails": fail})
    assert gc.isenabled()


def test_a_ratio_is_the_median_of_the_rounds_own_ratios():
    """One slow round slows both sides, and one outlier moves nothing."""
    samples = Samples({"ours": [50.0, 5.0, 90.0], "raw": [100.0, 10.0, 100.0]})
    assert samples.ratio("ours", "raw") == 0.5
    assert samples.median("ours") == 50.0


def test_a_rate_counts_calls():
    calls: list[str] = []
    assert rate(lambda: calls.append("x"), seconds=0.001)() > 0
    assert calls


@pytest.mark.parametrize(
    ("value", "at_least", "at_most", "met"),
    [(2, None, None, True), (2, 2, None, True), (2, 3, None, False), (2, None, 1, False)],
)
def test_a_goal_is_met_or_not(value, at_least, at_most, met):
    figure = Figure("f", value, "x", at_least=at_least, at_most=at_most)
    assert figure.met is met
    assert bool(figure.goal) == (at_least is not None or at_most is not None)


def test_goals_come_last_and_say_whether_they_are_met(monkeypatch, capsys):
    figures = [
        Figure("ratio", 0.4567, "x", at_least=0.5),
        Figure("calls", 123456.7, "/s"),
        Figure("memory", 3, "MB", at_most=4),
    ]
    code, out = outcome(monkeypatch, capsys, figures)
    assert code == 0
    assert out.splitlines() == [
        "A title",
        "",
        "calls      123,457 /s",
        "ratio        0.457 x      at least 0.5: MISSED",
        "memory           3 MB     at most 4: met",
    ]


@pytest.mark.parametrize(("goal", "code"), [(0.5, 0), (2.0, 1)])
def test_check_fails_when_a_goal_is_missed(monkeypatch, capsys, goal, code):
    figures = [Figure("ratio", 1, "x", at_least=goal)]
    exit_code, out = outcome(monkeypatch, capsys, figures, "--check", "--json")
    assert exit_code == code
    assert json.loads(out)["figures"] == [
        {
            "name": "ratio",
            "value": 1,
            "unit": "x",
            "at_least": goal,
            "at_most": None,
            "met": code == 0,
        }
    ]
