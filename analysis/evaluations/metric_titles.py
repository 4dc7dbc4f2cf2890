"""What the metrics of each evaluation are called where people read them."""

from __future__ import annotations

TITLES = {
    "segmentation": {
        "iou_pooled": "IoU",
        "iou_image_mean": "IoU, image mean",
        "fp": "FP",
        "fn": "FN",
        "iou_best_threshold": "IoU at best threshold (oracle)",
        "iou_best_head": "IoU of best head (oracle)",
    },
    "fixations": {
        "nss": "NSS",
        "nss_fixation_mean": "NSS, fixation mean",
        "auc_judd": "AUC-Judd",
        "sauc": "shuffled AUC",
        "cc": "CC",
        "sim": "SIM",
        "kl": "KL (lower is better)",
        "ig": "IG over centre, bits",
    },
}
"""Evaluation → metric → title."""
