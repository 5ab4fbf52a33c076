"""What happens in a simulation, all of it decided by its seed before it begins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Literal

from skyflow.board.model import Delivery, Pin, UrlMedia
from tests import fakes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from skyflow.board.model import Board, Shot

NAMES = tuple("abcdefghij")
CANARY = "canary-5eb63bbb-never-shown"
HOOK = f"https://hooks.example/done?token={CANARY}"
PICTURE = f"https://bucket.example/face.png?X-Amz-Signature={CANARY}"

Loss = Literal["", "journal", "lock", "journal and lock", "everything"]


@dataclass(frozen=True, slots=True)
class Scene:
    """One shot of a board that is edited.

    Attributes:
        words: a version of its prompt; another one is another shot to the provider.
        picture: the number of a file beside the board; None for none.
        address: whether a picture from the web is pinned, its URL a secret.
        hook: whether its request names a webhook, its URL a secret.
    """

    name: str
    words: int = 1
    takes: int = 1
    frames: tuple[str, ...] = ()
    extends: str | None = None
    needs: tuple[str, ...] = ()
    picture: int | None = None
    address: bool = False
    hook: bool = False

    @property
    def prompt(self) -> str:
        """What the provider is asked for; every version of every scene has its own."""
        return f"scene {self.name} in version {self.words}"

    @property
    def made_of(self) -> tuple[str, ...]:
        """The scenes whose clips are part of its request."""
        return (*self.frames, *((self.extends,) if self.extends else ()))

    @property
    def before(self) -> tuple[str, ...]:
        """The scenes that must be there first."""
        return (*self.made_of, *self.needs)

    def shot(self, folder: Path) -> Shot:
        """It as a board has it; its picture is written beside the board."""
        pictures = [] if self.picture is None else [fakes.picture(folder, f"{self.picture}.png", _png(self.picture))]
        shot = fakes.shot(
            self.name,
            self.prompt,
            extends=self.extends,
            frames=[(name, 0) for name in self.frames],
            pictures=pictures,
            needs=self.needs,
            takes=self.takes,
        )
        if self.address:
            pin = Pin(UrlMedia(PICTURE, "image", None, PICTURE.partition("?")[0]), "last", 0)
            shot = replace(shot, pins=(*shot.pins, pin), size=None)
        return replace(shot, delivery=Delivery(webhook=HOOK)) if self.hook else shot


def _png(number: int) -> bytes:
    return b"\x89PNG picture " + str(number).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One run of the client, and how it ends.

    Attributes:
        scenes: the board as it is then.
        spare: the budget as a multiple of what the run is expected to cost; None for no budget.
        dies_at: the step of its own at which it dies.
        killed_after, stopped_after: virtual seconds until it is killed, or asked to stop.
        full: the steps at which the disk refuses.
        loses: what is deleted before it begins.
        restarts: the requests at which the sandbox is restarted.
    """

    scenes: tuple[Scene, ...]
    jobs: int = 4
    spare: Decimal | None = None
    dies_at: int | None = None
    killed_after: float | None = None
    stopped_after: float | None = None
    full: range = range(0)
    loses: Loss = ""
    restarts: frozenset[int] = frozenset()
    fail_fast: bool = False

    def behind(self, prompt: str) -> frozenset[str]:
        """The prompts of all that a scene is made of, itself among them: empty for what this board does not ask."""
        named = {scene.name: scene for scene in self.scenes}
        due = [scene for scene in self.scenes if scene.prompt == prompt]
        found: set[str] = set()
        while due:
            scene = due.pop()
            found.add(scene.prompt)
            due += (named[name] for name in scene.made_of)
        return frozenset(found)

    def board(self, folder: Path) -> Board:
        """Its board; the files that it names are written."""
        return fakes.board(*(scene.shot(folder) for scene in self.scenes))


@dataclass(frozen=True, slots=True)
class Script:
    """A whole simulation.

    Attributes:
        behaviour: the sandbox's settings.
        faults: what goes wrong in it until the last life, which is quiet.
    """

    seed: int
    lives: tuple[Life, ...]
    behaviour: dict[str, Any] = field(default_factory=dict)
    faults: tuple[dict[str, Any], ...] = ()


def script(seed: int) -> Script:
    """The script of a seed."""
    dice = Random(seed)  # noqa: S311 - no secret
    scenes = _scenes(dice)
    lives = []
    for number in range(dice.choice((1, 2, 2, 3, 4))):
        if number and dice.random() < 0.35:
            scenes = _edited(dice, scenes)
        lives.append(_life(dice, scenes, first=not number))
    if dice.random() < 0.2:
        scenes = _edited(dice, scenes)
    lives.append(Life(scenes=scenes))
    return Script(seed, tuple(lives), _behaviour(dice, seed), _faults(dice))


def _scenes(dice: Random) -> tuple[Scene, ...]:
    scenes: list[Scene] = []
    for name in NAMES[: dice.choice((3, 3, 3, 4, 4, 5, 6, 8, 10))]:
        earlier = [scene.name for scene in scenes]
        scene = Scene(name, takes=dice.choice((1, 1, 1, 2, 3)), hook=dice.random() < 0.1)
        if earlier and dice.random() < 0.55:
            how = dice.choice(("frames", "extends", "needs", "frames"))
            chosen = dice.choice(earlier)
            scene = _after(scene, how, chosen)
        elif dice.random() < 0.3:
            scene = replace(scene, picture=dice.randrange(3))
        elif dice.random() < 0.06:
            scene = replace(scene, address=True)
        scenes.append(scene)
    return tuple(scenes)


def _after(scene: Scene, how: str, before: str) -> Scene:
    match how:
        case "extends":
            return replace(scene, extends=before)
        case "frames":
            return replace(scene, frames=(before,))
        case _:
            return replace(scene, needs=(before,))


def _edited(dice: Random, scenes: tuple[Scene, ...]) -> tuple[Scene, ...]:
    """A board after somebody worked on it: other words, more or fewer takes, or a scene less."""
    place = dice.randrange(len(scenes))
    scene = scenes[place]
    match dice.choice(("words", "more", "fewer", "gone", "back")):
        case "words":
            scene = replace(scene, words=scene.words + 1)
        case "back":
            scene = replace(scene, words=max(1, scene.words - 1))
        case "more":
            scene = replace(scene, takes=min(4, scene.takes + 1))
        case "fewer":
            scene = replace(scene, takes=max(1, scene.takes - 1))
        case _:
            if len(scenes) > 2 and not any(scene.name in other.before for other in scenes):
                return scenes[:place] + scenes[place + 1 :]
    return (*scenes[:place], scene, *scenes[place + 1 :])


def _life(dice: Random, scenes: tuple[Scene, ...], *, first: bool) -> Life:
    life = Life(scenes=scenes, jobs=dice.choice((1, 2, 4, 8)), fail_fast=dice.random() < 0.1)
    spare = dice.choice((None, "0.8", "1.0", "1.0", "1.2", "1.5"))
    life = replace(life, spare=None if spare is None else Decimal(spare))
    match dice.choice(("step", "step", "step", "time", "stop", "well")):
        case "step":
            life = replace(life, dies_at=round(4 ** dice.uniform(0, 4)))
        case "time":
            life = replace(life, killed_after=dice.uniform(0, 60))
        case "stop":
            life = replace(life, stopped_after=dice.uniform(0, 60))
        case _:
            pass
    if dice.random() < 0.1:
        begin = round(4 ** dice.uniform(0, 4))
        life = replace(life, full=range(begin, begin + dice.choice((1, 2, 20))))
    if dice.random() < 0.2:
        life = replace(life, restarts=frozenset(dice.sample(range(1, 40), 2)))
    if not first and dice.random() < 0.15:
        life = replace(life, loses=dice.choice(("journal", "lock", "journal and lock", "everything")))
    return life


def _behaviour(dice: Random, seed: int) -> dict[str, Any]:
    base, jitter = dice.choice(((0, 0), (2, 20), (30, 40), (90, 200), (400, 600)))
    return {
        "seed": seed,
        "latency": {"base": base, "jitter": jitter},
        "batched_polls": dice.random() < 0.8,
        "unknown_tasks": dice.choice(("empty", "not found")),
        "waiting": dice.choice(("processing", "pending")),
        "future_uuids": dice.random() < 0.5,
        "failed_poll": dice.choice((200, 400)),
        "link_seconds": dice.choice((86_400, 60, 5)),
        "expired": dice.choice((403, 404, 410)),
        "media_limits": False,
    }


def _faults(dice: Random) -> tuple[dict[str, Any], ...]:
    return tuple(_when(dice, dice.choice(KINDS)(dice)) for _ in range(dice.choice((0, 1, 2, 3, 4, 6, 9))))


def _when(dice: Random, fault: dict[str, Any]) -> dict[str, Any]:
    """At which calls, so that it ends at some time."""
    match dice.choice(("at", "chance", "often")):
        case "at":
            return fault | {"at": sorted(dice.sample(range(1, 30), 3))}
        case "chance":
            return fault | {"chance": dice.choice((0.1, 0.3)), "times": dice.randint(1, 12)}
        case _:
            return fault | {"times": dice.randint(1, 8)}


def _broken(dice: Random) -> dict[str, Any]:
    """A request that gets no answer of the provider; of a submission, also after it was taken."""
    on = dice.choice(("submit", "submit", "submit", "poll", "poll", "upload", "details", "download"))
    fault: dict[str, Any] = {"do": dice.choice(("drop", "hang", "status", "status")), "on": on}
    if fault["do"] == "status":
        fault["status"] = dice.choice((408, 429, 500, 502, 503, 504))
        fault["body"] = dice.choice(("json", "single", "html", "empty"))
        if dice.random() < 0.3:
            fault["retry_after"] = dice.choice((0, 1, 7, 45))
    if on == "submit" and dice.random() < 0.6:
        fault["when"] = "after"
    return fault


def _slow(dice: Random) -> dict[str, Any]:
    return {
        "do": "slow",
        "on": dice.choice(("submit", "poll", "upload", "download")),
        "seconds": dice.choice((3, 40)),
    }


def _failing(dice: Random) -> dict[str, Any]:
    codes = ("providerError", "timeoutProvider", "providerError", "providerError", "promptBlocked")
    fault: dict[str, Any] = {"do": "fail", "code": dice.choice(codes), "refund": dice.random() < 0.3}
    return fault | ({"takes": [dice.choice((1, 2, 3))]} if dice.random() < 0.4 else {})


def _refused(dice: Random) -> dict[str, Any]:
    match dice.choice(("content", "account", "queue", "conflict")):
        case "content":
            return {"do": "refuse", "on": "submit", "code": dice.choice(("promptBlocked", "unknownModel"))}
        case "account":
            return {"do": dice.choice(("bad key", "forbidden", "no credit")), "on": "submit"}
        case "queue":
            return {"do": "queue full"} | ({"retry_after": dice.choice((2, 30))} if dice.random() < 0.5 else {})
        case _:
            return {"do": "conflict"}


def _odd(dice: Random) -> dict[str, Any]:
    """An answer that is right and unlike others."""
    return dice.choice((
        {"do": "empty"}, {"do": "misplace"}, {"do": "single"}, {"do": "shuffle"}, {"do": "extra", "on": "poll"},
        {"do": "extra", "on": "submit"}, {"do": "nsfw"}, {"do": "cost"}, {"do": "cost", "factor": 1.25},
        {"do": "cost", "factor": 2}, {"do": "late", "seconds": dice.choice((20, 400))},
        {"do": "late", "takes": [2], "seconds": 90}, {"do": "forget", "on": "submit"},
        {"do": "forget", "on": "upload"}, {"do": "measures", "width": 1280, "height": 720, "frames": 99},
    ))  # fmt: skip


def _damaged(dice: Random) -> dict[str, Any]:
    fault: dict[str, Any] = {"do": dice.choice(("truncate", "corrupt", "expire", "truncate"))}
    if fault["do"] == "truncate":
        fault |= {"share": dice.choice((0, 0.3, 0.9)), "quietly": dice.random() < 0.5}
    return fault


KINDS: Sequence[Callable[[Random], dict[str, Any]]] = (
    *(_broken, _broken, _broken, _slow, _refused, _odd, _odd, _damaged),
    *(_failing, _failing, _failing),
)
