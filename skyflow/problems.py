"""What can be wrong with a board, said so that a person can mend it.

A problem has a stable code, a place, the text there, what is wrong and what to do. Problems are data; only
``terminal`` turns them into text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Severity = Literal["error", "warning"]

MOST_SAID = 1000
"""Characters of a path, message or remedy: a board may put megabytes where a name is meant."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one line of a file.

    Attributes:
        file: the name that a person knows the file by, as given or relative to the board's folder.
        line: counted from 1; 0 where the whole file is meant.
        column: counted from 1, in characters.
        length: how many characters the caret covers, at least 1.
        text: the whole line, without its line break.
    """

    file: str
    line: int = 0
    column: int = 0
    length: int = 1
    text: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """Another place that explains a problem: the first of two duplicates, an edge of a cycle."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a board.

    Attributes:
        code: stable, ``SF`` and four digits; see CODES.
        place: where.
        path: the keys that lead there, such as ``shots.climb.duration``.
        message: what is wrong, one sentence without a trailing period.
        remedy: how to mend it, imperative, or empty where the message says it.
    """

    code: str
    place: Place
    path: str
    message: str
    remedy: str = ""
    related: tuple[Related, ...] = field(default=())

    def __post_init__(self) -> None:
        """Keep the words short, whatever a board made them of."""
        for name in ("path", "message", "remedy"):
            words = getattr(self, name)
            if len(words) > MOST_SAID:
                object.__setattr__(self, name, f"{words[: MOST_SAID - 1]}…")

    @property
    def severity(self) -> Severity:
        return "warning" if CODES[self.code].startswith("warning: ") else "error"


CODES: dict[str, str] = {
    "SF0101": "not YAML",
    "SF0102": "larger, deeper or more aliased than a board may be",
    "SF0103": "a byte or character that no YAML text may hold",
    "SF0104": "an empty file",
    "SF0105": "more than one document in a file",
    "SF0106": "a key that is not text",
    "SF0107": "an alias without its anchor",
    "SF0108": "a key that stands twice",
    "SF0109": "a merge of something that is not a mapping",
    "SF0110": "a number that is none",
    "SF0111": "a YAML tag",
    "SF0201": "an unknown key",
    "SF0202": "a missing key",
    "SF0203": "a value of the wrong kind",
    "SF0204": "a value that is not one of those allowed",
    "SF0205": "a number out of range",
    "SF0206": "an empty value",
    "SF0207": "a name that is none",
    "SF0208": "a key that this model has no use for",
    "SF0209": "a rule that is none, or that no board may break",
    "SF0210": "a parameter of the request that is not for the board to set",
    "SF0301": "an unknown shot",
    "SF0302": "shots that wait for each other",
    "SF0303": "a name that means two things",
    "SF0304": "an unknown mention",
    "SF0305": "a mention of a shot that is not extended or edited",
    "SF0306": "pictures beside a clip, with no words to take their place",
    "SF0307": "a tag of several kinds",
    "SF0308": "a voice without pictures",
    "SF0309": "a mention in a tag's words",
    "SF0401": "a template that cannot be rendered",
    "SF0402": "a blank prompt",
    "SF0403": "a shot without a prompt",
    "SF0404": "a shot with two prompts",
    "SF0405": "a prompt with a character that is no text",
    "SF0406": "a var whose name templates know as something else",
    "SF0501": "a file that is not there",
    "SF0502": "a path that leads out of the project",
    "SF0503": "a file that cannot be read",
    "SF0504": "a file that is not what it is taken for",
    "SF0505": "an address that is none",
    "SF0601": "an aspect or size where the media set it",
    "SF0602": "a size beside a resolution or an aspect",
    "SF0603": "audio beside a clip that brings its own",
    "SF0604": "footage with a key that only a generated shot takes",
    "SF0605": "a frame that the shot it is taken from does not have",
    "SF0606": "a place beyond the end of the shot",
    "SF0607": "two pictures at one place",
    "SF0608": "a clip that is extended and edited at once",
    "SF0610": "a prompt that is too long",
    "SF0611": "a grid beside images",
    "SF0612": "too many tags with images",
    "SF0613": "more than one grid",
    "SF0614": "a reference clip that is too small",
    "SF0615": "a reference clip that is too long",
    "SF0616": "a voice that is too long",
    "SF0617": "a stretch of a cut that the shot does not have",
    "SF0699": "a request that the model's schema refuses",
    "SF0701": "a URL that is none, or not https",
    "SF0702": "a URL with a user name or password",
    "SF0703": "a provider's UUID that is none",
    "SF0704": "a picture in the board that cannot be read",
    "SF0705": "a clip or voice as a data URI",
    "SF0706": "footage by address",
    "SF0801": "warning: frames beside references",
    "SF0802": "warning: a reference clip over 10 s",
    "SF0803": "warning: several reference clips",
    "SF0804": "warning: a duration in fractions of a second",
    "SF0805": "warning: a voice beside a grid",
    "SF0806": "warning: a tag that no prompt mentions",
    "SF0807": "warning: a parameter of the request that skyflow does not know",
    "SF0808": "warning: a name that two libraries define",
    "SF0809": "warning: a URL without the hash of what is there",
    "SF0810": "warning: more than five pictures in a tag",
    "SF0811": "warning: a kind of file that the model's makers do not take",
    "SF0812": "warning: more than six pictures between the first and the last",
    "SF0813": "warning: a prompt of more words than the model's makers take",
    "SF0814": "warning: a value from outside that nothing asks for",
}
"""Every code, and in one line what it stands for; the docs list them and a test holds the two together."""


WAIVABLE = frozenset(code for code, words in CODES.items() if words.startswith("warning: ")) | {
    *("SF0614", "SF0615", "SF0616"),
}
"""What ``ignore`` may name: every warning, and the limits of media that the model's page states. A provider measures
media for itself and may let them pass; what breaks any other rule means nothing, or is refused as a request."""

LOOKED_THROUGH = 300
"""How many names a suggestion is looked for among; comparing is slow, and boards may come from anywhere."""

LEAFED_THROUGH = 3000
"""Of how many names those with the same first letter are chosen, where there are more than can be looked through."""

LISTED = 20
"""How many names a remedy lists."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?``, or an empty string where nothing is near."""
    plain = word[:100].casefold()
    names = list(islice(known, LEAFED_THROUGH))
    if len(names) > LOOKED_THROUGH:
        names = [name for name in names if name[:1].casefold() == plain[:1]][:LOOKED_THROUGH]
    folded = {name.casefold(): name for name in reversed(names)}
    near = get_close_matches(plain, reversed(folded), n=1, cutoff=0.6)
    return f"did you mean '{folded[near[0]]}'?" if near else ""


def listed(names: Iterable[str]) -> str:
    """Names as a list for people: ``a, b, c``, and of a long one its beginning."""
    known = list(names)
    more = len(known) - LISTED
    return ", ".join(known[:LISTED]) + (f" and {more} more" if more > 0 else "")
