"""The Dictionary tab: the atoms of one layer, sorted by how much the codes use them."""
