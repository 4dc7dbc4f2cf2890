"""Attacks on the pixels of images (SPEC §9 "Attacks"), and the checks that tell a strong attack from a weak one.

An attack is a value that is called: ``Pgd(epsilon=1 / 255)(logits, images, Untargeted(labels), image_ids)``. ``logits``
is any function of images in [0, 1]; `pixel_logits` makes one of a model.
"""

from analysis.attacks.attacked import Attack, Attacked, PixelLogits
from analysis.attacks.checks import Check, check_attack, check_model
from analysis.attacks.goals import Goal, Targeted, Untargeted
from analysis.attacks.gradients import GradientCheck, gradient_check, with_gradient_through_bounds
from analysis.attacks.pgd import Pgd, fgsm
from analysis.attacks.pixels import pixel_logits, to_pixels
from analysis.attacks.square import Square
