"""What the tabs compute, without gradio: plain functions that tests call directly."""
