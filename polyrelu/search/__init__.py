"""The face search of the un-ReLU operator as a pruned tree, and the protocol for pruning ideas."""

from polyrelu.search.arrangement import Arrangement
from polyrelu.search.boxes import input_boxes
from polyrelu.search.forced import Forced
from polyrelu.search.heuristic import Feasibility, Heuristic, Together
from polyrelu.search.problem import Answer, Core, FaceProblem, Node, bits
from polyrelu.search.tree import Best, FaceSearch, Record, face_search

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
