"""The tabs: gradio components and their wiring, one file a tab."""
