"""A dropdown whose choices change with what is shown."""

from __future__ import annotations

from typing import Any

import gradio as gr


class ChangingDropdown(gr.Dropdown):
    """Hands on whatever text was chosen: handlers take a value that is no longer on offer for the default, or say so.

    Gradio compares a value with the choices of the last event that has ended, and so refuses what a visitor rightly
    chose while another event was changing them.
    """

    is_template = True  # gradio draws it as its parent

    def preprocess(self, payload: Any) -> str | None:
        return payload if isinstance(payload, str) else None
