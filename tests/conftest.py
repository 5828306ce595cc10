"""What tests share: small studies, and TensorFlow on one thread as in a training job."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

from dying_relu.design import study
from dying_relu.workflow import script

settings.register_profile("untimed", deadline=None)  # no test depends on timing
settings.load_profile("untimed")

script.prepare_environment()  # of tests, and of the processes that they start

ROOT = Path(__file__).parents[1]
TINY = study.Preset(name="tiny", draft=True, resamples=199, audited=2)


def pytest_collection_modifyitems(items):
    """The longest file first, so that no process is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """Close what a test drew: Matplotlib warns of more than twenty."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def engine():
    """TensorFlow as training jobs use it."""
    from dying_relu.engine import population

    population.use_one_thread()
    return population


@pytest.fixture
def study_file(tmp_path):
    """Write a study file from a dict of changes to a small valid one, and give its path."""
    import yaml

    def write(name="held_out", **changes):
        content = {
            "title": "Held out",
            "question": "Does it run?",
            "settings": {"epochs": 1, "width": 8},
            "grids": {"main": {"learning_rate": [0.01, 0.1]}},
            "seeds": {"full": {"pilot": 1, "confirmatory": 2}, "tiny": {"pilot": 1, "confirmatory": 2}},
        } | changes
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump({k: v for k, v in content.items() if v is not None}, sort_keys=False))
        return path

    return write


@pytest.fixture
def small_study(study_file):
    """A loaded study made with `study_file`."""
    return lambda **changes: study.load(study_file(**changes), TINY)
