"""The strip over the map: photograph → tokens → codes → iterates → map."""

from __future__ import annotations

import json

import gradio as gr

from app.page.events import in_browser
from app.tabs.attention.pipeline import table

LATEX: list[dict[str, str | bool]] = [{"left": "$$", "right": "$$", "display": True}]


def strip() -> tuple[gr.HTML, gr.Markdown]:
    """The strip, whose value is the name of the mixer ("" hides it), and what a word of it opens into."""
    words = gr.HTML(
        value="",
        html_template='<nav class="pipeline" aria-label="From the photograph to the map"></nav>',
        js_on_load=(
            f"VARS.pipeline.mount(element, {json.dumps(table(), ensure_ascii=False)}, () => trigger('select'));"
            "VARS.pipeline.show(props.value);"
            "watch('value', () => VARS.pipeline.show(props.value));"
        ),
        apply_default_css=False,
        elem_id="attention-pipeline",
    )
    return words, gr.Markdown("", latex_delimiters=LATEX, elem_id="attention-equation")


def connect(words: gr.HTML, equation: gr.Markdown, readout: gr.Radio) -> None:
    """A word opens and shuts; what is open follows the mixer and the readout."""
    in_browser(
        [words.select, words.change, readout.change],
        "({readout}) => ({text: VARS.pipeline.text(readout)})",
        {"readout": readout},
        {"text": equation},
    )
