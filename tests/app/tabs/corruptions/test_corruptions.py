"""What the Corruptions tab computes, without gradio."""

from __future__ import annotations

from app.tabs.corruptions import words
from app.views.look import Look
from tests.app.made import traced


def test_agreement_is_drawn_against_severity_one_line_a_model() -> None:
    clean = [traced(0), traced(1, name="rvt_nano/self", steps=0)]
    rows = [[traced(10 + i), traced(20 + i, name="rvt_nano/self", steps=0)] for i in range(5)]
    correlation, ssim = words.agreement_figures("fog", clean, rows, Look("0.0", "stream", 3))
    for figure in (correlation, ssim):
        assert [list(line.x) for line in figure.data] == [[1, 2, 3, 4, 5]] * 2
        assert [line.name for line in figure.data] == ["RVT-nano · VARS-D", "RVT-nano · self-attention"]
