"""How maps look on the whole page: the colours, and whether tokens are drawn smooth or as they are."""

from __future__ import annotations

import json

import gradio as gr

from analysis.colour_maps import COLOUR_MAPS, DEFAULT, SEQUENTIAL, SIGNED
from analysis.token_drawing import SMOOTH, TOKEN_DRAWINGS
from app.page.events import in_browser
from app.page.shell import Appearance, Shell, fine, heading
from app.page.wiring import changes


def build() -> Appearance:
    """The components, in their order on the page."""
    with gr.Column(elem_classes="appearance"):
        heading("Maps")
        colours = gr.Dropdown(
            [(COLOUR_MAPS[name].title, name) for name in SEQUENTIAL],
            value=DEFAULT.name,
            label="Colours",
            elem_id="colours",
        )
        tokens = gr.Radio(
            [(one.title, name) for name, one in TOKEN_DRAWINGS.items()],
            value=SMOOTH.name,
            label="Tokens",
            elem_id="tokens",
        )
        said = gr.HTML(words(DEFAULT.name, SMOOTH.name), apply_default_css=False, elem_id="appearance-words")
    return Appearance(colours, tokens, said)


def connect(appearance: Appearance, shell: Shell) -> None:
    """Let the browser draw every map so, without a request."""
    said = json.dumps(
        {colours: {tokens: words(colours, tokens) for tokens in TOKEN_DRAWINGS} for colours in SEQUENTIAL}
    )
    in_browser(
        [shell.page.load, *changes(appearance.linked().values())],
        f"view => {{ VARS.appear(view); return {{said: ({said})[view.colours]?.[view.tokens]}}; }}",
        appearance.linked(),
        {"said": appearance.said},
    )
    kept = "({colours}) => { VARS.kept('colours', colours); }"  # for the next visit: by hand, not by a link
    in_browser([appearance.colours.input], kept, {"colours": appearance.colours})


def words(colours: str, tokens: str) -> str:
    """HTML: what the chosen colours and the chosen drawing of tokens are."""
    return fine(" ".join((COLOUR_MAPS[colours].words, TOKEN_DRAWINGS[tokens].words, SIGNED.words)))
