"""The other plausible readings, chosen by name."""

from dataclasses import fields

import pytest

from simulator.domain.policies import CHOICES, Policies, choose
from tests.rulings import all_rulings


def test_the_first_choice_of_each_policy_is_its_default() -> None:
    assert Policies().as_dict() == {name: values[0] for name, values in CHOICES.items()}
    assert [field.name for field in fields(Policies)] == list(CHOICES)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in CHOICES.items() for value in values]
)
def test_every_choice_can_be_chosen(name: str, value: str) -> None:
    assert choose([f"{name}={value}"]).as_dict() == {**Policies().as_dict(), name: value}


def test_the_last_word_on_a_policy_counts() -> None:
    assert choose(["long_prompt=truncate", "long_prompt=reject"]) == Policies()


@pytest.mark.parametrize("assignment", ["", "=", "speed=1", "long_prompts=reject"])
def test_an_unknown_policy_is_named_beside_the_known_ones(assignment: str) -> None:
    with pytest.raises(ValueError, match=r"unknown policy .*, expected one of long_prompt, "):
        choose([assignment])


@pytest.mark.parametrize("assignment", ["long_prompt", "long_prompt=", "long_prompt=Reject"])
def test_an_unknown_value_is_told_what_was_expected(assignment: str) -> None:
    with pytest.raises(ValueError, match="expected reject or truncate"):
        choose([assignment])


def test_every_policy_that_a_ruling_names_exists() -> None:
    named = {ruling.policy for ruling in all_rulings() if ruling.policy is not None}
    assert sorted(named - set(CHOICES)) == []


def test_no_documented_behaviour_but_a_contradicted_one_has_a_policy() -> None:
    documented = {
        ruling.id for ruling in all_rulings() if ruling.policy and ruling.strength == "documented"
    }
    assert documented == {
        "media.reference-audio-length",
        "media.reference-video-length",
    }
