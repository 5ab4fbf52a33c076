"""Selectors: the grammar by example, against a slow reference on graphs of any shape, and through the verbs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyflow import cli
from skyflow.errors import ExitCode, UsageError
from skyflow.planning.select import Standing, select
from tests.paper import PaperKnown, board, planned

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyflow.board.model import Board

CHAIN = board(
    "skyflow: 1\nshots:\n  a: {prompt: x}\n  b: {prompt: x, needs: a}\n  c: {prompt: x, needs: b}\n"
    "  d: {prompt: x, needs: c}\n  other: {prompt: x}\n"
)
FILM = """\
skyflow: 1
tags:
  keeper: {images: [face.png], describe: an old man}
  mate: {images: [tall.png]}
  surf: {video: clip.mp4}
  boat: {describe: a red boat}
shots:
  lamp: {prompt: "@keeper lights it"}
  door: {prompt: "@mate and @keeper", needs: lamp}
  sea: {prompt: "waves like @surf round @boat"}
  both: {prompt: "@keeper moves like @surf"}
  old: {footage: clip.mp4}
  more: {prompt: "it goes on", extends: sea}
"""


@pytest.mark.parametrize(
    ("selector", "shots"),
    [
        ("b", "b"),
        ("+b", "a b"),
        ("b+", "b c d"),
        ("+b+", "a b c d"),
        ("1+d", "c d"),
        ("b+1", "b c"),
        ("1+c+1", "b c d"),
        ("0+c", "c"),
        ("99+c", "a b c"),
        ("a  d\n", "a d"),
        ("a b c d other", "a b c d other"),
        ("+c,b+", "b c"),
        ("+c,b+ other", "b c other"),
        ("+d,1+b,c+,a+", ""),
        ("a,a", "a"),
        ("*", "a b c d other"),
        ("?", "a b c d"),
        ("o*r", "other"),
        ("*,+b", "a b"),
    ],
)
def test_selectors(selector, shots):
    assert select(CHAIN, [selector]) == frozenset(shots.split())


def test_repeated_options_are_joined_and_none_means_all():
    assert select(CHAIN, ["a", "+b"]) == frozenset("ab")
    assert select(CHAIN, []) is None


def test_what_is_excluded_is_left_out_of_what_is_selected_or_of_all():
    assert select(CHAIN, ["+c"], ["b"]) == frozenset("ac")
    assert select(CHAIN, [], ["+c", "other"]) == frozenset("d")
    assert select(CHAIN, ["a"], ["a"]) == frozenset()


@pytest.mark.parametrize(
    ("selector", "shots"),
    [
        ("tag:keeper", "lamp door both"),
        ("tag:mate", "door"),
        ("tag:surf", "sea both"),
        ("tag:boat", "sea"),
        ("tag:surf+", "sea both more"),
        ("+tag:mate", "lamp door"),
        ("tag:keeper,tag:surf", "both"),
        ("tag:*", "lamp door sea both"),
    ],
)
def test_tags(selector, shots):
    assert select(board(FILM), [selector]) == frozenset(shots.split())


def standing(known: PaperKnown) -> Callable[[], Standing]:
    return lambda: Standing(planned(FILM, known), known)


def test_states_are_the_plan_s():
    known = PaperKnown()
    film = board(FILM)

    def chosen(selector: str) -> set[str]:
        return set(select(film, [selector], standing=standing(known)) or ())

    assert chosen("state:changed") == chosen("state:new") == {"lamp", "door", "sea", "both", "more"}
    assert chosen("state:unchanged") == {"old"}
    steps = {step.shot.id: step for step in planned(FILM, known).steps}
    known.make(steps["sea"])
    known.make(steps["lamp"])
    assert chosen("state:changed") == {"door", "both", "more"}
    assert chosen("1+state:changed") == {"lamp", "door", "both", "sea", "more"}
    known.gone.add(known.versions["lamp"][0].picked.sha256)
    assert chosen("state:changed") - chosen("state:new") == {"lamp"}
    assert chosen("state:unchanged") == {"sea", "old"}


def test_the_plan_is_made_once_and_only_for_a_state():
    asked: list[int] = []

    def counted() -> Standing:
        asked.append(1)
        return standing(PaperKnown())()

    select(board(FILM), ["tag:keeper lamp"], ["+sea"], standing=counted)
    assert not asked
    select(board(FILM), ["state:new state:changed"], ["state:unchanged"], standing=counted)
    assert len(asked) == 1


@pytest.mark.parametrize(
    "selector", ["++a", "a++", "+", "1a", "a+b", "-1+a", "a;b", "9" * 5000 + "+a", "é", "[ab]", "tag:", ":a", "a:b:c"]
)
def test_what_selects_nothing(selector):
    with pytest.raises(UsageError, match="selects nothing") as caught:
        select(CHAIN, [selector])
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("selector", "message", "remedy"),
    [
        ("maet", "there is no shot 'maet'", "shots: lamp, door, sea, both, old, more"),
        ("dor", "there is no shot 'dor'", "did you mean 'door'?"),
        ("x*", "there is no shot 'x*'", "shots: "),
        ("tag:keper", "no shot mentions the tag 'keper'", "did you mean 'keeper'?"),
        ("tga:keeper", "nothing is selected by 'tga'", "did you mean 'tag'?"),
        ("tag:x", "no shot mentions the tag 'x'", "tags that are mentioned: keeper, mate, surf, boat"),
        ("state:chnged", "there is no state 'chnged'", "did you mean 'changed'?"),
        ("state:z", "there is no state 'z'", "states: changed, new, unchanged"),
        ("@keeper", "'@keeper' selects nothing", "write tag:keeper"),
        ("lamp,door", "no shot is lamp and door at once", "write a space"),
        ("lamp +dor", "there is no shot 'dor', at character 6 of --select 'lamp +dor'", "did you mean 'door'?"),
        ("tag:mate,+dor", "there is no shot 'dor', at character 10 of --select", "did you mean 'door'?"),
        ("lamp,", "a comma stands beside nothing, at character 6 of --select", "write a space"),
        (",,", "a comma stands beside nothing, at character 1 of --select", "write a space"),
        ("lamp, door", "a comma stands beside nothing, at character 6 of --select", "write a space"),
        ("", "--select is empty", "leave --select out"),
        (" \n", "--select is empty", "leave --select out"),
        ("state:new", "a state cannot be selected here", "select by name or tag"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_was_meant(selector, message, remedy):
    with pytest.raises(UsageError) as caught:
        select(board(FILM), [selector])
    assert caught.value.message.startswith(message)
    assert caught.value.remedy.startswith(remedy)


def test_a_bad_exclusion_names_its_option():
    with pytest.raises(UsageError, match="at character 3 of --exclude 'a x'"):
        select(CHAIN, [], ["a x"])


@dataclass(frozen=True)
class Part:
    """A part of a selector, as data: what it names, and how far it goes each way; -1 is without end."""

    what: str
    before: int | None
    after: int | None

    def __str__(self) -> str:
        before = "" if self.before is None else f"{'' if self.before < 0 else self.before}+"
        return f"{before}{self.what}" + ("" if self.after is None else f"+{'' if self.after < 0 else self.after}")


STEPS = st.none() | st.integers(-1, 4)


@st.composite
def dags(draw: st.DrawFn) -> Board:
    """Shots in any order of file, needing each other in any way that ends; every third mentions a tag."""
    count = draw(st.integers(1, 9))
    pairs = [(late, early) for late in range(count) for early in range(late)]
    needed = draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    shots = {
        f"s{number}": {
            "prompt": "@face looks" if number % 3 == 0 else "sea",
            "needs": [f"s{early}" for late, early in sorted(needed) if late == number],
        }
        for number in range(count)
    }
    order = draw(st.permutations(sorted(shots)))
    whole = {"skyflow": 1, "tags": {"face": {"images": ["face.png"]}}, "shots": {name: shots[name] for name in order}}
    return board(json.dumps(whole))


def reached(film: Board, starts: set[str], steps: int | None, *, back: bool) -> set[str]:
    """What some shots come to, one step at a time until the steps, or what there is, are used up."""
    found = set(starts)
    for _ in range(0 if steps is None else len(film.shots) if steps < 0 else steps):
        if back:
            found |= {name for shot in found for name in film.shots[shot].depends_on}
        else:
            found |= {name for name, shot in film.shots.items() if found & set(shot.depends_on)}
    return found


def meant(film: Board, words: list[list[Part]]) -> set[str]:
    """The reference: unions of intersections of walks."""

    def one(part: Part) -> set[str]:
        tagged = {name for name, shot in film.shots.items() if "@face" in shot.prompt}
        starts = {"*": set(film.shots), "tag:face": tagged}.get(part.what, {part.what})
        return reached(film, starts, part.before, back=True) | reached(film, starts, part.after, back=False)

    return set().union(*(reduce(set.intersection, map(one, word)) for word in words))


def written(words: list[list[Part]]) -> str:
    return " ".join(",".join(map(str, word)) for word in words)


@settings(max_examples=300)
@given(dags(), st.data())
def test_any_selection_is_what_the_slow_reference_says(film, data):
    names = st.sampled_from([*film.shots, "tag:face", "*"])
    parts = st.builds(Part, names, STEPS, STEPS)
    words = st.lists(parts, min_size=1, max_size=3).filter(
        lambda word: (
            len({part.what for part in word if part.before is part.after is None and part.what[0] == "s"}) < 2
        )
    )
    wanted = data.draw(st.lists(words, min_size=1, max_size=3))
    unwanted = data.draw(st.lists(words, max_size=2))
    exclude = [written(unwanted)] if unwanted else []
    assert select(film, [written(wanted)], exclude) == frozenset(meant(film, wanted) - meant(film, unwanted))
    assert select(film, [written([word]) for word in wanted]) == frozenset(meant(film, wanted))


@settings(max_examples=200)
@given(st.text(alphabet="ab+,:*? 019tagse@-é\n", max_size=20))
def test_any_text_selects_shots_or_is_refused_with_a_remedy(text):
    refusal = ""
    try:
        chosen = select(CHAIN, [text])
    except UsageError as fault:
        refusal = fault.remedy
        chosen = None
    assert refusal if chosen is None else chosen <= CHAIN.shots.keys()


def test_a_walk_over_many_shots_is_no_work():
    """Every part of a long selector walks the whole graph; squares of that would not end."""
    shots = {f"s{number}": {"prompt": "x", "needs": [f"s{number - 1}"] if number else []} for number in range(300)}
    film = board(json.dumps({"skyflow": 1, "shots": shots}))
    assert nx.dag_longest_path_length(film.graph) == 299
    assert len(select(film, [" ".join(f"+s{number}+" for number in range(300))]) or ()) == 300


class TestVerbs:
    """Every verb that takes shots takes them in the same words."""

    @pytest.fixture(autouse=True)
    def _board(self, tmp_path, monkeypatch):
        (tmp_path / "board.yaml").write_text(
            "skyflow: 1\nshots:\n  one: {prompt: x}\n"
            "  two: {prompt: y, needs: one}\n  three: {prompt: z, needs: two}\n"
        )
        monkeypatch.chdir(tmp_path)

    def shots(self, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
        assert cli.run([*words, "--format", "json"]) == ExitCode.DONE
        found = json.loads(capsys.readouterr().out)["shots"]
        return [shot["shot"] for shot in found]

    @pytest.mark.parametrize("verb", ["plan", "graph", "status"])
    def test_what_looks(self, verb, capsys):
        assert self.shots(capsys, verb, "--select", "+two") == ["one", "two"]
        assert self.shots(capsys, verb, "--select", "+three,one+1") == ["one", "two"]
        assert self.shots(capsys, verb, "--select", "state:changed", "--exclude", "two+") == ["one"]
        assert self.shots(capsys, verb, "--exclude", "one", "--exclude=two") == ["three"]
        assert self.shots(capsys, verb, "--select", "state:unchanged") == []

    @pytest.mark.slow
    def test_a_run_makes_what_is_chosen_and_states_follow(self, capsys):
        def run(*words: str) -> list[str]:
            cli.run(["run", "--proxy", "480p", *words, "--format", "json"])
            events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            return [event["shot"] for event in events if event.get("how") == "made"]

        assert run("--select", "state:new,+two", "--exclude", "two") == ["one"]
        small = ("--proxy", "480p")
        assert self.shots(capsys, "status", *small, "--select", "state:unchanged") == ["one"]
        assert self.shots(capsys, "graph", *small, "--select", "state:new") == ["two", "three"]
        assert self.shots(capsys, "run", "--dry-run", *small, "--select", "state:changed") == ["two", "three"]

    @pytest.mark.parametrize("verb", ["plan", "run", "graph", "status"])
    def test_a_bad_selector_ends_with_2_and_nothing_made(self, verb, capsys, tmp_path):
        assert cli.run([verb, "--exclude", "one twoo"]) == ExitCode.INVALID
        said = capsys.readouterr()
        assert not said.out
        assert "there is no shot 'twoo', at character 5 of --exclude 'one twoo'" in said.err
        assert "did you mean 'two'?" in said.err
        assert not (tmp_path / "out").exists()

    def test_nothing_selected_is_said(self, capsys):
        assert cli.run(["plan", "--select", "state:unchanged"]) == ExitCode.DONE
        assert "No shot is selected." in capsys.readouterr().out
