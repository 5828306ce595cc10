"""What is made of the benchmark's tables, on numbers made up so that every result can be computed by hand."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from dying_relu.report import benchmark
from dying_relu.workflow import files
from dying_relu.workflow.errors import UserError

WAYS = {"process each": 8.0, "fit in a loop": 2.0, "population": 0.5, "long population": 0.25}
PARTS = {
    "speed": pd.DataFrame(
        [{"repetition": r, "way": way, "seconds": s * (1 + r)} for r in range(3) for way, s in WAYS.items()]
    ),
    "peak": pd.DataFrame(
        [
            {
                "graph": "dense, depth 3",
                "rows": rows,
                "repetition": r,
                "peak_gigaflops": 100.0,
                "train": t,
                "measure": 0.5,
            }
            for r in range(3)
            for rows, t in ((1, 0.2), (8, 0.6 + 0.1 * r))
        ]
    ),
    "growth": pd.DataFrame(
        [
            {
                "what": what,
                "size": size,
                "repetition": 0,
                "train": size,
                "grown": 2.0 * size,
                "compile": 3.0,
                "mebibytes": 900,
            }
            for what, sizes in {"networks": (8, 64), "width": (16, 32)}.items()
            for size in sizes
        ]
    ),
    "stages": pd.DataFrame(
        {
            "stage": ["train", "train", "figures"],
            "kind": ["compile", "train", "all"],
            "seconds": [30.0, 50.0, 20.0],
            "operations": [0, 4e12, 0],
        }
    ),
    "peers": pd.DataFrame(
        [
            {"framework": f, "variant": v, "repetition": r, "network_epochs_per_second": s * (1 + r)}
            for r in range(3)
            for f, v, s in (("engine", "slow", 10.0), ("engine", "fast", 30.0), ("other", "one", 20.0))
        ]
    ),
}


def found(case):
    frame = benchmark.summary(PARTS).set_index("case")
    return tuple(frame.loc[case, ["median", "least", "most"]])


def test_speeds_are_medians_and_gains_are_paired():
    assert found("populations, one process") == (1000, 500, 1500)
    assert found("populations, one process (times as fast as a process each)") == (16, 16, 16)


def test_shares_of_the_peak_by_graph_and_rows():
    frame = benchmark.summary(PARTS)
    row = frame[(frame["part"] == "training, share of it") & (frame["case"] == "dense, depth 3, 8 networks")]
    assert row[["median", "least", "most"]].to_numpy()[0] == pytest.approx([0.7, 0.6, 0.8])


def test_the_best_variant_stands_for_a_framework():
    assert found("engine, fast") == (60, 30, 90)
    assert found("other") == (1.5, 1.5, 1.5)


def test_a_full_run_is_held_to_the_peak():
    """4e12 operations at 1e11 a second are 40 s of 100 s."""
    assert benchmark.share_of_peak(PARTS) == pytest.approx(0.4)
    assert found("all")[0] == 100 and found("training: compiling")[0] == 30


def test_a_million_networks_take_as_long_each():
    """80 s of training jobs for 1000 networks: 80 000 s for a million."""
    assert benchmark.million(PARTS, networks=1000, cores=2) == pytest.approx(80_000 / 2 / 3600)
    text = benchmark.page(PARTS, 1000, "a processor")
    assert "| 2 | 11.1 |" in text and "80 ms" in text and "(a processor)" in text
    assert "| networks | 64 | 64.00 | 128.00 | 3.0 | 900 |" in text


def test_stages_come_from_logs_and_benchmark_files(tmp_path):
    log = tmp_path / "logs/train/full/bias/0.log"
    log.parent.mkdir(parents=True)
    log.write_text("noise\ncost train 2.5 s 1e+09 operations\ncost compile 1.5 s 0 operations\n")
    log.with_name("1.log").write_text("cost train 0.5 s 2e+09 operations\n")
    for name, seconds in (
        ("train/full/bias/0", "9"),
        ("figures/bias", "1.25"),
        ("figures/depth", "NA"),
        ("judge", "4"),
    ):
        path = tmp_path / f"benchmarks/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\tcpu_time\n9\t{seconds}\n")
    table = benchmark.stages(tmp_path / "logs", tmp_path / "benchmarks").set_index(["stage", "kind"])
    assert table["seconds"].to_dict() == {
        ("train", "train"): 3.0,
        ("train", "compile"): 1.5,
        ("figures", "all"): 1.25,
        ("judge", "all"): 4.0,
    }
    assert table.loc[("train", "train"), "operations"] == 3e9


def test_a_page_without_its_parts_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"speed.csv: there is none yet, .* comes with `make benchmark`"):
        benchmark.keep({"peers": PARTS["peers"]}, tmp_path, 1000, "a processor")
    assert (tmp_path / "peers.csv").exists()


def test_what_is_kept_can_be_read_drawn_and_printed(tmp_path):
    benchmark.keep(PARTS, tmp_path, 1000, "a processor")
    assert {path.name for path in tmp_path.iterdir()} == {
        *(f"{part}.csv" for part in benchmark.PARTS),
        "growth.pdf",
        "growth.png",
        "README.md",
    }
    again = benchmark.read(tmp_path)
    pd.testing.assert_frame_equal(benchmark.summary(again), benchmark.summary(PARTS), check_dtype=False)
    assert benchmark.table(again).latex().startswith(r"\begin{longtable}")
    assert benchmark.table({}).latex()
    assert len(benchmark.growth(PARTS).axes) == 3
    plt.close("all")
    assert files.read(tmp_path / "stages.csv")["seconds"].sum() == 100
