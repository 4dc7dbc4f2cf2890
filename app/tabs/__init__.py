"""The tabs, a folder each: page, words, exports, endpoints, script and style. None imports from another."""
