"""A file of rules is read, checked and written whole; what is wrong in it is told by rule and field."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desktop.recordings.rule import Rule
from desktop.recordings.rule_file import dumps, load, make, parse, save
from models.errors import RuleError

WHOLE = """
version = 1

[[rule]]
name = "Dog on the sofa"
on = false
what = ["dog", "cat"]
score = 0.6
region = [[0.1, 0.5], [0.6, 0.5], [0.6, 1]]
point = "foot"
least = 2
seconds = 2
gap = 1.5
hours = "22:00-06:30"
days = ["fri", "sat"]
cooldown = 120
record = { before = 3, after = 10 }
snapshot = true
notify = false
run = ["notify-send", "--", "{rule}: {label} {score}", "{file}"]

[[rule]]
name = "Anybody"
what = ["person"]
"""
DOG = 'version = 1\n[[rule]]\nname = "Dog"\nwhat = ["dog"]\n'


def test_every_field_comes_back_as_it_was_written(tmp_path: Path) -> None:
    rules = parse(WHOLE)
    path = tmp_path / "deep" / "rules.toml"
    save(path, rules)
    assert load(path) == rules
    assert rules[0].region == ((0.1, 0.5), (0.6, 0.5), (0.6, 1.0))
    assert rules[1] == Rule(name="Anybody", what=("person",))


def test_only_what_is_not_as_usual_is_written() -> None:
    assert dumps(parse(DOG)).splitlines()[1:] == ["version = 1", "", "[[rule]]", 'name = "Dog"', 'what = ["dog"]']


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "The file: version is missing."),
        ("version = 2", "These rules are of version 2, this program knows 1: use a newer Onlooker."),
        ("version = 1\nrule = 3", "The file: rule should be a list, in square brackets."),
        ("version = 1\nrules = []", "The file: there is no field rules: did you mean rule?"),
        ("version = 1\n[[rule]]\nwhat = ['dog']", "Rule 1: name is missing."),
        (DOG + "score = 1.5", "The rule “Dog”: score should be less than or equal to 1, not 1.5."),
        (DOG + "score = nan", "The rule “Dog”: score should be a finite number, not nan."),
        (DOG + "scroe = 0.5", "The rule “Dog”: there is no field scroe: did you mean score?"),
        (DOG + "region = [[0, 0], [2, 1]]", "The rule “Dog”: region should be less than or equal to 1, not 2."),
        (DOG + "region = [[0, 0]]", "The rule “Dog”: region holds too few entries."),
        (DOG + "region = [[0, 0], [0, 1]]", "The rule “Dog”: has a region without an area."),
        (DOG + "point = 'center'", "The rule “Dog”: point should be 'centre' or 'foot', not 'center'."),
        (DOG + "hours = '22-6'", 'The rule “Dog”: hours is no span of time: write "22:00-06:30".'),
        (DOG + "hours = '22:00-25:00'", 'The rule “Dog”: hours is no span of time: write "22:00-06:30".'),
        (
            DOG + "hours = '8:00-08:00'",
            "The rule “Dog”: hours begins and ends at the same time: leave it out for the whole day.",
        ),
        (DOG + "run = 'rm -rf /'", "The rule “Dog”: run should be a list, in square brackets."),
        (
            DOG + "run = ['say', '{lable}']",
            "The rule “Dog”: run knows no {lable}: there are {label}, {score}, {time}, {file}, {rule}.",
        ),
        (DOG + "run = ['say', '{file}']", "The rule “Dog”: names a {file}, but takes none: add record or snapshot."),
        (DOG + 'run = ["a\\u0000b"]', "The rule “Dog”: run holds a zero byte, which no program can be given."),
        (DOG + "run = [' ']", "The rule “Dog”: runs a program without a name."),
        (DOG + "record = { befor = 3 }", "The rule “Dog”: there is no field record.befor: did you mean before?"),
        (DOG + "record = true", "The rule “Dog”: record should be a table, such as { before = 5, after = 5 }."),
        (DOG + "record = { before = 61 }", None),
        (
            DOG + "notify = false",
            "The rule “Dog”: does nothing: say what it does by record, snapshot, notify or run.",
        ),
        (DOG + DOG.partition("\n")[2], "Two rules are called “Dog”: give each a name of its own."),
        (DOG.replace("dog", "dgo"), "The rule “Dog”: what names 'dgo', which is not known here: did you mean dog?"),
        ("version = 1\nx = " + "[" * 5000, "This is no TOML: it is nested too deep."),
        ("[[[", None),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence_by_rule_and_field(text: str, sentence: str | None) -> None:
    with pytest.raises(RuleError) as told:
        parse(text, ["dog", "cat"])
    assert "\n" not in str(told.value)
    if sentence is not None:
        assert str(told.value) == sentence


def test_the_file_is_named_where_it_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    with pytest.raises(RuleError, match=r"rules.toml cannot be read"):
        load(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RuleError, match="not text in UTF-8"):
        load(path)
    path.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(RuleError, match="larger than 1 MB"):
        load(path)
    with pytest.raises(RuleError, match="cannot be read: it is a folder"):
        load(tmp_path)
    path.write_text(DOG + "score = 3")
    with pytest.raises(RuleError, match=r"rules.toml: The rule “Dog”: score should be"):
        load(path)


def test_more_rules_than_a_person_writes_are_refused() -> None:
    with pytest.raises(RuleError, match="rule holds too many entries"):
        parse("version = 1\n" + "".join(f"[[rule]]\nname = 'r{n}'\nwhat = ['dog']\n" for n in range(101)))


def test_a_file_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    save(path, parse(DOG))
    before = path.read_bytes()
    with pytest.raises(RuleError, match="Two rules are called"):
        save(path, parse(DOG) * 2)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["rules.toml"]
    with pytest.raises(RuleError, match="cannot be saved"):
        save(tmp_path / "rules.toml" / "in a file.toml", parse(DOG))


def test_a_rule_of_single_values_is_checked_as_in_a_file() -> None:
    with pytest.raises(RuleError, match="The rule “Dog”: run should be a valid string"):
        make({"name": "Dog", "what": ["dog"], "run": ["say", "\udcff"]})
    assert make({"name": "Dog", "what": ["dog"], "score": 0.5}).score == 0.5
    with pytest.raises(RuleError, match="The rule “Dog”: least should be"):
        make({"name": "Dog", "what": ["dog"], "least": 0})


def told(text: str) -> str:
    """What is wrong with it, "" where that is nothing."""
    try:
        parse(text, ["dog", "cat"])
    except RuleError as error:
        return str(error) or "\n"
    return ""


@given(st.text(max_size=400) | st.binary(max_size=400).map(lambda data: data.decode("latin-1")))
@example("version = 1\nrule = [[]]")
@example("version = true\nrule = [{}]")
def test_whatever_stands_in_a_file_gives_rules_or_one_sentence(text: str) -> None:
    assert "\n" not in told(text)


@given(st.integers(0, len(WHOLE) - 1), st.sampled_from(["", "\0", "9", '"', "[", "]", "=", "\n", "\ud800", "é", "-"]))
def test_a_whole_file_with_one_sign_changed_gives_rules_or_one_sentence(place: int, sign: str) -> None:
    assert "\n" not in told(WHOLE[:place] + sign + WHOLE[place + 1 :])
