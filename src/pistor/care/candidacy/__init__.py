"""Candidacy: whether this patient may have this treatment, and what is not known yet."""

from pistor.care.candidacy.verdict import Verdict, VerdictState, assess, one_rule, state_of

__all__ = ["Verdict", "VerdictState", "assess", "one_rule", "state_of"]
