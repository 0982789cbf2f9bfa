"""The words of the Gherkin: pytest plugins, one subject each. A step takes one to five lines.

``words`` and ``judge`` are no plugins: how a sentence is written, and what an outcome means for a scenario.
"""
