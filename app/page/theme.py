"""The page's look: its own theme for gradio's components; style sheets have everything else."""

from __future__ import annotations

import gradio as gr
from gradio.themes.utils import sizes
from gradio.themes.utils.colors import Color

INK = Color(
    name="ink",
    c50="#f8f8f6",
    c100="#f0f0ed",
    c200="#e3e3de",
    c300="#cfcfc8",
    c400="#a3a39b",
    c500="#75756e",
    c600="#55554f",
    c700="#3b3b37",
    c800="#262624",
    c900="#1a1a19",
    c950="#121211",
)
"""A warm grey."""

TEAL = Color(
    name="teal",
    c50="#eef8f6",
    c100="#d5eeea",
    c200="#aadcd5",
    c300="#77c4ba",
    c400="#3fa598",
    c500="#1f877b",
    c600="#146c63",
    c700="#12574f",
    c800="#114641",
    c900="#0f3a36",
    c950="#06211f",
)
"""The middle of the maps' own colour scale."""

FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

GROUNDS = ("", "_dark")

LOOK = {
    "body_background_fill": ("*neutral_50", "*neutral_950"),
    "body_text_color": ("*neutral_900", "*neutral_100"),
    "body_text_color_subdued": ("*neutral_500", "*neutral_400"),
    "background_fill_primary": ("white", "*neutral_900"),
    "background_fill_secondary": ("*neutral_50", "*neutral_900"),
    "block_background_fill": ("transparent", "transparent"),
    "block_border_width": ("0px", "0px"),
    "block_padding": ("0px",),
    "block_shadow": ("none", "none"),
    "block_label_background_fill": ("transparent", "transparent"),
    "block_label_border_width": ("0px", "0px"),
    "block_title_text_weight": ("600",),
    "block_title_text_size": ("*text_sm",),
    "block_title_text_color": ("*neutral_700", "*neutral_300"),
    "block_info_text_color": ("*neutral_500", "*neutral_400"),
    "border_color_primary": ("*neutral_200", "*neutral_800"),
    "input_background_fill": ("white", "*neutral_900"),
    "input_border_color": ("*neutral_300", "*neutral_700"),
    "input_border_width": ("1px",),
    "input_shadow": ("none",),
    "input_shadow_focus": ("0 0 0 2px *primary_300", "0 0 0 2px *primary_700"),
    "checkbox_label_background_fill": ("transparent", "transparent"),
    "checkbox_label_background_fill_hover": ("*neutral_100", "*neutral_800"),
    "checkbox_label_background_fill_selected": ("*primary_50", "*primary_950"),
    "checkbox_label_border_width": ("1px",),
    "checkbox_label_border_color": ("*neutral_300", "*neutral_700"),
    "checkbox_label_border_color_selected": ("*primary_500", "*primary_600"),
    "checkbox_label_text_color_selected": ("*primary_800", "*primary_100"),
    "checkbox_label_padding": ("6px 10px",),
    "checkbox_label_shadow": ("none",),
    "slider_color": ("*primary_500", "*primary_400"),
    "button_primary_background_fill": ("*primary_600", "*primary_600"),
    "button_primary_background_fill_hover": ("*primary_700", "*primary_500"),
    "button_primary_text_color": ("white",),
    "button_secondary_background_fill": ("white", "*neutral_900"),
    "button_secondary_background_fill_hover": ("*neutral_100", "*neutral_800"),
    "button_secondary_border_color": ("*neutral_300", "*neutral_700"),
    "button_border_width": ("1px", "1px"),
    "layout_gap": ("16px",),
}
"""By gradio's name for a part of the page: how it looks in the light and, where it is said, in the dark."""


def build_theme() -> gr.themes.Base:
    """System fonts, flat surfaces, one accent; every colour has its counterpart for dark."""
    theme = gr.themes.Base(
        primary_hue=TEAL,
        secondary_hue=TEAL,
        neutral_hue=INK,
        text_size=sizes.text_md,
        spacing_size=sizes.spacing_md,
        radius_size=sizes.radius_md,
        font=[gr.themes.Font(name) for name in FONT],
        font_mono=[gr.themes.Font(name) for name in MONO],
    )
    return theme.set(
        **{
            f"{part}{ground}": look
            for part, looks in LOOK.items()
            for ground, look in zip(GROUNDS, looks, strict=False)
        }
    )
