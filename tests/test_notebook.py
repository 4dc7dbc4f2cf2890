"""The notebook runs from top to bottom and shows what it says; a trace draws itself in it."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tools.notebook import run
from vars_core.trace import LayerTrace, Trace

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "notebook.ipynb"
PICTURE = re.compile(r'src="data:image/png;base64,([^"]+)"')


def test_the_notebook_goes_from_a_photograph_to_nss_with_pictures() -> None:
    assert NOTEBOOK.stat().st_size < 300_000
    cells = [cell for cell in run(NOTEBOOK)["cells"] if cell["cell_type"] == "code"]
    kinds = [{kind for one in cell["outputs"] for kind in one.get("data", {})} for cell in cells]
    assert all("image/jpeg" in shown or "text/html" in shown for shown in kinds)
    assert sum("text/html" in shown for shown in kinds) == 1  # the trace
    printed = "".join(
        line for cell in cells for one in cell["outputs"] if "text" in one for line in one["text"] if one["text"]
    )
    iterates = [float(value) for value in re.findall(r"t = \d: NSS (-?[\d.]+)", printed)]
    alike = [float(value) for value in re.findall(r"severity \d: r = (-?[\d.]+)", printed)]
    assert len(iterates) == 4 and "centre: NSS" in printed
    assert iterates[0] > 1 and 0.3 < alike[2] < alike[0] < 1  # the map lies on the eyes; thick fog changes more
    assert 30 < float(re.findall(r"IoU ([\d.]+) %", printed)[0]) < 100


def pictures(shown: str) -> list[np.ndarray]:
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))) for one in PICTURE.findall(shown)]


def test_a_trace_draws_each_map_of_its_first_picture_by_its_own_range() -> None:
    energy = torch.arange(12.0).reshape(2, 1, 2, 3).repeat(1, 2, 1, 1)
    energy[:, 1] = 99  # the second picture
    trace = Trace(torch.zeros(2, 5), (LayerTrace("0.1", (2, 3), {"energy": energy}),))
    shown = trace._repr_html_()
    first, last = pictures(shown)
    assert np.array_equal(first, np.array([[0, 51, 102], [153, 204, 255]])) and np.array_equal(first, last)
    assert "Trace(2 × 5 logits, 1 layers)" in shown and "t = 1: 6 to 11" in shown
    assert pictures(trace["0.1"]._repr_html_())[0].shape == (2, 3)


@pytest.mark.parametrize(("values", "colour"), [((-2.0, 0.0, 1.0), None), ((0.0, 0.0, 0.0), (255, 255, 255))])
def test_a_readout_that_may_be_negative_is_white_at_zero(values: tuple[float, ...], colour: object) -> None:
    gap = torch.tensor(values).reshape(1, 1, 1, 3)
    (picture,) = pictures(LayerTrace("0.0", (1, 3), {"gap": gap})._repr_html_())
    assert tuple(picture[0, 1]) == (255, 255, 255)
    if colour is None:
        assert tuple(picture[0, 0]) == (0, 114, 178)  # the largest magnitude in full colour
        assert picture[0, 2, 0] > picture[0, 2, 2] > 0
    else:
        assert (picture == 255).all()
