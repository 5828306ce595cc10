"""The benchmark's processes: each does the work it says, whatever the time it takes."""

from dying_relu.engine import benchmark


def test_a_process_tells_of_the_networks_it_trained():
    told = benchmark._told("growth", networks=3, width=4)
    assert told["networks"] == 3
    assert 0 < told["train"] <= told["grown"] < told["seconds"] and told["compile"] > 0 and told["mebibytes"] > 0


def test_networks_at_once_are_those_asked_for(engine):
    calls = benchmark._calls(benchmark.GRAPHS["dense, depth 1"], rows=2)
    work, epoch = calls["train"]
    assert work == 3 * 2 * 2 * (64 * 64 + 64 * 10) * 1500
    assert calls["measure"][0] == work / 3
    assert epoch().all() and calls["measure"][1]().loss.shape == (2,)


def test_every_case_is_tried_once_a_repetition():
    turns = list(benchmark._in_turn("abc", 2))
    assert sorted(turns) == [(r, c) for r in range(2) for c in "abc"]
