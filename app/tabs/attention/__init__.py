"""The Attention tab: one photograph, one model, every layer, readout and iterate."""
