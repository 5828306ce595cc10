"""Random numbers that depend on what a network is, never on where or beside which it is trained."""

import hashlib

import numpy as np


def generator(*key: object) -> np.random.Generator:
    """A NumPy generator seeded by the key, e.g. ``("learning_rate", 1003, "order", 7)``.

    Equal keys give equal streams on every machine; different keys give independent ones.
    """
    return np.random.default_rng(np.frombuffer(_digest(key), dtype=np.uint32))


def integer_seed(*key: object) -> int:
    """A 31-bit seed from the key, for libraries that want one integer (Keras, scikit-learn)."""
    return int.from_bytes(_digest(key)[:4], "little") >> 1


def _digest(key: tuple[object, ...]) -> bytes:
    return hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()
