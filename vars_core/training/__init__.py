"""Training from scratch and fine-tuning: recipes, the loop, exact resume and the release of weights (SPEC §9)."""
