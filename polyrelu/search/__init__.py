"""The face search of the un-ReLU operator as a pruned tree, and the protocol for pruning ideas."""

from polyrelu.search.arrangement import Arrangement
from polyrelu.search.heuristic import Feasibility, Heuristic, Together
from polyrelu.search.problem import Answer, Core, FaceProblem, Node, bits
from polyrelu.search.tree import FaceSearch, Record, face_search

__all__ = [
    "Answer",
    "Arrangement",
    "Core",
    "FaceProblem",
    "FaceSearch",
    "Feasibility",
    "Heuristic",
    "Node",
    "Record",
    "Together",
    "bits",
    "face_search",
]
