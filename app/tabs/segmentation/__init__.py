"""The Segmentation tab: a map cut into a mask, held against a ground truth."""
