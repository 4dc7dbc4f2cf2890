"""The one table of metrics: what each is called, which way is better, what it needs and how it is computed.

A metric is declared here and nowhere else. Commands offer it, rows and ``summary.json`` carry it under its name,
reports and the Runs tab show it under its title, sorted in its direction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from analysis.metrics import robustness
from analysis.metrics.agreement import correlation, ssim
from analysis.metrics.faithfulness import area
from analysis.metrics.fixations import auc_judd, cc, information_gain, kl, nss, shuffled_auc, sim
from analysis.metrics.segmentation import fraction_of_pixels, iou

POOLED = "counts of masks, summed over images"
EACH_IMAGE = "counts of masks, image by image"
THRESHOLDS = "counts of masks at every threshold, summed over images"
HEADS = "counts of every image's best head, summed over images"
FIXATIONS = "a placed map and an image's fixations"
DENSITY = "a placed map and an image's fixation density"
ALL_FIXATIONS = "sums over the fixations of all images"
CLEAN_MAP = "two maps of one layer"
PIXELS_GONE = "the model's answers while pixels go in the order of a map"
TRAINED_MAP = "a map, and that of the same weights as they were trained"
COST = "seconds of forward passes"


@dataclass(frozen=True)
class Metric:
    """One number that is measured.

    ``name``: in rows, in ``summary.json``, behind ``--metrics``.
    ``title``: where people read it.
    ``needs``: one of the words above: what ``function`` is given.
    ``function``: for counts, ``analysis.metrics.segmentation.Counts`` of any shape → shares of that shape; for
      fixations, (``PlacedMap``, ``FixationTruth``) → float; for a clean map, (map, clean map) → float; for predictions,
      (``Predictions``, those on clean images or None) → ``Estimate`` or None; for pixels that go, the probabilities
      after equal steps → float. None where the value is a sum that another metric's rows hold already.
    ``source``: the variant exactly, and who defined it.
    ``unit``: "%" (values are shares times 100), "bits", "nats", "ms" or "".
    ``higher_is_better``: its direction.
    ``image``: the name of one image's value; "" where an image has none.
    ``digits``: decimals that it is shown with.
    """

    name: str
    title: str
    needs: str
    function: Callable[..., Any] | None
    source: str
    unit: str = ""
    higher_is_better: bool = True
    image: str = ""
    digits: int = 3

    @property
    def scale(self) -> float:
        """What a share is multiplied with to stand in ``unit``."""
        return 100.0 if self.unit == "%" else 1.0


_share = partial(Metric, unit="%", digits=2)


def _iou(counts: Any) -> Any:
    return iou(counts.tp, counts.fp, counts.fn)


_TABLE = (
    _share("iou_pooled", "IoU", POOLED, _iou, "ΣTP / Σ(TP + FP + FN), all images", image="iou"),
    _share("iou_image_mean", "IoU, image mean", EACH_IMAGE, _iou, "the mean of the images' IoU"),
    _share(
        "fp",
        "FP",
        POOLED,
        lambda counts: fraction_of_pixels(counts.fp, counts.counted),
        "ΣFP over all non-void pixels",
        higher_is_better=False,
        image="fp",
    ),
    _share(
        "fn",
        "FN",
        POOLED,
        lambda counts: fraction_of_pixels(counts.fn, counts.counted),
        "ΣFN over all non-void pixels",
        higher_is_better=False,
        image="fn",
    ),
    _share(
        "iou_best_threshold",
        "IoU at best threshold (oracle)",
        THRESHOLDS,
        lambda counts: _iou(counts).max(axis=-1),
        "pooled IoU at the one threshold that suits the data best: it has seen the truth",
    ),
    _share(
        "iou_best_head",
        "IoU of best head (oracle)",
        HEADS,
        _iou,
        "pooled IoU had every image chosen its head: it has seen the truth",
    ),
    Metric(
        "nss",
        "NSS",
        FIXATIONS,
        lambda placed, truth: nss(placed, truth.points),
        "normalised scanpath saliency, population std; mean over an image's fixations, then over images",
        image="nss",
    ),
    Metric(
        "nss_fixation_mean",
        "NSS, fixation mean",
        ALL_FIXATIONS,
        None,
        "the same, mean over all fixations of all images",
    ),
    Metric(
        "auc_judd",
        "AUC-Judd",
        FIXATIONS,
        lambda placed, truth: auc_judd(placed, truth.points),
        "area under the ROC of fixations against all pixels that are not fixated, exact area, ties ½",
        image="auc_judd",
    ),
    Metric(
        "sauc",
        "shuffled AUC",
        FIXATIONS,
        lambda placed, truth: shuffled_auc(placed, truth.points, truth.frame.others),
        "the same against all fixations on all other images, brought to this image's size",
        image="sauc",
    ),
    Metric(
        "cc",
        "CC",
        DENSITY,
        lambda placed, truth: cc(placed, truth.density),
        "Pearson correlation with the fixation density (fixations blurred by σ, nearest padding, cut at 4σ)",
        image="cc",
    ),
    Metric(
        "sim",
        "SIM",
        DENSITY,
        lambda placed, truth: sim(placed.density, truth.density),
        "intersection of the map's density and the fixation density",
        image="sim",
    ),
    Metric(
        "kl",
        "KL (lower is better)",
        DENSITY,
        lambda placed, truth: kl(placed.density, truth.density),
        "KL(fixation density ‖ map's density), nats; lower is better",
        unit="nats",
        higher_is_better=False,
        image="kl",
    ),
    Metric(
        "ig",
        "IG over centre, bits",
        FIXATIONS,
        lambda placed, truth: float(
            information_gain(placed.density_at(truth.points), truth.frame.centre.density_at(truth.points)).mean()
        ),
        "information gain over the centre Gaussian's density, bits per fixation",
        unit="bits",
        image="ig",
    ),
    Metric(
        "correlation",
        "correlation with the clean map",
        CLEAN_MAP,
        correlation,
        "Pearson, on the layer's grid; 0 where a map is flat",
    ),
    Metric(
        "ssim",
        "SSIM with the clean map",
        CLEAN_MAP,
        ssim,
        "structural similarity on the layer's grid, maps scaled to [0, 1], windows of 7 × 7 cells",
    ),
    Metric(
        "trained_correlation",
        "correlation with the trained setting's map",
        TRAINED_MAP,
        correlation,
        "Pearson, on the layer's grid, of the last iterates' maps of one picture; 0 where a map is flat",
    ),
    Metric(
        "deletion",
        "deletion",
        PIXELS_GONE,
        area,
        "area under the probability while the mean colour takes the pixels' place, highest first "
        "(Petsiuk, Das and Saenko 2018)",
        higher_is_better=False,
    ),
    Metric(
        "insertion",
        "insertion",
        PIXELS_GONE,
        area,
        "area under the probability while the pixels come back into the blurred picture, highest first "
        "(Petsiuk, Das and Saenko 2018; blur of 5 % of the side)",
    ),
    Metric(
        "milliseconds",
        "cost of an image",
        COST,
        None,
        "the least over batches of the time of a forward pass without tracing ÷ images, on the machine of the run",
        unit="ms",
        higher_is_better=False,
        digits=1,
    ),
)


def predictions_on(suite: str) -> str:
    """What a metric of one robustness benchmark needs: a model's predictions on it, and on clean images."""
    return f"predictions on {suite}"


def _accuracy(name: str, suite: str, title: str, source: str) -> Metric:
    return _share(name, title, predictions_on(suite), robustness.accuracy, source)


def _corrupted(prefix: str, suite: str, title: str) -> tuple[Metric, ...]:
    needs = predictions_on(suite)
    return (
        _share(
            f"{prefix}mce",
            f"{title}: mCE",
            needs,
            robustness.mce,
            "mean over the 15 corruptions of (top-1 error, mean over severities) ÷ AlexNet's",
            higher_is_better=False,
        ),
        _share(
            f"{prefix}relative_mce",
            f"{title}: relative mCE",
            needs,
            robustness.relative_mce,
            "the same of the errors that corruption adds to the clean ones; AlexNet's clean error is 43.5 %",
            higher_is_better=False,
        ),
        _share(
            f"{prefix}accuracy",
            f"{title}: mean corruption accuracy",
            needs,
            robustness.mean_corruption_accuracy,
            "mean over corruptions of the mean over severities, of what is there",
        ),
    )


_ROBUSTNESS = (
    _accuracy("clean", "clean", "clean", "top-1 accuracy, all of the model's classes"),
    *_corrupted("", "imagenet-c", "ImageNet-C"),
    _accuracy("imagenet_r", "imagenet-r", "ImageNet-R", "top-1 accuracy among its own 200 classes"),
    _accuracy("imagenet_sketch", "imagenet-sketch", "ImageNet-Sketch", "top-1 accuracy, all of the model's classes"),
    _accuracy("pgd", "pgd", "PGD", "top-1 accuracy on attacked clean images"),
    _accuracy("fgsm", "fgsm", "FGSM", "top-1 accuracy on attacked clean images"),
    _accuracy("imagenet_a", "imagenet-a", "ImageNet-A", "top-1 accuracy among its own 200 classes"),
    *_corrupted("corrupted_", "corrupted", "corrupted on the fly, not ImageNet-C"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*_TABLE, *_ROBUSTNESS)}
"""By name, in the order in which they are shown."""


def metrics_that_need(*needs: str) -> dict[str, Metric]:
    """The metrics that are computed from one of these, by name and in the table's order."""
    return {name: metric for name, metric in METRICS.items() if metric.needs in needs}
