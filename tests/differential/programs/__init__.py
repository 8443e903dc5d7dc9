"""Programs that subclass, mix in and patch, made up by chance and run on both implementations.

A program is text: what :mod:`.strategies` draws, both interpreters execute on the same
:mod:`.furniture`, and :mod:`.compare` puts the two answers side by side.
"""
