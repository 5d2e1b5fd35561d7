"""Drawn street scenes whose truth is known: what `street_scenes.py` is made of."""
