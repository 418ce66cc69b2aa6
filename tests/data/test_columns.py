"""Columns as they are in the wild: what each becomes."""

from dataclasses import fields

import numpy as np
import pytest

from continuum.data import Task
from continuum.data.assemble import assemble
from continuum.data.catalogue import Entry
from continuum.data.columns.choices import ColumnChoices
from continuum.data.reading.table import TextTable
from continuum.errors import BadInput

NAN = float("nan")
CHOICES = [field.name for field in fields(ColumnChoices)]
DAY = 86400.0
#: 1 February 2020 in days since 1970.
FIRST = 18293


def task(*, kind=None, target=None, known=False, **columns) -> Task:
    """The task of these columns; choices of columns are among the arguments, by their names."""
    choices = ColumnChoices(**{name: columns.pop(name) for name in CHOICES if name in columns})
    rows = len(next(iter(columns.values())))
    cells = {**columns, "target": target or (["x", "y"] * rows)[:rows]}
    table = TextTable("toy.csv", cells, range(2, rows + 2))
    return assemble(table, Entry("toy", kind="classification" if known else None), "file", kind, choices)


def alone(cells, **more) -> np.ndarray:
    """What a column becomes by itself: numbers, or the names of its indicators."""
    read = task(a=cells, **more)
    return read.features[:, 0] if read.feature_names == ("a",) else read.feature_names


def notes(**columns) -> list[str]:
    """What is said of the features."""
    return [note for note in task(**columns).notes if not note.startswith("'target'")]


NUMBERS = {
    "decimal comma": (["1,5", "2,25", "-0,5"], [1.5, 2.25, -0.5]),
    "decimal comma, no digit before it": ([",5", "2,25", "-,5"], [0.5, 2.25, -0.5]),
    "thousands, comma": (["1,234.5", "12,345", "7"], [1234.5, 12345, 7]),
    "thousands, twice": (["1,234,567", "12,345", "7"], [1234567, 12345, 7]),
    "thousands, Indian": (["12,34,567", "1,00,000", "7"], [1234567, 100000, 7]),
    "thousands, point": (["1.234,5", "12.345", "7,25"], [1234.5, 12345, 7.25]),
    "thousands, point, twice": (["1.234.567", "12.345", "7"], [1234567, 12345, 7]),
    "thousands, space": (["1 234,5", "12 345", "7"], [1234.5, 12345, 7]),
    "thousands, narrow space": (["1\u202f234,5", "12\u00a0345", "7"], [1234.5, 12345, 7]),
    "thousands, quote": (["1'234.5", "12’345.25", "7"], [1234.5, 12345.25, 7]),
    "percent": (["5%", "7.5 %", "10%"], [5, 7.5, 10]),
    "currency before": (["$5.00", "-$1,250.50", "$ 7"], [5, -1250.5, 7]),
    "currency behind": (["5,00 €", "1.250,50 €", "-7 €"], [5, 1250.5, -7]),
    "currency code": (["EUR 5", "EUR 1'250.50", "EUR 7"], [5, 1250.5, 7]),
    "rupees, pounds": (["Rs. 5", "Rs.7.5", "Rs. 1,00,000"], [5, 7.5, 100000]),
    "parentheses": (["(1,234.50)", "5.00", "($7)"], "mixed"),
    "negative in parentheses": (["(1,234.50)", "5.25", "(7)"], [-1234.5, 5.25, -7]),
    "minus behind": (["5.25-", "7", "1,000.5-"], [-5.25, 7, -1000.5]),
    "minus of typesetters": (["−5.25", "7", "–1"], [-5.25, 7, -1]),
    "unit": (["5 kg", "7.5kg", "1 KG"], [5, 7.5, 1]),
    "unit, plural": (["1 year", "2 years", "10 years"], [1, 2, 10]),
    "degrees": (["5°C", "-7.5 °C", "1 °C"], [5, -7.5, 1]),
    "powers": (["5.5 kg/m3", "7.5 kg/m3", "1 kg/m3"], [5.5, 7.5, 1]),
    "Fortran": (["1.5D+03", "2.5d-1", "7"], [1500, 0.25, 7]),
    "exponent and comma": (["1,5E+03", "2,5e-1", "7"], [1500, 0.25, 7]),
    "leading zero tells": (["0,123", "1,234", "2,345"], [0.123, 1.234, 2.345]),
    "four digits before it tell": (["1234,567", "1,234", "2,345"], [1234.567, 1.234, 2.345]),
    "thousands and millions": (["€5K", "€1.5M", "€900"], [5000, 1.5e6, 900]),
    "missing": (["1,5", "", "2"], [1.5, NAN, 2]),
}


@pytest.mark.parametrize(("cells", "expected"), NUMBERS.values(), ids=NUMBERS.keys())
def test_numbers_as_text(cells, expected) -> None:
    if expected == "mixed":
        with pytest.raises(BadInput, match="expected a number"):
            alone(cells)
        return
    np.testing.assert_array_equal(alone(cells), expected)
    (note,) = notes(a=cells)
    assert note.startswith("'a': read as numbers")


def test_plain_numbers_are_not_spoken_of() -> None:
    assert notes(a=["1.5", "2e3", "-7"], b=["1.234", "2.345", "3.456"]) == []
    np.testing.assert_array_equal(alone(["1.234", "2.345", "3.456"]), [1.234, 2.345, 3.456])


OPEN = {
    "comma": (["1,234", "2,500", "3,125"], 'got \'1,234\', which is 1234 or 1.234; .*decimal="." or decimal=","'),
    "comma beside whole numbers": (["1,234", "999", "3,125"], "got '1,234', which is 1234 or 1.234"),
    "currency": (["$1.234", "$2.345", "$3.456"], r"got '\$1.234', which is 1.234 or 1234"),
    "date": (
        ["01/02/2020", "03/04/2020", "05/06/2020"],
        "got '01/02/2020', which is 2020-02-01 or 2020-01-02; .*day_first",
    ),
    "date, points": (["01.02.2020", "03.04.2020", "05.06.2020"], "which is 2020-02-01 or 2020-01-02"),
    "date, two digits": (["1-2-99", "3-4-99", "5-6-99"], "which is 1999-02-01 or 1999-01-02"),
}


@pytest.mark.parametrize(("cells", "message"), OPEN.values(), ids=OPEN.keys())
def test_both_readings_are_named(cells, message) -> None:
    with pytest.raises(BadInput, match=message):
        alone(cells)
    with pytest.raises(BadInput, match=message):
        task(a=["1", "2", "3"], target=cells)


def test_choices_decide_what_is_open() -> None:
    np.testing.assert_array_equal(alone(["1,234", "2,500", "999"], decimal="."), [1234, 2500, 999])
    np.testing.assert_array_equal(alone(["1,234", "2,500", "999"], decimal=","), [1.234, 2.5, 999])
    np.testing.assert_array_equal(alone(["1.234", "2.500", "999"], decimal=","), [1234, 2500, 999])
    dates = ["01/02/2020", "03/04/2020", "01/02/2020"]
    np.testing.assert_array_equal(alone(dates, day_first=True)[0], FIRST * DAY)
    np.testing.assert_array_equal(alone(dates, day_first=False)[0], (FIRST - 30) * DAY)
    # What is not open is read as it is.
    np.testing.assert_array_equal(alone(["1.5", "2.25", "3"], decimal=","), [1.5, 2.25, 3])


def test_other_columns_decide_what_is_open() -> None:
    ambiguous = ["1,234", "2,500", "3,125"]
    with_point = task(a=ambiguous, b=["1.5", "2.25", "3"])
    np.testing.assert_array_equal(with_point.features[:, 0], [1234, 2500, 3125])
    with_comma = task(a=ambiguous, b=["1,5", "2,25", "3"])
    np.testing.assert_array_equal(with_comma.features[:, 0], [1.234, 2.5, 3.125])
    points = task(a=["1.234", "2.500", "3"], b=["1,5", "2,25", "3"])
    np.testing.assert_array_equal(points.features[:, 0], [1234, 2500, 3])
    with pytest.raises(BadInput, match=r"which is 1234 or 1\.234"):
        task(a=ambiguous, b=["1,5", "2,25", "3"], c=["1.5", "2.25", "3"])
    by_target = task(a=ambiguous, target=["1,5", "2,25", "3"])
    np.testing.assert_array_equal(by_target.features[:, 0], [1.234, 2.5, 3.125])
    days = task(a=["01/02/2020", "03/04/2020", "05/06/2020"], b=["31/01/2020", "30/01/2020", "29/01/2020"])
    assert days.features[0, 0] == FIRST * DAY


def test_two_signs_in_one_column_are_refused() -> None:
    with pytest.raises(BadInput, match=r"row 4, column 'a': expected numbers with the decimal sign ',', as in most"):
        alone(["1,5", "2,5", "3.75"])


DATES = {
    "ISO": (["2020-02-01", "2020-02-03", "1969-12-31"], [FIRST, FIRST + 2, -1]),
    "slashes": (["2020/2/1", "2020/02/03", "1969/12/31"], [FIRST, FIRST + 2, -1]),
    "day first": (["01/02/2020", "03/02/2020", "31/12/1969"], [FIRST, FIRST + 2, -1]),
    "month first": (["02/01/2020", "02/03/2020", "12/31/1969"], [FIRST, FIRST + 2, -1]),
    "points": (["1.2.2020", "3.2.2020", "31.12.1969"], [FIRST, FIRST + 2, -1]),
    "two digits": (["1.2.20", "3.2.20", "31.12.69"], [FIRST, FIRST + 2, -1]),
    "names": (["1 Feb 2020", "3 February 2020", "31-Dec-1969"], [FIRST, FIRST + 2, -1]),
    "American": (["Feb 1, 2020", "February 3, 2020", "Dec 31, 1969"], [FIRST, FIRST + 2, -1]),
    "German": (["1. Februar 2020", "3. Feb. 2020", "31. Dezember 1969"], [FIRST, FIRST + 2, -1]),
    "French": (["1 févr. 2020", "3 février 2020", "31 décembre 1969"], [FIRST, FIRST + 2, -1]),
    "weekday": (["Sat, 1 Feb 2020", "Mon, 3 Feb 2020", "Wed, 31 Dec 1969"], [FIRST, FIRST + 2, -1]),
    "months": (["2020-02", "2020-03", "1970-01"], [FIRST, FIRST + 29, 0]),
    "Chinese": (["2020年2月1日", "2020年2月3日", "1969年12月31日"], [FIRST, FIRST + 2, -1]),
    "with times": (["2020-02-01 12:00", "2020-02-03T06:00:00", "1969-12-31"], [FIRST + 0.5, FIRST + 2.25, -1]),
    "with zones": (
        ["2020-02-01T12:00:00Z", "2020-02-03T06:00:00+03:00", "1970-01-01 00:00"],
        [FIRST + 0.5, FIRST + 2.125, 0],
    ),
    "afternoon": (["02/01/2020 12:00 AM", "02/03/2020 6:00 PM", "12/31/1969 12:00 PM"], [FIRST, FIRST + 2.75, -0.5]),
    "missing": (["2020-02-01", "", "1969-12-31"], [FIRST, NAN, -1]),
}


@pytest.mark.parametrize(("cells", "days"), DATES.values(), ids=DATES.keys())
def test_dates(cells, days) -> None:
    np.testing.assert_array_equal(alone(cells), np.array(days) * DAY)
    (note,) = notes(a=cells)
    assert note.startswith("'a': dates")
    assert note.endswith("read as seconds since 1970")


def test_compact_dates_and_numbers_like_them() -> None:
    days = [f"202001{day:02d}" for day in range(1, 32)]
    np.testing.assert_array_equal(alone(days), (FIRST - 31 + np.arange(31)) * DAY)
    numbers = [f"202001{day:02d}" for day in range(2, 33)]
    np.testing.assert_array_equal(alone(numbers), [float(number) for number in numbers])


def test_times() -> None:
    np.testing.assert_array_equal(alone(["1:30", "12:00:01", "00:00:00.5"]), [5400, 43201, 0.5])
    np.testing.assert_array_equal(alone(["1:30 PM", "12:00 AM", "12:00 PM"]), [48600, 0, 43200])
    np.testing.assert_array_equal(alone(["18.00.00", "01.30.59", "23.59.00"]), [64800, 5459, 86340])
    np.testing.assert_array_equal(alone(["18:00 Uhr", "1:30 Uhr", "23:59 Uhr"]), [64800, 5400, 86340])


def test_impossible_days_are_named() -> None:
    dates = [f"2020-02-{day:02d}" for day in range(1, 30)]
    with pytest.raises(BadInput, match=r"row 31, column 'a': expected a date, as in most rows, got '2020-02-30'"):
        alone([*dates, "2020-02-30"])


STAY = {
    "yes and no": ["yes", "no", "yes"],
    "ranges": ["10-20", "20-30", "10-20"],
    "addresses": ["10.0.0.1", "10.0.0.2", "10.0.0.1"],
    "versions": ["1.2.3", "1.2.4", "1.2.3"],
    "codes": ["A1", "B2", "A1"],
    "ratios": ["1/2", "3/4", "1/2"],
    "ordinals, again and again": ["1st", "2nd"] * 4,
    "counts with a word for more": ["2", "3", "4", "5more"] * 4,
    "units, again and again": ["5 kg", "300 g"] * 4,
    "signs": ["+", "-", "+"],
    "words with numbers": ["Section 5", "Section 6", "Section 5"],
}


@pytest.mark.parametrize("cells", STAY.values(), ids=STAY.keys())
def test_categories_stay_categories(cells) -> None:
    assert alone(cells) == tuple(f"a={level}" for level in sorted(set(cells)))


def test_a_slip_is_named() -> None:
    cells = [f"{i},5" for i in range(999)]
    for slip in ("12,5x", "red", "1O", "5 kg"):
        with pytest.raises(BadInput, match=rf"row 501, column 'a': expected a number, as in most rows, got '{slip}'"):
            alone([*cells[:499], slip, *cells[499:]])
    with pytest.raises(BadInput, match=r"row 501, column 'a': expected a number in 'kg', as in most rows, got '300 g'"):
        alone([*(f"{i} kg" for i in range(499)), "300 g"])


MANY = 30
COUNTER = [str(i + 1) for i in range(MANY)]
SQUARES = [f"{i * i}.5" for i in range(MANY)]
LEFT_OUT = {
    "text per row": [f"name {i}" for i in range(MANY)],
    "nearly": [f"name {max(i, 3)}" for i in range(MANY)],
    "counter": COUNTER,
    "from 0": [str(i) for i in range(MANY)],
    "one number": ["5"] * MANY,
    "one text": ["red"] * MANY,
    "nothing": [""] * MANY,
    "again": SQUARES,
    "prose": [f"the quick brown fox jumps over the lazy dog for the {i}th time" for i in range(MANY)],
    "text and gaps": [f"name {i}" if i % 2 else "" for i in range(MANY)],
}


@pytest.mark.parametrize("cells", LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_left_out(cells) -> None:
    columns = {"a": cells, "b": SQUARES} if cells is not SQUARES else {"b": SQUARES, "a": cells}
    read = task(**columns)
    assert read.feature_names == ("b",)
    (note,) = read.notes
    assert note.startswith("'a': left out, for ")


def test_kept_by_choice() -> None:
    kept = task(a=COUNTER, b=SQUARES, c=["5"] * MANY, d=LEFT_OUT["text per row"], keep=("a", "c", "d"))
    assert kept.d == 3 + MANY
    assert task(a=["1", "2"] * 15, b=SQUARES, categorical=("a",)).feature_names == ("a=1", "a=2", "b")
    assert task(a=COUNTER, b=SQUARES, drop=("b",)).feature_names == ("a",)
    with pytest.raises(BadInput, match="expected columns of the file in drop, got drop 'z'"):
        task(a=COUNTER, b=SQUARES, drop=("z",))
    with pytest.raises(BadInput, match="expected features in drop, got the target 'target'"):
        task(a=COUNTER, b=SQUARES, drop=("target",))


KEPT = {
    "a counter of time": {"year": COUNTER, "b": SQUARES},
    "a counter that is not first": {"b": SQUARES, "x": COUNTER},
    "the only feature": {"x": COUNTER},
    "whole numbers of their own": {"x": [str(i * i) for i in range(MANY)], "b": SQUARES},
    "few rows": {"x": ["1", "2", "3"], "b": ["1.5", "2.5", "4"]},
}


@pytest.mark.parametrize("columns", KEPT.values(), ids=KEPT.keys())
def test_whole_numbers_that_are_features(columns) -> None:
    assert task(**columns).feature_names == tuple(columns)


def test_keys_go_by_their_name() -> None:
    keys = [str(7919 * i % 100003) for i in range(1, MANY + 1)]
    assert task(customer_id=keys, b=SQUARES).feature_names == ("b",)
    assert task(amount=keys, b=SQUARES).feature_names == ("amount", "b")
    assert task(name=["a", "b", "a"], user_id=["x1", "x2", "x3"]).feature_names == ("name=a", "name=b")
    (note,) = task(user_id=["1", "2"] * 15, b=SQUARES, target=list("xxy") * 10).notes
    assert "named like an identifier" in note


def test_small_tables_are_told_apart_by_names() -> None:
    few = {"x": ["1.5", "2.5", "4", "7"], "target": ["x", "y", "x", "y"]}
    assert task(id=["1", "2", "3", "4"], **few).feature_names == ("x",)
    assert task(id=["a", "b", "c", "d"], **few).feature_names == ("x",)
    twins = task(a=["1.5", "2.5", "4"], b=["1.50", "2.5", "4"])
    assert twins.feature_names == ("a", "b")
    assert "'b': is the same as 'a'" in twins.notes
    kept = task(name=["a", "b", "c", "d"], count=["1", "2", "3", "4"], **few)
    assert kept.d == 6
    assert any(note.startswith("'name': is another text in every row; leave it out (drop)") for note in kept.notes)
    assert any(note.startswith("'count': counts the rows; leave it out (drop)") for note in kept.notes)


def test_a_known_task_keeps_its_columns() -> None:
    read = task(a=["5"] * MANY, b=SQUARES, c=COUNTER, target=["x", "X."] * 15, known=True)
    assert read.feature_names == ("a", "b", "c")
    assert read.class_names == ("X.", "x")


def test_spellings_of_one_label_are_merged() -> None:
    read = task(a=SQUARES, b=["Red", "red", "blue"] * 10, target=["<=50K", ">50K", "<=50K."] * 10)
    assert read.class_names == ("<=50K", ">50K")
    assert read.feature_names == ("a", "b=Red", "b=blue")
    assert read.notes == (
        "'b': spellings of one label merged: 'red' is 'Red'",
        "'target': spellings of one label merged: '<=50K.' is '<=50K'",
    )
    letters = task(a=SQUARES, target=["a", "A", "b"] * 10)
    assert letters.class_names == ("A", "a", "b")


def test_case_of_short_labels_is_noted() -> None:
    read = task(a=SQUARES, answer=["Y", "N", "y"] * 10)
    assert read.feature_names == ("a", "answer=N", "answer=Y", "answer=y")
    assert read.notes == ("'answer': short labels that differ by case alone are kept apart: 'Y' and 'y'",)


def test_codes_of_which_some_are_numbers_are_left_out() -> None:
    tickets = [f"PC {7919 * i}" if i % 4 == 0 else str(104729 * i) for i in range(1, MANY + 1)]
    assert task(ticket=tickets, b=SQUARES).feature_names == ("b",)
    # A single one among numbers is a slip.
    with pytest.raises(BadInput, match="expected a number, as in most rows, got 'PC 7'"):
        task(ticket=["PC 7", *(str(104729 * i) for i in range(1, MANY))], b=SQUARES)


def test_a_point_that_may_part_thousands_is_noted() -> None:
    (note,) = notes(a=["1.234", "2.345", "3.456"])
    assert note.startswith("'a': read with a decimal point; decimal=\",\" (--decimal) takes")
    assert notes(a=["1.234", "2.345", "3.456"], b=["1.5", "2", "3.25"]) == []


def test_what_tells_the_target_is_noted() -> None:
    read = task(a=SQUARES, code=["7", "9"] * 15)
    assert any(note.startswith("'code': tells the target without fail") for note in read.notes)
    assert not any("tells" in note for note in task(a=SQUARES, code=["7", "9", "9"] * 10).notes)


def test_targets() -> None:
    commas = task(a=SQUARES, target=[f"{i},5" for i in range(MANY)])
    assert commas.kind == "regression"
    np.testing.assert_array_equal(commas.target, np.arange(MANY) + 0.5)
    assert commas.notes == ("'target': read as numbers: decimal comma",)
    same = task(a=SQUARES, target=SQUARES, kind="regression")
    assert same.notes == ("'a': tells the target without fail; leave it out (drop) if it is not known beforehand",)
    whole = task(a=SQUARES, target=["3", "4", "5"] * 10)
    assert whole.kind == "classification"
    assert whole.notes == (
        "'target': 3 different whole numbers, read as classes; kind=\"regression\" reads them as numbers",
    )
    assert task(a=SQUARES, target=["3", "4", "5"] * 10, kind="regression").notes == ()
    rare = task(a=SQUARES, target=["x"] * 15 + ["y"] * 14 + ["z"])
    assert rare.notes == ("'target': fewer than 3 rows of class 'z', too few for a split",)
    with pytest.raises(BadInput, match="expected a target of classes or of numbers, got 30 different texts in 30 rows"):
        task(a=SQUARES, target=LEFT_OUT["text per row"])
    with pytest.raises(BadInput, match="got a missing value, as in 10 of 30 rows"):
        task(a=SQUARES, target=["x", "y", ""] * 10)
    with pytest.raises(BadInput, match="row 2, column 'target': expected a number, as regression needs, got 'x'"):
        task(a=SQUARES, target=["x", "y", "7"] * 10, kind="regression")
