"""The figures of the paper, drawn again on any photographs with any models (`python -m analysis figures`)."""
