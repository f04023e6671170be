"""The face search of the un-ReLU operator as a pruned tree, and the protocol for pruning ideas."""

from polyrelu.engines.search.arrangement import Arrangement
from polyrelu.engines.search.boxes import input_boxes
from polyrelu.engines.search.forced import Forced
from polyrelu.engines.search.heuristic import Feasibility, Heuristic, Together
from polyrelu.engines.search.problem import Answer, Core, FaceProblem, Node, bits
from polyrelu.engines.search.tree import Best, FaceSearch, Record, face_search

__all__ = [
    "Answer",
    "Arrangement",
    "Best",
    "Core",
    "FaceProblem",
    "FaceSearch",
    "Feasibility",
    "Forced",
    "Heuristic",
    "Node",
    "Record",
    "Together",
    "bits",
    "face_search",
    "input_boxes",
]
