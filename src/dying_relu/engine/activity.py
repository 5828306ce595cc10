"""The one definition of death, and the count of deaths and revivals over time.

A unit's activity rate is the share of the *whole* training set on which phi'(z) is positive (for
smooth phi: abs(phi'(z)) above a threshold). All arrays here have shape (networks, units).
"""

import numpy as np

NEARLY_DEAD_RATE = 0.01
DORMANT_TAUS = (0.0, 0.025, 0.1)
STATUSES = ("dead", "nearly dead", "active")


def is_dead(n_active: np.ndarray) -> np.ndarray:
    """Dead: active on no sample of the training set."""
    return n_active == 0


def is_nearly_dead(n_active: np.ndarray, n_samples: int) -> np.ndarray:
    """Nearly dead: active on at least one sample, but on at most 1 % of them."""
    return (n_active > 0) & (n_active <= NEARLY_DEAD_RATE * n_samples)


def is_dormant(mean_output: np.ndarray, tau: float) -> np.ndarray:
    """tau-dormant: mean abs(h) at most tau times its layer's average (Sokar et al. 2023, eq. 1).

    Where the whole layer is silent, every unit of it is dormant.
    """
    return mean_output <= tau * mean_output.mean(axis=1, keepdims=True)


def status(n_active: np.ndarray, n_samples: int) -> dict[str, np.ndarray]:
    """For each of `STATUSES` a mask; every unit has exactly one."""
    dead, nearly = is_dead(n_active), is_nearly_dead(n_active, n_samples)
    return dict(zip(STATUSES, (dead, nearly, ~dead & ~nearly), strict=True))


class Tracker:
    """Deaths and revivals of one layer's units from measurement to measurement.

    A death is a unit alive at one measurement and dead at the next; a revival the reverse. What
    happens and is undone between two measurements is not seen.
    """

    def __init__(self) -> None:
        self._begun = False
        self._born_dead = self._before = self._ever = np.zeros((0, 0), bool)
        self._followed = self._returned = self._reopened = np.zeros((0, 0), bool)
        self.just_died = self.just_revived = np.zeros((0, 0), bool)  # since the measurement before the last
        self._born_shut = self._born_open = self._crossed = np.zeros((0, 0), bool)

    def begin_recovery(self) -> None:
        """From now on follow the units that were dead at the last measurement."""
        self._followed, nothing = self._before, np.zeros_like(self._before)
        self._returned = self._reopened = nothing

    @property
    def died(self) -> np.ndarray:
        """The units dead at the last measurement that were alive at the first."""
        return self._before & ~self._born_dead

    def record(
        self,
        n_active: np.ndarray,
        n_open: np.ndarray,
        mean_output: np.ndarray,
        n_samples: int,
        displaced: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """Counts for each network, shape (networks,), at this measurement and since the one before.

        n_born_dead counts the units dead at the first measurement; n_ever_dead those dead at any so far; n_died_again
        those that died and had been dead at some measurement before. Of the
        units followed since `begin_recovery`, ``n_followed``, n_back are alive now and n_returned have been at some
        measurement since; n_closed counts the units whose pre-activation is positive on no sample, n_reopened and
        n_ever_reopened the followed ones for which it is, now or at some measurement since. 0 before following.
        n_born_one_sided counts, of the units ``displaced`` at the first measurement, those whose pre-activation was
        positive on no sample, or on all, then; n_ever_crossed those of them for which it has been otherwise since.
        """
        dead = is_dead(n_active)
        if not self._begun:
            self._begun = True
            self._born_dead = self._before = self._ever = dead
            self._followed = self._returned = self._reopened = self._crossed = np.zeros_like(dead)
            among = np.zeros_like(dead) if displaced is None else displaced
            self._born_shut, self._born_open = among & (n_open == 0), among & (n_open == n_samples)
        died, revived = self.just_died, self.just_revived = dead & ~self._before, ~dead & self._before
        died_again = died & self._ever
        self._before, self._ever = dead, self._ever | dead
        back = self._followed & ~dead
        self._returned = self._returned | back
        reopened = self._followed & (n_open > 0)
        self._reopened = self._reopened | reopened
        self._crossed |= self._born_shut & (n_open > 0) | self._born_open & (n_open < n_samples)
        counts = {
            "n_dead": dead,
            "n_nearly_dead": is_nearly_dead(n_active, n_samples),
            "n_born_dead": self._born_dead,
            "n_died": died,
            "n_died_again": died_again,
            "n_revived": revived,
            "n_ever_dead": self._ever,
            "n_followed": self._followed,
            "n_back": back,
            "n_returned": self._returned,
            "n_closed": n_open == 0,
            "n_reopened": reopened,
            "n_ever_reopened": self._reopened,
            "n_born_one_sided": self._born_shut | self._born_open,
            "n_ever_crossed": self._crossed,
            **{f"n_dormant_{tau:g}": is_dormant(mean_output, tau) for tau in DORMANT_TAUS},
        }
        return {name: mask.sum(axis=1) for name, mask in counts.items()}
