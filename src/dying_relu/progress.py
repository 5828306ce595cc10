"""How far a training job is, on the terminal."""

from typing import TextIO

from tqdm import tqdm


def bar(name: str, networks: int, stream: TextIO) -> tqdm:
    """A progress bar that counts networks; on something that is no terminal, a line every half minute."""
    interactive = stream.isatty()
    return tqdm(
        desc=name,
        total=networks,
        unit=" networks",
        file=stream,
        mininterval=0.5 if interactive else 30,
        miniters=1,
        dynamic_ncols=interactive,
    )
