"""Which transfers each statistic is made of, given the states that a recording has."""

from __future__ import annotations

from dataclasses import dataclass

State = tuple[int, int]
Pair = tuple[State, State]


@dataclass(frozen=True)
class Design:
    """The states of a recording (or of one task of it).

    Attributes
    ----------
    states : tuple of (int, int)
        Item S and step T, both from 0; a probe's step is not among them.
    shown : tuple of int
        Item on display at each step, -1 for none.
    n_back : int, optional
        n, where the task is an N-back task: an item is of use until n steps later.
    """

    states: tuple[State, ...]
    shown: tuple[int, ...]
    n_back: int | None = None

    @property
    def encoding(self) -> dict[int, State]:
        """E(S, S) of each item that is shown."""
        return {self.shown[t]: (s, t) for s, t in self.states if self.shown[t] == s}

    @property
    def memory(self) -> tuple[State, ...]:
        """M(S, T) in which the item is still of use: T after S, and at most n later if known."""
        return tuple(state for state in self.states if self._in_memory(state))

    @property
    def used(self) -> tuple[State, ...]:
        """States that statistics rest on: encoding, memory, maintenance, the first age unused."""
        needed = {*self.encoding.values(), *self.memory, *self.maintenance}
        return tuple(
            state for state in self.states
            if state in needed or (self.n_back is not None and self.age(state) == self.n_back + 1)
        )  # fmt: skip

    @property
    def maintenance(self) -> tuple[State, ...]:
        """States of steps that show no item."""
        return tuple(state for state in self.states if self.shown[state[1]] < 0)

    def age(self, state: State) -> int:
        """Steps since the item was shown; of items shown before the first step, by their order."""
        item, step = state
        encoding = self.encoding
        if item in encoding:
            return step - encoding[item][1]
        before = [other for other, _ in self.states if other not in encoding]
        return step + max(before) + 1 - item

    def _in_memory(self, state: State) -> bool:
        if state[0] not in self.encoding:
            return True
        age = self.age(state)
        return age > 0 and (self.n_back is None or age <= self.n_back)

    def recalls(self, state: State) -> bool:
        """Whether the state's step is the one that compares with its item."""
        return self.n_back is not None and self.age(state) == self.n_back


def transfers(design: Design) -> dict[str, tuple[Pair, ...]]:
    """Trained-at and tested-at states of every statistic.

    Parameters
    ----------
    design : Design
        States.

    Returns
    -------
    dict of str to tuple of ((S, T), (S', T'))
        ``within`` E(S,S) in itself; ``encoding_to_encoding`` E(S,S) to E(S',S');
        ``encoding_to_memory`` E(S,S) to M(S,T) (``_recall``: at the step that compares with the
        item, ``_hold``: before it); ``within_memory`` M(S,T) in itself; ``same_age_transfer``
        M(S,T) to M(S',T') of the same age while items are shown; ``same_item_transfer`` between
        different steps of one item; ``maintenance`` within steps that show no item,
        ``maintenance_transfer`` between the items held at one such step, and
        ``encoding_to_maintenance``. Statistics without any transfer are left out.

    Examples
    --------
    >>> design = Design(states=((0, 0), (0, 1), (1, 1)), shown=(0, 1))
    >>> transfers(design)["encoding_to_memory"]
    (((0, 0), (0, 1)),)
    """
    encoding, memory = design.encoding, design.memory
    known = [m for m in memory if m[0] in encoding]
    shown_memory = [m for m in known if design.shown[m[1]] >= 0]
    held = [*encoding.values(), *known]
    groups: dict[str, list[Pair]] = {
        "within": [(e, e) for e in encoding.values()],
        "within_memory": [(m, m) for m in memory],
        "encoding_to_encoding": [
            (a, b) for a in encoding.values() for b in encoding.values() if a != b
        ],
        "encoding_to_memory": [(encoding[m[0]], m) for m in known],
        "same_age_transfer": [
            (a, b) for a in shown_memory for b in shown_memory
            if a[0] != b[0] and design.age(a) == design.age(b)
        ],
        "same_item_transfer": [(a, b) for a in held for b in held if a[0] == b[0] and a != b],
        "maintenance": [(m, m) for m in design.maintenance],
        "maintenance_transfer": [
            (a, b) for a in design.maintenance for b in design.maintenance
            if a[0] != b[0] and a[1] == b[1]
        ],
        "encoding_to_maintenance": [
            (encoding[m[0]], m) for m in design.maintenance if m[0] in encoding
        ],
    }  # fmt: skip
    if design.n_back is not None:
        for name, recall in (("recall", True), ("hold", False)):
            groups[f"encoding_to_memory_{name}"] = [
                (encoding[m[0]], m) for m in known if design.recalls(m) == recall
            ]
    return {name: tuple(pairs) for name, pairs in groups.items() if pairs}
