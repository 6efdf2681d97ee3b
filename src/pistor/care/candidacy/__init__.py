"""Candidacy: whether this patient may have this treatment, and what is not known yet."""

from pistor.care.candidacy.verdict import Verdict, VerdictState, assess

__all__ = ["Verdict", "VerdictState", "assess"]
