"""What must hold whatever happened. Each rule gives the words for all that broke it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from skyflow.backends.paid import Intended
from skyflow.planning.request import SECRETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.simulation.play import Charge, Story


def nothing_is_paid_for_twice(story: Story) -> Iterator[str]:
    """No more takes of one request came to something than any board asked for.

    What a lost journal knew beyond first attempts nobody can know: the provider meets a client that begins anew with
    a conflict over the first attempt only where it had taken that one.
    """
    for group in _by_request(story).values():
        known = [charge for charge in group if not charge.forgotten or charge.attempt == 1]
        bought, wanted = sum(len(charge.clips) for charge in known), story.asked_for[group[0].prompt]
        if bought > wanted:
            tasks = ", ".join(charge.uuid for charge in group)
            yield f"{bought} takes of {group[0].prompt!r} were bought, and {wanted} asked for: {tasks}"


def _by_request(story: Story) -> Mapping[str, list[Charge]]:
    groups: dict[str, list[Charge]] = defaultdict(list)
    for charge in story.charges:
        groups[charge.what].append(charge)
    return groups


def nothing_that_was_paid_for_is_lost(story: Story) -> Iterator[str]:
    """Every clip that came of a task is in the store, and the lock or the journal names it.

    A client that lost its journal cannot know of what the board no longer asks for: neither of a scene whose words
    are others now, nor of one that is made of such a scene.
    """
    last = story.script.lives[-1]
    wanted = {last.behind(scene.prompt): scene.takes for scene in last.scenes}
    for group in _by_request(story).values():
        home = sum(len(charge.home) for charge in group)
        for charge in group:
            if charge.forgotten and home >= wanted.get(charge.behind, 0):
                continue
            for video in sorted(charge.clips.keys() - charge.home):
                yield f"clip {video} of task {charge.uuid} ({charge.prompt}) was paid for and is not there"


def no_run_passes_its_budget(story: Story) -> Iterator[str]:
    """What a run buys, with what it finds in flight, is no more than it could spend."""
    for number, ending in enumerate(story.endings):
        if ending.limit is not None and ending.bought and ending.bought + ending.carried > ending.limit:
            carried = f", {ending.carried} USD in flight before" if ending.carried else ""
            yield f"life {number} spent {ending.bought} USD of {ending.limit} USD{carried}"


def inputs_come_first(story: Story) -> Iterator[str]:
    """A shot is bought once all that it is made of has come home."""
    for post in story.posts:
        scenes = {
            scene.name: scene for scene in story.script.lives[min(post.life, len(story.script.lives) - 1)].scenes
        }
        scene = next((one for one in scenes.values() if one.prompt == post.body["positivePrompt"]), None)
        for name in scene.before if scene else ():
            if scenes[name].prompt not in post.home:
                yield f"{scene.name if scene else ''} was sent at {post.at:.1f} s, before {name} was there"


def every_run_ends_in_order(story: Story) -> Iterator[str]:
    """A run ends in time and with words, and without faults everything gets done and then stays done."""
    for number, ending in enumerate(story.endings):
        if ending.how in {"too late", "broke"}:
            yield f"life {number} {ending.how}: {ending.said}"
    last, idle = story.endings[-2:]
    if last.code != 0:
        yield f"without faults nothing gets done: {last.how} with {last.code}: {last.said}"
    elif idle.code != 0 or idle.posts or idle.downloads:
        yield f"a run with nothing to do made {idle.posts + idle.downloads} requests: {idle.how}: {idle.said}"


def the_journal_is_first(story: Story) -> Iterator[str]:
    """Whatever is sent is on the disk before: the task as it is, and that it is sent."""
    for post in story.posts:
        uuid = post.body["taskUUID"]
        if post.record is None or isinstance(post.record.stage, Intended):
            yield f"task {uuid} was sent at {post.at:.1f} s, and the journal did not say so"
        elif _plain(post.body) != _plain(dict(post.record.task.body)):
            yield f"task {uuid} was sent in other words than the journal has"


def _plain(body: dict[str, object]) -> dict[str, object]:
    """A task without what stands for secrets, and without what they are."""
    hidden = SECRETS | {"inputs"}
    return {name: value for name, value in body.items() if name not in hidden}


def what_is_taken_is_not_sent_again(story: Story) -> Iterator[str]:
    """Once the journal says that the provider has a task, nobody sends it."""
    for post in story.posts:
        if post.record is not None and post.record.accepted:
            yield f"task {post.body['taskUUID']} was sent again at {post.at:.1f} s, though the provider had taken it"


def a_name_has_one_meaning(story: Story) -> Iterator[str]:
    """A task is sent in the very same bytes each time, for as long as its journal is there."""
    first: dict[str, bytes] = {}
    life = 0
    for post in story.posts:
        lives = story.endings[life : post.life + 1]
        if any("journal" in one.life.loses or one.life.loses == "everything" for one in lives[1 if life else 0 :]):
            first.clear()
        life = post.life
        if first.setdefault(post.body["taskUUID"], post.content) != post.content:
            yield f"task {post.body['taskUUID']} was sent in other bytes at {post.at:.1f} s"


def the_store_is_first(story: Story) -> Iterator[str]:
    """What journal or lock say is in the store is there."""
    yield from (f"the journal had {take} before the store" for take in story.unstored)
    for number, ending in enumerate(story.endings):
        yield from (f"after life {number} the lock names {take}, which the store has not" for take in ending.ahead)


def secrets_stay_secret(story: Story) -> Iterator[str]:
    """No key, no secret of an address, nowhere."""
    yield from (f"a secret is shown: {where}" for where in story.shown)


RULES: tuple[Callable[[Story], Iterator[str]], ...] = (
    nothing_is_paid_for_twice,
    nothing_that_was_paid_for_is_lost,
    no_run_passes_its_budget,
    inputs_come_first,
    every_run_ends_in_order,
    the_journal_is_first,
    what_is_taken_is_not_sent_again,
    a_name_has_one_meaning,
    the_store_is_first,
    secrets_stay_secret,
)


def broken(story: Story) -> list[str]:
    """Everything that a story breaks, each with its rule."""
    return [f"{rule.__name__}: {words}" for rule in RULES for words in rule(story)]
