"""The page. The only package that imports gradio; `analysis` and `vars_core` never import this one."""

from __future__ import annotations

import os

# The page works without a network and tells nobody that it runs. Gradio reads these when it is imported.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["GRADIO_SHARE"] = "False"
