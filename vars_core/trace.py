"""What a layer computes at every iterate, reduced to maps while the model runs (SPEC §4).

A `TraceRecorder` is handed to one forward call and holds that call's state alone, so that any number of threads may
trace the same model. Without one, a layer pays a single ``is None``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from vars_core.dictionary_trace import DictionaryRecorder, DictionaryTrace
from vars_core.errors import InputError, nearest
from vars_core.operators import Operator, pooled_gradients
from vars_core.readouts import READOUTS, Readout
from vars_core.solver import objective
from vars_core.sparsity import zero_codes
from vars_core.targets import Answer, ClassLogit, ClassToken, Target
from vars_core.tokens import Grid, join_heads
from vars_core.trace_html import trace_html


@dataclass(frozen=True, repr=False)
class LayerTrace:
    """Everything recorded of one block: float32 on the CPU, first axis t = 0..T (one iterate for attention).

    ``maps[readout]`` (T+1, B, h, w); ``head_maps[readout]`` (T+1, B, H, h, w) where asked for, never of an output;
    ``objective`` ½‖Pu − v‖² + λ‖u‖₁, ``sparsity`` the fraction of zero codes in [0, 1], ``delta`` ‖u_t − u_{t−1}‖
    (0 at t = 0): each (T+1, B), or None for a layer without codes or when statistics were not asked for;
    ``codes`` (T+1, B, …) and the ``dictionary`` that they belong to where asked for.
    """

    name: str
    grid: Grid
    maps: dict[str, Tensor]
    head_maps: dict[str, Tensor] = field(default_factory=dict)
    objective: Tensor | None = None
    sparsity: Tensor | None = None
    delta: Tensor | None = None
    codes: Tensor | None = None
    dictionary: DictionaryTrace | None = None

    @property
    def num_steps(self) -> int:
        """T: the index of the last iterate."""
        return next(iter(self.maps.values())).shape[0] - 1

    def __repr__(self) -> str:
        others = [name for name in ("objective", "codes", "dictionary") if getattr(self, name) is not None]
        recorded = ", ".join([*self.maps, *(["heads"] if self.head_maps else []), *others])
        steps = f", t = 0..{self.num_steps}" if self.maps else ""
        return f"LayerTrace({self.name}, {self.grid[0]}×{self.grid[1]}{steps}: {recorded})"

    def _repr_html_(self) -> str:
        return trace_html({self.name: self.maps}, repr(self))


@dataclass(frozen=True, repr=False)
class Trace:
    """Logits (B, classes) and the traces of the layers, in the order of the model; ``trace["0.9"]`` is one of them.

    ``grids``: of every layer that was run, traced or not.
    """

    logits: Tensor
    layers: tuple[LayerTrace, ...]
    grids: dict[str, Grid] = field(default_factory=dict)

    def __getitem__(self, name: str) -> LayerTrace:
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = [layer.name for layer in self.layers]
        raise InputError(f"no layer {name!r} was traced; nearest: {nearest(name, known)}")

    def __repr__(self) -> str:
        batch, classes = self.logits.shape
        layers = "".join(f"\n  {layer!r}" for layer in self.layers)
        return f"Trace({batch} × {classes} logits, {len(self.layers)} layers){layers}"

    def _repr_html_(self) -> str:
        return trace_html({layer.name: layer.maps for layer in self.layers}, repr(self).partition("\n")[0])


class TraceRecorder:
    """Collects one forward call. ``layers``: names "stage.block", or None for all of them.

    ``dictionary`` asks for the atoms of those layers and their use, and is refused by layers without a dictionary.
    ``target``: what the readouts of a gradient differentiate (`vars_core.targets`); a class's logit needs a call with
    gradients enabled. ``before``: called before each layer; what it raises ends the call.
    """

    def __init__(
        self,
        readouts: Iterable[str] = ("energy",),
        layers: Iterable[str] | None = None,
        *,
        per_head: bool = False,
        statistics: bool = False,
        codes: bool = False,
        dictionary: bool = False,
        target: Target = None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        names = tuple(readouts)
        for name in names:
            if name not in READOUTS:
                raise InputError(f"unknown readout {name!r}: expected one of {', '.join(READOUTS)}")
        self.readouts = tuple(READOUTS[name] for name in names)
        self.per_head = per_head
        self.statistics = statistics
        self.codes = codes
        self.dictionary = dictionary
        self.target = target
        self._wanted = None if layers is None else frozenset(layers)
        self._before = before
        self._layers: list[LayerRecorder] = []
        self._grids: dict[str, Grid] = {}

    def layer(self, name: str, grid: Grid) -> LayerRecorder | None:
        """The recorder of block ``name``, or None when it is not wanted."""
        self._before()
        self._grids[name] = grid
        if self._wanted is not None and name not in self._wanted:
            return None
        recorder = LayerRecorder(self, name, grid)
        self._layers.append(recorder)
        return recorder

    @property
    def complete(self) -> bool:
        """Whether every layer that was named has been recorded: a call that is for them alone may end."""
        return self._wanted is not None and not self._absent()

    def layers(self) -> tuple[LayerTrace, ...]:
        """What was recorded, in the order of the model. Raises InputError where a layer that was named is not there."""
        if absent := self._absent():
            raise InputError(f"the model has no layer {', '.join(sorted(absent))}")
        return tuple(layer.result() for layer in self._layers)

    def result(self, logits: Tensor) -> Trace:
        """The trace of a whole call, which gave ``logits``."""
        if isinstance(self.target, ClassLogit) and not self._absent():
            self._explain(self.target.chosen(logits))
        return Trace(logits.detach(), self.layers(), dict(self._grids))

    def _absent(self) -> frozenset[str]:
        return (self._wanted or frozenset()) - {layer._name for layer in self._layers}

    def _explain(self, logit: Tensor) -> None:
        """What is read from the gradient of a class's logit, once the model has given it."""
        answers = [answer for layer in self._layers if (answer := layer.answer) is not None]
        tensors = [tensor for answer in answers for tensor in answer.tensors]
        gradients = iter(torch.autograd.grad(logit, tensors) if tensors else ())
        for layer in self._layers:
            if layer.answer is not None:
                layer.explain(tuple(next(gradients) for _ in layer.answer.tensors))


class LayerRecorder:
    """Watches one block: `iterate` sees every z_t, `gradients` the operator once more, `finish` the block's output."""

    def __init__(self, wishes: TraceRecorder, name: str, grid: Grid) -> None:
        self._wishes = wishes
        self._name = name
        self._grid = grid
        self._from_z, self._from_gradient, self._from_output = (
            [readout for readout in wishes.readouts if readout.reads == what] for what in ("z", "gradient", "output")
        )
        self._iterates: list[Tensor] = []  # z_t as (B, N, C), kept within the block for what is read from its output
        self._maps: dict[str, list[Tensor]] = {readout.name: [] for readout in wishes.readouts}
        self._head_maps: dict[str, list[Tensor]] = {}
        self._statistics: dict[str, list[Tensor]] = {}
        self._codes: list[Tensor] = []
        self._previous: Tensor | None = None
        self._dictionary: DictionaryRecorder | None = None
        self.answer: Answer | None = None

    @property
    def keeps_codes(self) -> bool:
        """Whether it looks at the codes of an iterate."""
        return self._wishes.codes or self._wishes.statistics or self._wishes.dictionary

    def iterate(self, operator: Operator, v: Tensor, z: Tensor, codes: Tensor | None) -> None:
        """Record one iterate of the operator on v: z (B, H, N, d), and its codes where it has any."""
        wishes = self._wishes
        if wishes.dictionary and self._dictionary is None:
            self._dictionary = DictionaryRecorder(self._name, operator.dictionary, self._grid)
        for readout in self._from_z:
            self._read(readout, z, v)
        if self._from_output:
            self._iterates.append(join_heads(z))
        if codes is None:
            return
        if wishes.codes:
            self._codes.append(codes.detach())
        if self._dictionary is not None:
            self._dictionary.add(codes)
        if wishes.statistics and operator.lam is not None:
            before, self._previous = self._previous, codes
            self._add_statistics(z, v, codes, codes if before is None else before, operator.lam)

    def gradients(self, operator: Operator, v: Tensor, answer: Answer) -> None:
        """Record what is read from the gradient by v of what is asked for; of a class, once its logit is known."""
        if not self._from_gradient:
            return
        if isinstance(self._wishes.target, ClassLogit):
            self.answer = answer
        elif isinstance(self._wishes.target, ClassToken):
            self._read_gradients(self._wishes.target.gradients(answer), v)
        elif self._wishes.target is not None:
            weights = self._wishes.target.weights(v, self._grid)
            self._read_gradients(operator.gradients(v, weights), v)
        else:
            self._read_gradients(pooled_gradients(operator, v), v)

    def explain(self, gradients: tuple[Tensor, ...]) -> None:
        """Record what is read from the gradient of a logit, given its gradients by the answer's tensors."""
        assert self.answer is not None
        answer, patches = self.answer, slice(self.answer.num_prefix, None)
        pulled = answer.operator.gradients(answer.v, answer.joined(gradients))
        self._read_gradients([gradient[:, :, patches] for gradient in pulled], answer.v[:, :, patches])
        self.answer = None

    def _read_gradients(self, gradients: Iterable[Tensor], v: Tensor) -> None:
        for gradient in gradients:
            for readout in self._from_gradient:
                self._read(readout, gradient, v)

    def finish(self, tail: Callable[[Tensor], Tensor], output: Tensor) -> None:
        """Record what is read from the block's output had the solver stopped at t; ``tail`` maps z_t to it."""
        if self._from_output:
            for stopped in [*map(tail, self._iterates[:-1]), output]:
                for readout in self._from_output:
                    self._read(readout, stopped.unsqueeze(1))
        self._iterates.clear()

    def _read(self, readout: Readout, read: Tensor, v: Tensor | None = None) -> None:
        """One map from what is read (B, H, N, d) and the values v of that shape, and one a head where asked for."""
        parts = (read.float(),) if v is None else (read.float(), v.float())
        self._maps[readout.name].append(readout.reduce(*parts).detach())
        if self._wishes.per_head and v is not None:
            heads = [readout.reduce(*head) for head in zip(*(part.split(1, dim=1) for part in parts), strict=True)]
            self._head_maps.setdefault(readout.name, []).append(torch.stack(heads, dim=1).detach())

    def _add_statistics(self, z: Tensor, v: Tensor, codes: Tensor, before: Tensor, lam: float) -> None:
        rows = {
            "objective": objective(z.float(), v.float(), codes.float(), lam),
            "sparsity": zero_codes(codes).float().flatten(1).mean(1),
            "delta": (codes - before).float().flatten(1).norm(dim=1),
        }
        for key, value in rows.items():
            self._statistics.setdefault(key, []).append(value.detach())

    def result(self) -> LayerTrace:
        def maps(recorded: dict[str, list[Tensor]]) -> dict[str, Tensor]:
            return {key: torch.stack(values).cpu().unflatten(-1, self._grid) for key, values in recorded.items()}

        return LayerTrace(
            name=self._name,
            grid=self._grid,
            maps=maps(self._maps),
            head_maps=maps(self._head_maps),
            codes=torch.stack(self._codes).float().cpu() if self._codes else None,
            dictionary=self._dictionary.result() if self._dictionary is not None else None,
            **{key: torch.stack(values).cpu() for key, values in self._statistics.items()},
        )
