"""The parts that every tab is made of: components, events, links, downloads, styles."""
