"""What a run would do, shot by shot, and why.

``decide`` takes one shot and gives one Step. The plan calls it for every shot before anything is made; the run
calls it again for each shot when its inputs exist. There is no second opinion anywhere, so a preview cannot
disagree with a run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from skyflow.board.model import ShotClip, ShotFrame
from skyflow.errors import Refused
from skyflow.planning import cut
from skyflow.planning.cost import cost, dollars
from skyflow.planning.key import Bound, bind
from skyflow.planning.reasons import changes
from skyflow.planning.request import Request, request, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from fractions import Fraction

    from skyflow.board.model import Board, Output, Shot
    from skyflow.planning.takes import Known, Version


class Action(StrEnum):
    """What happens to a shot."""

    MAKE = "make"
    RESUME = "resume"
    """The provider is at it already, for an earlier run: it is asked for and not bought again."""
    REUSE = "reuse"
    WAIT = "wait"
    """An input does not exist yet; whether the shot is made or reused shows when it does."""
    FOOTAGE = "footage"


def _as_planned(output: Output) -> Output:
    return output


@dataclass(frozen=True, slots=True)
class Maker:
    """Which backend is planned for: as much of it as a key holds, and what it makes of what is asked for.

    Attributes:
        output: as ``Backend.output``.
        paid: whether a take costs money.
    """

    name: str
    version: str
    output: Callable[[Output], Output] = _as_planned
    paid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One shot's part of a plan.

    Attributes:
        reason: a few words, for people.
        waits_for: shots whose clips this one needs and which are not there yet.
        request: None for footage.
        bound: the request with hashes in place of media, once all of them exist.
        missing: the takes to make.
        in_flight: those of them that were bought before and are only asked for.
        frozen: the version that the lock names, where the shot uses that whatever has changed.
        clip: SHA-256 of the clip that later shots and the cut use, where it is there already.
        cost: USD at the model's prices for the takes that the board asks for, made or not.
        due: as much of it as a run would newly spend on a backend that costs money; for a shot that waits, the most.
    """

    shot: Shot
    action: Action
    reason: str
    waits_for: tuple[str, ...] = ()
    request: Request | None = None
    bound: Bound | None = None
    missing: tuple[int, ...] = ()
    in_flight: tuple[int, ...] = ()
    frozen: Version | None = None
    clip: str | None = None
    cost: Decimal = Decimal(0)
    due: Decimal = Decimal(0)

    @property
    def key(self) -> str | None:
        if self.frozen:
            return self.frozen.key
        return self.bound.key if self.bound else None


@dataclass(frozen=True, slots=True)
class CutStep:
    """The final edit's part of a plan: made, reused, or waiting for shots."""

    action: Action
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Every step, each after those that it depends on, and the cut that they end in."""

    board: Board
    maker: Maker
    steps: tuple[Step, ...]
    cut: CutStep

    @property
    def total_cost(self) -> Decimal:
        """USD at the model's prices for the whole board."""
        return sum((step.cost for step in self.steps), Decimal(0))

    @property
    def total_due(self) -> Decimal:
        """USD that a run would newly spend, at most, if every task succeeds at its published price."""
        return sum((step.due for step in self.steps), Decimal(0))

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say of the whole, a sentence each: that it costs more than the board allows for a run."""
        budget = self.board.budget
        price = self.total_due if self.maker.paid else self.total_cost
        if budget is None or price <= budget:
            return ()
        return (f"{dollars(price)} is more than the board's budget of {dollars(budget)}",)

    @property
    def nothing_to_make(self) -> bool:
        return self.cut.action is Action.REUSE and self.no_shot_to_make

    @property
    def no_shot_to_make(self) -> bool:
        return all(step.action in {Action.REUSE, Action.FOOTAGE} for step in self.steps)


def plan(board: Board, maker: Maker, known: Known) -> Plan:
    """Decide every shot from what is known before anything is made."""
    clips: dict[str, str | None] = {}
    steps = []
    buyers: dict[str, Step] = {}
    for shot_id in board.order:
        step = decide(board, board.shots[shot_id], maker, known, clips)
        clips[shot_id] = step.clip
        steps.append(_shared(step, buyers.setdefault(step.key, step)) if step.key and step.missing else step)
    return Plan(board, maker, tuple(steps), _cut(board, known, clips))


def _shared(step: Step, first: Step) -> Step:
    """A step that makes the very clip that an earlier one makes, which pays for the takes that both want."""
    if first is step or not step.due:
        return step
    alone = [take for take in step.missing if take not in step.in_flight and take not in first.missing]
    share = step.due * len(alone) / (len(step.missing) - len(step.in_flight))
    return replace(step, reason=f"{step.reason}; shared with {first.shot.id}", due=share)


def _cut(board: Board, known: Known, clips: Mapping[str, str | None]) -> CutStep:
    absent = cut.missing(board, clips)
    if not board.cut:
        return CutStep(Action.REUSE, "the board leaves every shot out of it")
    if absent:
        return CutStep(Action.WAIT, f"waits for {', '.join(absent)}")
    state = known.cut(cut.key(board, clips))
    reasons = {"stands": "unchanged", "other": "shows something else than the board", "none": "new"}
    return CutStep(Action.REUSE if state == "stands" else Action.MAKE, reasons[state])


def decide(board: Board, shot: Shot, maker: Maker, known: Known, clips: Mapping[str, str | None]) -> Step:
    """Decide one shot.

    Args:
        clips: for every shot before this one, the SHA-256 of its picked take; None where it is not there yet.

    Raises:
        Refused: the shot is frozen and there is no take of it to use.
    """
    if shot.footage:
        return Step(shot=shot, action=Action.FOOTAGE, reason=shot.footage.path, clip=shot.footage.sha256)
    task = request(shot, board.model)
    if shot.frozen:
        return _frozen(shot, task, maker, known, clips)
    upstream = upstream_of(task)
    lengths = _lengths(upstream, known, clips)
    price = cost(board, shot, shot.takes, lengths)
    waits_for = tuple(name for name in upstream if clips[name] is None)
    if waits_for:
        reason = f"waits for {', '.join(waits_for)}"
        missing = tuple(range(1, shot.takes + 1))
        return Step(
            shot=shot,
            action=Action.WAIT,
            reason=reason,
            waits_for=waits_for,
            request=task,
            missing=missing,
            cost=price,
            due=price if maker.paid else Decimal(0),
        )
    there = {name: sha256 for name in upstream if (sha256 := clips[name]) is not None}
    bound = bind(shot, task, there, maker.name, maker.version)
    version = known.version(shot.id, bound.key)
    missing, reason = _missing(shot, version, known)
    if version is None:
        reason = _why_new(shot, bound, known)
    picked = version.picked.sha256 if version and version.pick not in missing else None
    in_flight = known.in_flight(bound.key, missing) if maker.paid else ()
    to_buy = len(missing) - len(in_flight)
    unsure = known.unsure(bound.key, missing) if maker.paid else ()
    if in_flight:
        reason = "bought already and in flight" if not to_buy else f"{reason}; {_named(in_flight)} in flight"
    if unsure:
        reason += f"; {_named(unsure)} may have been bought already: the provider is asked first"
    return Step(
        shot=shot,
        action=Action.REUSE if not missing else Action.MAKE if to_buy else Action.RESUME,
        reason=reason,
        request=task,
        bound=bound,
        missing=missing,
        in_flight=in_flight,
        clip=picked,
        cost=price,
        due=cost(board, shot, to_buy, lengths) if maker.paid else Decimal(0),
    )


def _named(takes: Sequence[int]) -> str:
    return f"{'take' if len(takes) == 1 else 'takes'} {', '.join(map(str, takes))}"


def _lengths(upstream: Sequence[str], known: Known, clips: Mapping[str, str | None]) -> dict[str, Fraction]:
    """How long the clips that a shot is made from really are, where they are there: a take may miss its length."""
    versions = {name: known.current(name) for name in upstream if clips[name]}
    picked = {name: version.picked for name, version in versions.items() if version}
    return {name: take.frames / take.rate for name, take in picked.items() if take.sha256 == clips[name]}


def _frozen(shot: Shot, task: Request, maker: Maker, known: Known, clips: Mapping[str, str | None]) -> Step:
    """The step of a shot that stays as it is."""
    version = known.current(shot.id)
    if version is None:
        raise Refused(f"{shot.id} is frozen, and there is no take of it", "run once without `frozen`, then freeze it")
    take = version.picked
    if not known.intact(take):
        lost = "damaged in the store" if known.held(take) else "gone from the store"
        raise Refused(f"{shot.id} is frozen, and its take is {lost}", "put it back, or run once without `frozen`")
    reason = _whether_stale(shot, task, maker, known, clips, version)
    return Step(shot=shot, action=Action.REUSE, reason=reason, request=task, frozen=version, clip=take.sha256)


def _whether_stale(  # noqa: PLR0913, PLR0917 - all that a key is made of, and what it is compared with
    shot: Shot, task: Request, maker: Maker, known: Known, clips: Mapping[str, str | None], version: Version
) -> str:
    """Why a frozen shot would be made again, were it not frozen."""
    there = {name: sha256 for name in upstream_of(task) if (sha256 := clips[name]) is not None}
    if absent := [name for name in upstream_of(task) if name not in there]:
        return f"frozen; {', '.join(absent)} is still to be made"
    now = bind(shot, task, there, maker.name, maker.version)
    return "frozen" if now.key == version.key else f"frozen, and out of date: {_why_new(shot, now, known)}"


def upstream_of(task: Request) -> tuple[str, ...]:
    """The shots whose clips or frames a request names, each once."""
    named = (medium.shot for _, medium in task.media() if isinstance(medium, ShotClip | ShotFrame))
    return tuple(dict.fromkeys(named))


def _missing(shot: Shot, version: Version | None, known: Known) -> tuple[tuple[int, ...], str]:
    """The takes that are wanted and not there, and why; the picked one is always wanted."""
    wanted = set(range(1, shot.takes + 1))
    if version is None:
        return tuple(sorted(wanted)), ""
    missing: dict[int, str] = {}
    for number in sorted(wanted | {version.pick}):
        take = version.takes.get(number)
        if take is None:
            missing[number] = "not made yet"
        elif not known.intact(take):
            missing[number] = "damaged in the store" if known.held(take) else "gone from the store"
    if missing:
        return tuple(missing), ", ".join(f"take {number} {why}" for number, why in missing.items())
    label = version.picked.label
    return (), "unchanged" if label == shot.id else f"unchanged; its slate says {label}"


def _why_new(shot: Shot, bound: Bound, known: Known) -> str:
    last = known.current(shot.id)
    if last is None:
        return "new"
    before = known.identity(last)
    found = changes(before, bound) if before else []
    return ", ".join(found) or "changed; what it was made from is no longer known"


def as_json(whole: Plan) -> dict[str, Any]:
    """The plan for programs; ``schemas/plan.schema.json`` describes it."""
    return {
        "backend": whole.maker.name,
        "shots": [_step_json(whole, step) for step in whole.steps],
        "order": [step.shot.id for step in whole.steps],
        "cut": {"action": str(whole.cut.action), "reason": whole.cut.reason},
        "total_cost": float(whole.total_cost),
        "total_due": float(whole.total_due),
        "budget": None if whole.board.budget is None else float(whole.board.budget),
        "notes": list(whole.notes),
    }


def _step_json(whole: Plan, step: Step) -> dict[str, Any]:
    board, output = whole.board, whole.maker.output(step.shot.output)
    return {
        "shot": step.shot.id,
        "action": str(step.action),
        "reason": step.reason,
        "depends_on": list(step.shot.depends_on),
        "waits_for": list(step.waits_for),
        "key": step.key,
        "takes": step.shot.takes,
        "missing_takes": list(step.missing),
        "in_flight": list(step.in_flight),
        "cost": float(step.cost),
        "due": float(step.due),
        "width": output.size.width,
        "height": output.size.height,
        "frames": output.frames,
        "fps": str(output.rate),
        "sound": output.sound,
        "in_cut": step.shot.id in board.cut_shots,
        "notes": list(step.shot.notes),
        "request": shown(step.request.body) if step.request else None,
    }
