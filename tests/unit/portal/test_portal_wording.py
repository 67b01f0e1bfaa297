"""What an epsilon is, and what becomes of a lifetime's budget, in words."""

from fractions import Fraction

from portal.wording import say_ahead, say_epsilon

CAP = Fraction(1, 2)


def test_an_epsilon_is_told_as_the_bound_it_is_beside_that_of_the_noise_itself() -> None:
    assert say_epsilon(2.419, 2.254) == (
        "epsilon 2.42 at most, as for any mechanism of this rho, and 2.25 for this noise exactly"
    )
    assert say_epsilon(2.419, None).endswith("at most, as for any mechanism of this rho")


def test_a_lifetime_that_hardly_grows_is_no_clock_that_runs_out() -> None:
    words = say_ahead(CAP, Fraction(333, 1000))
    assert "no clock that runs out" in words
    assert words.endswith("after twenty more years of releases like this it is 67 %")


def test_a_lifetime_that_would_pass_its_cap_is_said_to() -> None:
    assert "would come to 200 %; none is made that passes 100 %" in say_ahead(CAP, Fraction(1))


def test_nothing_is_said_of_what_was_not_worked_out() -> None:
    assert say_ahead(CAP, None) == ""
