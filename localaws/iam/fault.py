"""What is wrong with a policy document, in words."""

from __future__ import annotations


class PolicyFault(ValueError):
    """A policy, or a part of one, that has no meaning to IAM.

    ``aws_text`` is the message that IAM gives when such a document is stored, where it is known.
    """

    def __init__(self, detail: str, aws_text: str = "Syntax errors in policy.") -> None:
        super().__init__(detail)
        self.detail = detail
        self.aws_text = aws_text
