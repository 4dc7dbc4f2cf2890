"""The Corruptions tab: do the maps hold when the photograph does not?"""
