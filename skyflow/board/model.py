"""A board once everything in it is resolved: frozen, complete, free of files and templates.

``Board`` is what planning takes. How a board is written stands in ``written``; after ``resolve`` nobody asks
whether a value is there, which default applied or what a prompt will say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from skyflow.late import late
from skyflow.models import skyreels_v4

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    import networkx as nx

    from skyflow.facts import ClipFacts, ImageFacts, VoiceFacts
    from skyflow.problems import Problem
else:
    nx = late("networkx")

EdgeKind = Literal["extends", "edits", "frames", "tag", "needs"]
MediaKind = Literal["image", "clip", "voice"]
Measure = Literal["size", "length", "sound"]


@dataclass(frozen=True, slots=True)
class FileMedia:
    """A file beside the board that has been looked at.

    Attributes:
        path: relative to the board's folder, with forward slashes.
        sha256: of its content.
        facts: what it is.
    """

    path: str
    sha256: str
    facts: ImageFacts | ClipFacts | VoiceFacts


@dataclass(frozen=True, slots=True)
class DataMedia:
    """A picture that stands in the board itself, as a data URI.

    Attributes:
        type: as it says and is, such as ``image/png``.
        content: decoded.
        sha256: of the content.
    """

    type: str
    content: bytes = field(repr=False)
    sha256: str
    facts: ImageFacts


@dataclass(frozen=True, slots=True)
class UrlMedia:
    """A medium on the web, which the provider fetches: nobody here has looked at it, so its facts are not known.

    Attributes:
        url: to be sent; its query may be a secret, so everything else shows ``shown``.
        kind: what the board takes it for.
        sha256: of the content that the board expects there; None where it does not say.
        shown: the URL without what may be secret.
    """

    url: str = field(repr=False)
    kind: MediaKind
    sha256: str | None
    shown: str


@dataclass(frozen=True, slots=True)
class HeldMedia:
    """A medium that the provider holds already, by its UUID; its facts are not known here.

    Attributes:
        uuid: in lower case.
        kind: what the board takes it for.
    """

    uuid: str
    kind: MediaKind

    @property
    def shown(self) -> str:
        return f"uuid:{self.uuid}"


@dataclass(frozen=True, slots=True)
class ShotClip:
    """The clip of an earlier shot: its picked take."""

    shot: str


@dataclass(frozen=True, slots=True)
class ShotFrame:
    """One picture of an earlier shot's picked take.

    Attributes:
        shot: whose.
        index: zero-based, counted in that shot's own frames; never negative.
    """

    shot: str
    index: int


Address: TypeAlias = UrlMedia | HeldMedia
Picture: TypeAlias = FileMedia | DataMedia | UrlMedia | HeldMedia | ShotFrame
Voice: TypeAlias = FileMedia | UrlMedia | HeldMedia
Clip: TypeAlias = FileMedia | UrlMedia | HeldMedia | ShotClip
Media: TypeAlias = FileMedia | DataMedia | UrlMedia | HeldMedia | ShotClip | ShotFrame


@dataclass(frozen=True, slots=True)
class Pin:
    """A picture pinned to a place in a shot; one item of ``inputs.frameImages``.

    Attributes:
        image: the picture.
        at: as the board says it, for the request; None leaves the place to the model's distribution rules.
        index: the frame that it comes to stand at, zero-based, whoever decided it.
    """

    image: Picture
    at: Literal["first", "last"] | int | None
    index: int


@dataclass(frozen=True, slots=True)
class ImageReference:
    """One item of ``inputs.referenceImages``: a mentioned tag's pictures and voice."""

    tag: str
    kind: Literal["image", "grid"]
    images: tuple[Picture, ...]
    voice: Voice | None = None


@dataclass(frozen=True, slots=True)
class ClipReference:
    """One item of ``inputs.referenceVideos``: the clip that is extended, edited or moved like."""

    tag: str
    kind: Literal["extend", "reference"]
    clip: Clip


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How the provider hands a result over.

    Attributes:
        format: the container that the model's result comes in.
        quality: how gently it is compressed, 20 to 99.
        safety: how closely the provider looks at it; None leaves that to the provider.
        ttl: seconds for which the provider keeps it; None leaves that to the provider.
        webhook, upload_to: URLs, rendered. Secrets: nothing but the request may hold them.
    """

    format: Literal["mp4", "webm", "mov"] = "mp4"
    quality: int = skyreels_v4.QUALITY_DEFAULT
    safety: Literal["none", "fast", "full"] | None = None
    ttl: int | None = None
    webhook: str | None = field(default=None, repr=False)
    upload_to: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels. The model makes fifteen of them; footage may have any."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @property
    def pixels(self) -> int:
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Output:
    """The clip that a shot will be, known before it is made.

    Attributes:
        frames: at ``rate`` frames per second; the length is exact.
        sound: whether it will have an audio stream.
    """

    size: Size
    frames: int
    rate: Fraction
    sound: bool

    @property
    def seconds(self) -> Fraction:
        return self.frames / self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One shot in its final words.

    Attributes:
        prompt: rendered, mentions added, words in place of pictures; empty for footage.
        duration: seconds as the board says them, for the request.
        resolution: the tier, ``480p``, ``720p`` or ``1080p``; also what a shot is priced by.
        size: sent as width and height; None where the media input sets the aspect and resolution is sent alone.
        audio: sent as ``settings.audio``; None where the model takes none beside a reference clip.
        prompt_extend: whether the provider may write the prompt out longer.
        depends_on: shots that must be made first, in file order, ``needs`` included.
        assumed: the measures of ``output`` that a medium sets which nobody has looked at: what comes may differ.
        in_cut: whether the default cut shows it.
        frozen: whether the take that the lock names is used, whatever has changed.
        beside: parameters to add to the request, unchecked.
        mentions: the tags that the prompt mentions as it is written, whatever became of them, in order.
        notes: what the runner decided for the author: a default dropped, words in place of pictures.
    """

    id: str
    index: int
    prompt: str
    duration: float
    resolution: str
    size: Size | None
    takes: int
    audio: bool | None
    pins: tuple[Pin, ...]
    references: tuple[ImageReference, ...]
    clips: tuple[ClipReference, ...]
    footage: FileMedia | None
    depends_on: tuple[str, ...]
    output: Output
    in_cut: bool
    prompt_extend: bool = True
    delivery: Delivery = Delivery()
    frozen: bool = False
    beside: Mapping[str, Any] = field(default_factory=dict, hash=False)
    mentions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    assumed: frozenset[Measure] = frozenset()


@dataclass(frozen=True, slots=True)
class CutEntry:
    """A shot as the final edit shows it.

    Attributes:
        start: the first picture to show, zero-based; None where the board names none, which is the first new one.
        end: the picture to stop before; None is the shot's end.
    """

    shot: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class Board:
    """A checked board.

    Attributes:
        name: the file's name without its ending; names the folder under ``out/``.
        shots: in file order, which is the order of the story.
        order: every shot after those it depends on; ties in file order.
        cut: the final edit, in order.
        budget: USD that one run may cost at most; None where the board sets none.
        sources: for each shot, the shots that it depends on, and all the reasons.
        warnings: problems that stop nothing.
    """

    name: str
    title: str
    model: str
    shots: Mapping[str, Shot]
    order: tuple[str, ...]
    cut: tuple[CutEntry, ...]
    sources: Mapping[str, Mapping[str, frozenset[EdgeKind]]]
    warnings: tuple[Problem, ...] = ()
    budget: Decimal | None = None

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """An edge from each shot to those that depend on it; each edge carries ``kinds``, a set of EdgeKind."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self.shots)
        for shot, sources in self.sources.items():
            graph.add_edges_from((upstream, shot, {"kinds": set(kinds)}) for upstream, kinds in sources.items())
        return graph

    @cached_property
    def cut_shots(self) -> tuple[str, ...]:
        """The shots of the final edit, each once."""
        return tuple(dict.fromkeys(entry.shot for entry in self.cut))

    @property
    def cut_seconds(self) -> Fraction:
        """How long the final edit is, before pictures that a clip repeats of the one it continues are left out."""
        return sum((self._seconds(entry) for entry in self.cut), Fraction(0))

    def _seconds(self, entry: CutEntry) -> Fraction:
        output = self.shots[entry.shot].output
        end = output.frames if entry.end is None else entry.end
        return (end - (entry.start or 0)) / output.rate
