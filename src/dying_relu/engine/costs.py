"""Where a training job's processor time goes, by kind, and how much arithmetic is done in it.

Arithmetic counts the products of layers alone, two operations a multiplication: of a step three passes of its batch,
of a measurement one pass over its samples, of an inspection three. What a real machine does beside that is overhead.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

KINDS = ("import", "compile", "train", "measure", "draw", "write", "rest")


class Costs:
    """Processor seconds of this process by kind, from its start.

    Attributes:
        seconds: by kind, what is under way apart; what belongs to no kind is "rest".
        operations: floating point operations by kind.
    """

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(KINDS, 0.0) | {"import": time.process_time()}
        self.operations: dict[str, float] = dict.fromkeys(KINDS, 0.0)

    @contextmanager
    def of(self, kind: str) -> Iterator[None]:
        """Count the time of what happens inside."""
        start = time.process_time()
        try:
            yield
        finally:
            self.seconds[kind] += time.process_time() - start

    def call(self, kind: str, operations: float, function: Any, *arguments: object) -> Any:
        """Call a compiled function; a call that compiles it first counts as that alone."""
        known, start = function.experimental_get_tracing_count(), time.process_time()
        result = function(*arguments)
        kind, operations = (kind, operations) if function.experimental_get_tracing_count() == known else ("compile", 0)
        self.seconds[kind] += time.process_time() - start
        self.operations[kind] += operations
        return result

    def lines(self) -> list[str]:
        """One line a kind, as logs keep them; `report.provenance` reads them."""
        self.seconds["rest"] = time.process_time() - sum(self.seconds[kind] for kind in KINDS if kind != "rest")
        return [f"cost {kind} {self.seconds[kind]:.3f} s {self.operations[kind]:.6g} operations" for kind in KINDS]
