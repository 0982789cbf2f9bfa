"""A plan as CloudFormation templates: the lake, the people, Studio, and a parent that nests the three."""

from provision.templates.write import templates

__all__ = ["templates"]
