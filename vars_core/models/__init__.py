"""Backbones, one file each, and the wrapper for timm models."""
