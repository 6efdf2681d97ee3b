"""What is known: cited facts, one file per thing under ``data/``, typed when loaded."""

from pistor.knowledge.library import KnowledgeError, Library, load

__all__ = ["KnowledgeError", "Library", "load"]
