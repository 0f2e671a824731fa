"""An errand runs beside, once, and hands over what it gave or raised."""

from __future__ import annotations

import threading

import pytest
from fake_source import PATIENCE, until

from desktop.live.errand import Errand


def test_the_result_is_there_when_it_is_done() -> None:
    let_go = threading.Event()
    errand = Errand("sum", lambda: let_go.wait(PATIENCE) and 3)
    assert not errand.done
    with pytest.raises(RuntimeError, match="sum is not done"):
        errand.result()
    let_go.set()
    until(lambda: errand.done, "it is done")
    assert errand.result() == 3


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    errand: Errand[int] = Errand("failure", lambda: 1 // 0)
    until(lambda: errand.done, "it is done")
    with pytest.raises(ZeroDivisionError):
        errand.result()
