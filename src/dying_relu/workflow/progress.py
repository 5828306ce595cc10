"""How far a training job is, on the terminal: a line now and then, so that jobs side by side stay readable."""

from typing import TextIO

from tqdm import tqdm

_LINE = "{desc}: {n_fmt} of {total_fmt} networks, {elapsed} gone, about {remaining} to go\n"


def bar(name: str, networks: int, stream: TextIO) -> tqdm:
    """Progress that counts networks."""
    return tqdm(desc=name, total=networks, file=stream, mininterval=15, miniters=1, bar_format=_LINE)
