"""How maps become pictures, payloads and files. No gradio, and no model runs."""
