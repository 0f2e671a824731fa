"""Rules are judged by what the scenes hold, where, how long and when; nothing else."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import datetime, timedelta

import numpy as np
import pytest
import scenes
from hypothesis import given
from hypothesis import strategies as st

from desktop.recordings.rule import Rule, unknown
from desktop.recordings.rules import Event, Rules, inside, wanted
from models.scene import EMPTY, Detection, Scene

SIZE = (200, 100)
NOON = datetime(2026, 11, 25, 12, 0)  # a Wednesday


def dog(x: float = 90.0, y: float = 40.0, *, score: float = 0.9, label: str = "dog", track: int = 3) -> Detection:
    """A thing of 20 x 20 pixels with its upper left corner there."""
    return Detection(np.array([x, y, x + 20, y + 20], np.float32), score, label, track)


def seen(*things: Detection) -> Scene:
    return Scene(objects=things)


def rule(**said: object) -> Rule:
    return Rule.model_validate({"name": "Dog", "what": ["dog"], "seconds": 0.0, "cooldown": 0.0} | said)


def kinds(rules: Rules, story: list[tuple[float, Scene]], moment: datetime = NOON) -> list[tuple[str, float]]:
    """The events of a story of scenes: what, and the time of the scene that brought it."""
    told: list[tuple[str, float]] = []
    for time, scene in story:
        told += [(event.kind, time) for event in rules.judge(time, scene, moment + timedelta(seconds=time), SIZE)]
    return told


def test_a_rule_fires_once_while_what_it_names_stays_and_again_when_it_came_back() -> None:
    here = [(0.1 * n, seen(dog())) for n in range(10)]
    away = [(1.0 + 0.1 * n, EMPTY) for n in range(10)]
    back = [(2.0, seen(dog()))]
    assert kinds(Rules([rule()]), here + away + back) == [("found", 0.0), ("gone", 1.5), ("found", 2.0)]


def test_an_event_says_how_many_there_are_and_which_is_the_surest() -> None:
    (event,) = Rules([rule()]).judge(1.0, seen(dog(score=0.5), dog(20, 30, score=0.8, track=7)), NOON, SIZE)
    assert (event.kind, event.count, event.label, event.score, event.track) == ("found", 2, "dog", 0.8, 7)
    assert event.box == (20.0, 30.0, 40.0, 50.0)
    assert event.as_json()["rule"] == "Dog"


def test_what_is_less_sure_than_the_rule_asks_does_not_count() -> None:
    rules = Rules([rule(score=0.7)])
    assert kinds(rules, [(0.0, seen(dog(score=0.69))), (0.1, seen(dog(score=0.71)))]) == [("found", 0.1)]


def test_so_many_must_be_there_at_once() -> None:
    rules = Rules([rule(least=2)])
    assert kinds(rules, [(0.0, seen(dog())), (0.1, seen(dog(), dog(20)))]) == [("found", 0.1)]


def test_it_must_hold_for_so_long_and_a_missed_detection_does_not_break_that() -> None:
    story = [(0.1 * n, EMPTY if n in (4, 5, 6) else seen(dog())) for n in range(12)]
    assert kinds(Rules([rule(seconds=1.0, gap=0.5)]), story) == [("found", 1.0)]


def test_a_longer_gap_breaks_it() -> None:
    story = [(0.1 * n, EMPTY if 3 <= n < 10 else seen(dog())) for n in range(19)]
    assert kinds(Rules([rule(seconds=1.0, gap=0.5)]), story) == []


def test_a_slow_analysis_that_sees_it_each_time_is_no_gap_but_a_long_silence_is() -> None:
    assert kinds(Rules([rule(seconds=4.0, gap=0.2)]), [(2.0 * n, seen(dog())) for n in range(3)]) == [("found", 4.0)]
    assert kinds(Rules([rule(seconds=4.0, gap=0.2)]), [(4.0 * n, seen(dog())) for n in range(3)]) == []


def test_it_does_not_fire_again_before_it_has_cooled_down_but_then_for_what_is_still_there() -> None:
    rules = Rules([rule(cooldown=5.0, gap=0.0)])
    story = [(0.0, seen(dog())), (1.0, EMPTY)] + [(1.5 + 0.5 * n, seen(dog())) for n in range(10)]
    assert kinds(rules, story) == [("found", 0.0), ("gone", 1.0), ("found", 5.0)]


def test_what_is_there_again_while_the_rule_cools_down_is_known_to_be_present() -> None:
    rules = Rules([rule(cooldown=5.0, gap=0.0)])
    kinds(rules, [(0.0, seen(dog())), (1.0, EMPTY)])
    assert rules.present == frozenset()
    assert kinds(rules, [(1.5, seen(dog()))]) == []
    assert rules.present == {"Dog"}


@pytest.mark.parametrize(
    ("point", "y", "fires"),
    [("centre", 35.0, False), ("centre", 41.0, True), ("foot", 35.0, True), ("foot", 29.0, False)],
)
def test_the_centre_or_the_foot_of_its_box_must_lie_in_the_region(point: str, y: float, fires: bool) -> None:
    rules = Rules([rule(region=[[0.0, 0.5], [1.0, 1.0]], point=point)])
    assert bool(kinds(rules, [(0.0, seen(dog(y=y)))])) is fires


def test_a_region_fits_pictures_of_any_size() -> None:
    corner = rule(region=[[0.5, 0.5], [1.0, 0.5], [1.0, 1.0]])
    small = Detection(np.array([95, 65, 105, 75], np.float32), 0.9, "dog", 1)
    large = Detection(np.array([950, 650, 1050, 750], np.float32), 0.9, "dog", 1)
    assert Rules([corner]).judge(0.0, seen(small), NOON, (120, 120))
    assert Rules([corner]).judge(0.0, seen(large), NOON, (1200, 1200))
    assert not Rules([corner]).judge(0.0, seen(small), NOON, (1200, 1200))


def test_a_thing_that_reaches_beyond_the_picture_stands_on_its_edge() -> None:
    rules = Rules([rule(region=[[0.0, 0.8], [1.0, 1.0]], point="foot")])
    assert kinds(rules, [(0.0, seen(dog(y=95.0)))]) == [("found", 0.0)]


def test_a_hollow_region_leaves_its_hollow_out() -> None:
    u = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.8), (0.8, 0.8), (0.8, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
    assert not inside((0.5, 0.4), u)
    for place in ((0.1, 0.4), (0.5, 0.9), (0.2, 0.4)):
        assert inside(place, u)


@given(
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.tuples(st.floats(0, 0.4), st.floats(0, 0.4), st.floats(0.6, 1), st.floats(0.6, 1)),
)
def test_a_rectangle_holds_just_the_points_between_its_corners(
    place: tuple[float, float], sides: tuple[float, float, float, float]
) -> None:
    x1, y1, x2, y2 = sides
    corners = rule(region=[[x2, y1], [x1, y2]]).corners  # any two opposite ones
    between = x1 <= place[0] <= x2 and y1 <= place[1] <= y2
    near = min(abs(place[0] - x1), abs(place[0] - x2), abs(place[1] - y1), abs(place[1] - y2)) < 1e-6
    assert near or inside(place, corners) == between


def test_faces_bodies_and_classes_can_be_named_together() -> None:
    both = rule(what=["face", "dog"], least=2)
    assert Rules([both]).judge(0.0, Scene((dog(),), (scenes.face(),)), NOON, SIZE)[0].count == 2
    assert Rules([rule(what=["body"])]).judge(0.0, Scene(bodies=(scenes.body(),)), NOON, SIZE)[0].label == "body"


def test_a_person_in_a_box_with_a_skeleton_is_one_person() -> None:
    figure = scenes.body(60.0, 60.0)
    box = Detection(np.array([50, 50, 170, 170], np.float32), 0.8, "person", 9)
    apart = Detection(np.array([400, 50, 450, 170], np.float32), 0.8, "person", 10)
    one = Rules([rule(what=["person"])])
    assert one.judge(0.0, Scene((box,), (), (figure,)), NOON, (500, 300))[0].count == 1
    two = Rules([rule(what=["person"])])
    assert two.judge(0.0, Scene((apart,), (), (figure,)), NOON, (500, 300))[0].count == 2


def test_numbers_that_are_none_count_for_nothing() -> None:
    odd = Detection(np.array([np.nan, 0, np.inf, 10], np.float32), 0.9, "dog", 1)
    assert Rules([rule()]).judge(0.0, seen(odd), NOON, SIZE) == ()


@pytest.mark.parametrize(
    ("hours", "days", "moment", "due"),
    [
        (None, None, "2026-11-25 03:00", True),
        ("09:00-17:00", None, "2026-11-25 09:00", True),
        ("09:00-17:00", None, "2026-11-25 17:00", False),
        ("22:00-06:00", None, "2026-11-25 23:59", True),
        ("22:00-06:00", None, "2026-11-25 05:59", True),
        ("22:00-06:00", None, "2026-11-25 06:00", False),
        ("22:00-24:00", None, "2026-11-25 23:59", True),
        ("0:00-24:00", None, "2026-11-25 00:00", True),
        (None, ["wed"], "2026-11-25 12:00", True),
        (None, ["sat", "sun"], "2026-11-25 12:00", False),
        ("22:00-06:00", ["fri"], "2026-11-28 05:00", True),  # Saturday morning belongs to Friday's night
        ("22:00-06:00", ["fri"], "2026-11-27 05:00", False),
        ("22:00-06:00", ["sat"], "2026-11-28 05:00", False),
        ("22:00-24:00", ["fri"], "2026-11-27 23:00", True),
        ("22:00-24:00", ["fri"], "2026-11-28 00:00", False),
    ],
)
def test_a_rule_is_judged_at_its_hours_and_days(
    hours: str | None, days: list[str] | None, moment: str, due: bool
) -> None:
    assert rule(hours=hours, days=days).due(datetime.fromisoformat(moment)) is due


def test_what_is_still_there_when_the_hours_are_over_has_gone_for_the_rule() -> None:
    rules = Rules([rule(hours="09:00-12:00", gap=0.1)])
    story = [(0.0, seen(dog())), (0.5, seen(dog())), (1.0, seen(dog())), (1.5, seen(dog()))]
    assert kinds(rules, story, datetime(2026, 11, 25, 11, 59, 59)) == [("found", 0.0), ("gone", 1.0)]


def test_where_no_scene_comes_any_more_what_was_there_lapses() -> None:
    rules = Rules([rule()])
    kinds(rules, [(0.0, seen(dog()))])
    assert rules.lapse(2.0) == ()
    (event,) = rules.lapse(3.5)
    assert event.kind == "gone"
    assert rules.lapse(4.0) == ()
    assert rules.present == frozenset()


def test_a_rule_that_is_switched_off_is_not_judged() -> None:
    assert kinds(Rules([rule(on=False)]), [(0.0, seen(dog()))]) == []
    assert wanted([rule(on=False), rule(name="Cat", what=["cat", "face"])]) == {"cat", "face"}


def test_rules_that_were_not_changed_go_on_where_they_stood() -> None:
    before = Rules([rule(cooldown=60.0), rule(name="Two", least=2)])
    kinds(before, [(0.0, seen(dog()))])
    after = Rules([rule(cooldown=60.0), rule(name="Two", least=1)], known=before)
    assert [event.rule.name for event in after.judge(0.1, seen(dog()), NOON, SIZE)] == ["Two"]


def test_time_that_runs_back_begins_anew() -> None:
    rules = Rules([rule(cooldown=60.0)])
    assert kinds(rules, [(100.0, seen(dog())), (1.0, seen(dog()))]) == [("found", 100.0), ("found", 1.0)]


@given(st.lists(st.tuples(st.floats(0, 2), st.booleans()), max_size=60), st.floats(0, 3), st.floats(0, 2))
def test_found_and_gone_take_turns_whatever_comes(steps: list[tuple[float, bool]], seconds: float, gap: float) -> None:
    rules, time = Rules([rule(seconds=seconds, gap=gap, cooldown=1.0)]), 0.0
    told: list[Event] = []
    for step, there in steps:
        time += step
        told += rules.judge(time, seen(dog()) if there else EMPTY, NOON, SIZE)
    assert [event.kind for event in told] == ["found", "gone"] * (len(told) // 2) + ["found"] * (len(told) % 2)
    found = [event.time for event in told if event.kind == "found"]
    assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(found))


def test_arguments_are_filled_in_one_by_one_and_stay_one() -> None:
    told = rule(run=["say", "{label} at {time}", "{score}", '{"x": 1}', "$(reboot); {rule}"], name="a; b {label}")
    moment = datetime(2026, 11, 25, 12, 0, 1)
    assert told.arguments(label="hot dog", score=0.912, moment=moment, file="") == [
        *("say", "hot dog at 2026-11-25T12:00:01", "0.91", '{"x": 1}', "$(reboot); a; b {label}"),
    ]


def test_classes_that_no_detector_knows_are_told_with_near_ones() -> None:
    assert unknown([rule(what=["dgo"])], ["dog", "cat"]).endswith("did you mean dog?")
    assert unknown([rule(what=["face", "body", "person", "cat"])], ["dog", "cat"]) == ""


def test_events_are_plain_sentences() -> None:
    (event,) = Rules([rule()]).judge(1.0, seen(dog(), dog(20)), NOON, SIZE)
    assert event.sentence == "Dog: dog, 90% sure, 2 of them."
    assert dataclasses.replace(event, kind="gone").sentence == "Dog: the dog has gone."
